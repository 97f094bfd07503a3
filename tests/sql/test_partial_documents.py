"""A document that is read in part ends no earlier fact, and a schedule that is cut short hides no season."""

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.sql.small_warehouse import SmallWarehouse
from tests.unit.core.core_documents import schedule

from tipoff import sources
from tipoff.tables import landing

PLAYERS = ("Duren, Jalen", "Ivey, Jaden", "Thompson, Ausar", "Stewart, Isaiah", "Sasser, Marcus")
BROKEN: tuple[dict[str, object], ...] = (
    {"status": "OUT"},
    {"status": None},
    {"team": "Seattle SuperSonics"},
    {"matchup": "DET vs CHA"},
    {"game_date": "tomorrow"},
    {"game_date": 20240124},
    {"player": "?"},
)
OUT: Mapping[str, object] = {"status": "Out"}
DOUBTFUL: Mapping[str, object] = {"status": "Doubtful"}
FIRST = date(2024, 1, 1)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWarehouse]:
    """The views over injury reports and schedules."""
    views = ("nbac_injury_report", "nbac_injury_report_history", "nbac_schedule", "nbac_schedule_history")
    server = SmallWarehouse(tmp_path_factory.mktemp("partial"), views)
    yield server
    server.stop()


def rows_of(documents: Iterable[tuple[str, Any]], table: str) -> list[dict[str, Any]]:
    """The landing rows of documents, as ingest writes them."""
    rows = []
    for name, document in documents:
        parsed = sources.read(name, json.dumps(document).encode())
        constants = {
            "source_object": name, "source_generation": 1, "parse_seq": parsed.parse_seq,
            "observed_at": msgspec.to_builtins(parsed.observed_at), "ingested_at": "2030-01-01T00:00:00Z",
        }  # fmt: skip
        found = [part for part in parsed.tables if part.table == table]
        rows += [constants | msgspec.to_builtins(row) for part in found for row in part.rows]
    return rows


def line(day: date, player: str, changes: Mapping[str, object] = OUT) -> dict[str, object]:
    """A listing of a player of Detroit."""
    whole = {"game_date": str(day), "matchup": "CHA@DET", "team": "Detroit Pistons", "player": player, "status": "Out"}
    return {**whole, **changes}


def report(day: date, clock: str, records: list[dict[str, object]]) -> tuple[str, Any]:
    """Name and body of a report."""
    at = datetime.fromisoformat(f"{day}T{clock}:00+00:00")
    metadata = {"report_time_utc": at.isoformat(), "coverage": "all_statuses"}
    return f"nba-com/injury-report/{day}/{at:%Y%m%dT%H%M%SZ}.json", {"metadata": metadata, "records": records}


def test_no_refused_line_ends_what_was_listed_before(warehouse: SmallWarehouse) -> None:
    rng = random.Random(5)
    documents: list[tuple[str, Any]] = []
    expected: set[tuple[date, str, str]] = set()
    for number in range(60):
        day = FIRST + timedelta(days=3 * number)
        kinds = {player: rng.choice(("kept", "dropped", "refused", "kept")) for player in PLAYERS}
        later = [line(day, player, DOUBTFUL) for player, kind in kinds.items() if kind == "kept"]
        later += [line(day, player, rng.choice(BROKEN)) for player, kind in kinds.items() if kind == "refused"]
        documents += [report(day, "15:30", [line(day, player) for player in PLAYERS]), report(day, "22:30", later)]
        is_whole = "refused" not in kinds.values()
        for player, kind in kinds.items():
            if kind == "kept":
                expected.add((day, player, "Doubtful"))
            elif kind == "refused" or not is_whole:
                expected.add((day, player, "Out"))
    warehouse.load(landing("nbac_injury_report"), rows_of(documents, "nbac_injury_report"))

    sql = """
      SELECT r.game_date, r.player_name_original AS player, r.injury_status AS status
      FROM nba_raw.nbac_injury_report AS r
      WHERE r.game_date >= DATE '2024-01-01' AND r.row_kind = 'listing'"""
    found = [(row["game_date"], row["player"], row["status"]) for row in warehouse.run(sql)]

    assert len(found) == len(set(found))
    assert set(found) == expected


def test_a_whole_report_ends_the_parts_before_it(warehouse: SmallWarehouse) -> None:
    day = date(2025, 3, 3)
    first, second = (line(day, player) for player in PLAYERS[:2])
    documents = [
        report(day, "15:30", [first, second]),
        report(day, "17:30", [line(day, PLAYERS[0], {"status": "Probable"}), line(day, PLAYERS[2], {"status": "OUT"})]),
        report(day, "19:30", [line(day, PLAYERS[0], {"status": "Available"})]),
    ]
    warehouse.load(landing("nbac_injury_report"), rows_of(documents, "nbac_injury_report"))
    sql = """
      SELECT r.player_name_original AS player, r.injury_status AS status
      FROM nba_raw.nbac_injury_report_history AS r
      WHERE r.game_date = @day AND r.row_kind = 'listing' AND r.known_from_at < @at AND @at <= r.known_to_at"""

    def known(clock: str) -> set[tuple[str, str]]:
        at = datetime.fromisoformat(f"{day}T{clock}:00+00:00")
        return {(row["player"], row["status"]) for row in warehouse.run(sql, day=day, at=at)}

    assert known("16:00") == {(PLAYERS[0], "Out"), (PLAYERS[1], "Out")}
    assert known("18:00") == {(PLAYERS[0], "Probable"), (PLAYERS[1], "Out")}
    assert known("20:00") == {(PLAYERS[0], "Available")}


@pytest.mark.parametrize(("games_left", "is_read"), [(1, False), (3, False), (4, True), (7, True), (9, True)])
def test_a_schedule_with_less_than_half_of_its_games_is_not_read(
    warehouse: SmallWarehouse, games_left: int, is_read: bool
) -> None:
    year = 2000 + games_left
    season = f"{year}-{year % 100 + 1:02d}"

    def capture(games: int, day: str) -> tuple[str, Any]:
        document = schedule()
        pattern = document["leagueSchedule"]["gameDates"][1]["games"][0]
        listed = [
            {**pattern, "gameId": f"002{year % 100:02d}{number:05d}", "gameCode": None}
            for number in range(1, games + 1)
        ]
        document["leagueSchedule"] = {"seasonYear": season, "gameDates": [{"games": listed}]}
        return f"nba-com/schedule/{season}/{year}{day}T120000Z.json", document

    documents = [capture(8, "1001"), capture(games_left, "1002")]
    warehouse.load(landing("nbac_schedule"), rows_of(documents, "nbac_schedule"))

    (row,) = warehouse.run(
        "SELECT COUNT(*) AS n FROM nba_raw.nbac_schedule AS s WHERE s.season = @season", season=season
    )

    assert row["n"] == (games_left if is_read else 8)
