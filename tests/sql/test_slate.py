"""Who is on the slate, by what was known before a game's own cutoff: rosters, lists, reports and quotes.

A star on a new team, a rookie and a whole league without box scores were left out; and a report that came between the
cutoffs of two games could change for whom a name stood in the earlier one (docs/pitfalls.md#23).
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from tests.sql.games import Game
from tests.sql.small_warehouse import SmallWarehouse

from tipoff.tables import get, landing

EARLY, FRESH, QUOTED = date(2025, 1, 15), date(2025, 2, 12), date(2025, 2, 25)
BEFORE = {EARLY: "2025-01-15T20:00:00Z", FRESH: "2025-02-12T20:00:00Z", QUOTED: "2025-02-25T20:00:00Z"}
LATE_REPORT = "2025-01-16T00:30:00Z"  # after the cutoff of NYK at BOS (23:00), before that of LAL at DEN (01:30)
FOREVER = "9999-12-31T00:00:00Z"


def late_game(day: date) -> dict[str, Any]:
    """LAL at DEN, two hours and a half after NYK at BOS."""
    return {
        **Game(day, 902).schedule(), "game_id": f"{day:%Y%m%d}_LAL_DEN", "home_team_tricode": "DEN",
        "away_team_tricode": "LAL", "tipoff_at": f"{day}T23:59:00Z" if day != EARLY else "2025-01-16T02:00:00Z",
    }  # fmt: skip


def report(
    day: date, seen_at: str, lookup: str, team: str, status: str, player_id: int | None = None
) -> dict[str, Any]:
    document = Game(day, 901).document(seen_at, f"report/{seen_at}")
    return {
        **document, "game_date": day, "row_kind": "listing", "report_at": seen_at, "report_date": day,
        "report_hour": 15, "team_abbr": team, "player_lookup": lookup, "player_id": player_id, "injury_status": status,
    }  # fmt: skip


def roster(day: date, players: dict[int, str | None]) -> list[dict[str, Any]]:
    document = Game(day, 901).document(BEFORE[day], f"roster/{day}")
    return [
        {**document, "roster_date": day, "player_id": player, "player_name": f"Player {player}",
         "player_lookup": f"player{player}", "team_abbr": team}
        for player, team in players.items()
    ]  # fmt: skip


def form(day: date, player_id: int, team: str, seconds_tenths: int = 18000) -> dict[str, Any]:
    """A player whose last game this season, a week before, was for the team."""
    return {
        "game_date": day, "player_id": player_id, "season_year": 2024, "cutoff_at": BEFORE[day],
        "player_lookup": f"player{player_id}", "last_game_date": date.fromordinal(day.toordinal() - 7),
        "last_team_abbr": team, "inputs_known_at": "2025-01-02T00:00:00Z", "games_season": 20,
        "seconds_tenths_weighted_6": seconds_tenths, "weight_6": 1,
    }  # fmt: skip


def played(day: date, team: str) -> dict[str, Any]:
    """The team's game of a week before."""
    week_before = date.fromordinal(day.toordinal() - 7)
    return {
        "game_date": week_before, "season_year": 2024, "nba_game_id": f"game{team}{day}", "team_abbr": team,
        "known_from_at": "2025-01-02T00:00:00Z", "known_to_at": FOREVER,
    }  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWarehouse]:
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("slate"), ("slate", "missing_appearances"))
    for day, number in ((EARLY, 801), (FRESH, 811), (QUOTED, 821)):
        later = late_game(day) | {"nba_game_id": f"00224{number + 1:05d}"}
        warehouse.put(landing("nbac_schedule"), Game(day, number).schedule(), later)
    warehouse.put(
        landing("nbac_injury_report"),
        report(EARLY, BEFORE[EARLY], "johnsmith", "BOS", "Questionable"),
        report(EARLY, LATE_REPORT, "johnsmith", "BOS", "Questionable", player_id=999),
        report(FRESH, BEFORE[FRESH], "player12", "BOS", "Out"),
    )
    warehouse.put(landing("nbac_roster"), *roster(FRESH, {11: "BOS", 12: "BOS", 13: "NYK", 14: "MIA", 15: None}))
    warehouse.put(landing("odds_api_player_props"), Game(FRESH, 811).quote(BEFORE[FRESH], 13, "9.5"))
    moved = Game(QUOTED, 821)
    known = Game(date(2024, 10, 30), 700)  # a box score of the autumn makes their names known
    warehouse.put(landing("nbac_player_boxscores"), *known.players(known.document("2024-10-31T03:00:00Z"), SEEN))
    warehouse.put(get("player_recent_form"), *(form(QUOTED, player, team) for player, team in LAST_TEAM.items()))
    warehouse.put(get("team_game_history"), *(played(QUOTED, team) for team in ("BOS", "NYK", "MIA")))
    warehouse.put(
        landing("odds_api_player_props"), *(moved.quote(BEFORE[QUOTED], player, "9.5") for player in (21, 22, 23, 24))
    )
    last = Game(date(2025, 2, 18), 750)
    inactive = {"played": False, "participation": "dnp_unknown", "seconds_tenths": 0, "minutes": "0"}
    [unused] = last.players(last.document("2025-02-19T03:00:00Z"), {25: {}})
    warehouse.put(landing("nbac_player_boxscores"), unused | inactive)
    for day in (EARLY, FRESH, QUOTED):
        warehouse.rebuild("slate_evidence", day)
        warehouse.rebuild("slate", day)
    yield warehouse
    warehouse.stop()


LAST_TEAM = {21: "BOS", 22: "BOS", 23: "NYK", 24: "MIA"}
SEEN = {player: {"twos": 1} for player in (*LAST_TEAM, 25)}


def slate(warehouse: SmallWarehouse, day: date, *columns: str) -> dict[str, tuple[Any, ...]]:
    """The columns of each candidate of NYK at BOS, by name."""
    sql = "SELECT * FROM nba_analytics.slate AS s WHERE s.game_date = @day AND ENDS_WITH(s.game_id, '_NYK_BOS')"
    return {row["player_lookup"]: tuple(row[name] for name in columns) for row in warehouse.run(sql, day=day)}


def test_a_report_after_a_games_cutoff_says_nothing_about_its_names(warehouse: SmallWarehouse) -> None:
    """It is in force for the later game of the date, and states for whom a name of the earlier one stands."""
    assert slate(warehouse, EARLY, "slate_status", "player_id") == {"johnsmith": ("unresolved", None)}


def test_a_roster_names_everybody_before_the_first_box_score(warehouse: SmallWarehouse) -> None:
    """The first day of a new environment: ids and teams, who is out, and a rookie with a line."""
    found = slate(warehouse, FRESH, "slate_status", "team_abbr", "player_id", "by_quote")
    assert found == {
        "player11": ("active", "BOS", 11, False), "player12": ("out", "BOS", 12, False),
        "player13": ("active", "NYK", 13, True),
    }  # fmt: skip


def test_a_quote_puts_a_player_where_fewer_minutes_are_quoted(warehouse: SmallWarehouse) -> None:
    """Two of BOS are quoted and one of NYK, so the fourth, whose last team was a third one, is taken for NYK."""
    found = slate(warehouse, QUOTED, "team_abbr", "team_is_inferred")
    assert found["player24"] == ("NYK", True)
    assert {found[f"player{player}"] for player in (21, 22, 23)} == {("BOS", False), ("NYK", False)}


def test_a_list_of_a_box_score_counts_without_an_appearance(warehouse: SmallWarehouse) -> None:
    found = slate(warehouse, QUOTED, "slate_status", "team_abbr", "by_roster", "by_appearance")
    assert found["player25"] == ("active", "BOS", True, False)


def test_who_played_without_a_forecast_is_counted_by_reason(warehouse: SmallWarehouse) -> None:
    names = {"unknown": 900, "player24": 24, "player12": 12}
    box = {"season_year": 2024, "known_from_at": "2025-02-26T03:00:00Z", "known_to_at": FOREVER, "points": 7}
    rows = [
        box | {"game_date": FRESH, "game_id": Game(FRESH, 811).game_id, "player_id": names[name], "player_lookup": name,
               "team_abbr": "BOS", "nba_game_id": Game(FRESH, 811).nba_game_id}
        for name in ("unknown", "player12")
    ]  # fmt: skip
    moved = Game(QUOTED, 821)
    other = {"game_date": QUOTED, "game_id": moved.game_id, "nba_game_id": moved.nba_game_id, "team_abbr": "BOS"}
    rows.append(box | other | {"player_id": 24, "player_lookup": "player24"})  # put with NYK, and forecast all the same
    warehouse.put(get("player_game_summary_history"), *rows)
    found = warehouse.run("SELECT m.player_lookup, m.reason FROM nba_analytics.missing_appearances AS m")
    assert {row["player_lookup"]: row["reason"] for row in found} == {
        "unknown": "unknown_person", "player12": "ruled_out",
    }  # fmt: skip
