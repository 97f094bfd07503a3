"""On the corpus every quote of a player who played joins to his box score, except those of the games listed here.

Props and box scores met under different spellings and ids, and what did not join was not counted (docs/pitfalls.md#18).
"""

import csv
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.sql.small_warehouse import SmallWarehouse

from tipoff import sources
from tipoff.tables import landing
from tipoff_ops.corpus.landing_zip import LandingZip

CORPUS = Path(os.environ.get("TIPOFF_CORPUS", Path(__file__).resolve().parents[4] / "shared" / "corpus"))
LISTED = Path(__file__).with_name("props_without_a_game.csv")
KEPT = {
    "nbac_boxscore": ("nbac_player_boxscores", ("game_date", "nba_game_id", "team_abbr", "player_id", "player_lookup")),
    "odds_api_player_props": (
        "odds_api_player_props",
        ("game_date", "odds_api_event_id", "home_team_abbr", "away_team_abbr", "player_lookup", "player_name"),
    ),
    "nbac_schedule": (
        "nbac_schedule",
        ("nba_game_id", "game_id", "game_date", "season_year", "season_type", "is_playoffs", "tipoff_at",
         "home_team_tricode", "away_team_tricode", "season"),
    ),
}  # fmt: skip
PROBLEMS = """
SELECT p.odds_api_event_id, p.player_name, p.nba_game_id IS NULL AS no_game, p.player_id IS NULL AS no_player
FROM nba_raw.odds_api_player_props AS p
LEFT JOIN nba_raw.nbac_player_boxscores AS b ON b.nba_game_id = p.nba_game_id AND b.player_id = p.player_id
LEFT JOIN nba_raw.nbac_player_boxscores AS n
  ON n.game_date = p.game_date AND n.player_lookup = p.player_lookup
  AND n.team_abbr IN (p.home_team_abbr, p.away_team_abbr)
WHERE b.player_id IS NULL AND (p.nba_game_id IS NULL OR p.player_id IS NULL OR n.player_id IS NOT NULL)
"""
COUNTS = """
SELECT COUNT(*) AS quoted, COUNTIF(b.player_id IS NOT NULL) AS joined
FROM nba_raw.odds_api_player_props AS p
LEFT JOIN nba_raw.nbac_player_boxscores AS b ON b.nba_game_id = p.nba_game_id AND b.player_id = p.player_id
"""

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the checkout")


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[SmallWarehouse]:
    """Empty; the test puts a season in."""
    server = SmallWarehouse(tmp_path, ["odds_api_player_props", "nbac_player_boxscores", "game_ids"])
    yield server
    server.stop()


def put_season(warehouse: SmallWarehouse, season: str, first: date, last: date) -> None:
    """Box scores and schedules of a season, and its props of some dates: of each row what identifies it."""
    corpus = LandingZip(CORPUS / f"landing-{season}.zip")
    kept: dict[str, dict[tuple[object, ...], dict[str, Any]]] = {table: {} for table, _ in KEPT.values()}
    for document in corpus.documents():
        where = sources.route(document.object_name)
        if where is None or where.source not in KEPT:
            continue
        if where.source == "odds_api_player_props" and not (where.day and first <= where.day <= last):
            continue
        table, columns = KEPT[where.source]
        parsed = sources.parse(where, document.body)
        # A schedule that lists less than half of an earlier one does not count, so each document keeps all its rows.
        whole = document.object_name if where.source == "nbac_schedule" else ""
        stamp = {"observed_at": parsed.observed_at, "source_object": document.object_name}
        for row in (row for part in parsed.tables if part.table == table for row in part.rows):
            values = {name: msgspec.to_builtins(getattr(row, name)) for name in columns if hasattr(row, name)}
            kept[table].setdefault((whole, *values.values()), values | stamp)
    for table, rows in kept.items():
        warehouse.put(landing(table), *rows.values())


def listed(season: str, first: date, last: date) -> set[str]:
    """Events that the list excuses."""
    with LISTED.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["season"] == season and row["reason"]]
    return {row["odds_api_event_id"] for row in rows if first <= date.fromisoformat(row["game_date"]) <= last}


@pytest.mark.parametrize(
    ("season", "first", "last"),
    [
        ("2023-24", date(2024, 4, 13), date(2024, 4, 21)),
        pytest.param("2022-23", date.min, date.max, marks=pytest.mark.slow),
        pytest.param("2023-24", date.min, date.max, marks=pytest.mark.slow),
        pytest.param("2024-25", date.min, date.max, marks=pytest.mark.slow),
    ],
)
def test_every_quote_of_a_player_who_played_joins_to_his_box_score(
    warehouse: SmallWarehouse, season: str, first: date, last: date
) -> None:
    put_season(warehouse, season, first, last)

    found = warehouse.run(PROBLEMS)
    (counts,) = warehouse.run(COUNTS)

    assert {row["odds_api_event_id"] for row in found} == listed(season, first, last)
    assert [row for row in found if row["no_player"] or not row["no_game"]] == []
    assert counts["joined"] > 0.7 * counts["quoted"] > 0
