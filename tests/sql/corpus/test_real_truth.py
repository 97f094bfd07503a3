"""Equal to the truth on real documents: a few games always, two whole seasons with `make test-slow`.

The expected tables of the corpus were derived from the same documents by others; ratings are worked out here, in
plain Python. Prevents docs/pitfalls.md#27 (dead columns, over whole seasons), #18 (games that do not match).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from tests.sql.asof_warehouse import landed
from tests.sql.corpus.own_ratings import team_games
from tests.sql.small_warehouse import SmallWarehouse

from tipoff.cloud.bigquery import Warehouse
from tipoff.tables import Table, get, landing
from tipoff_ops.column_contracts.figures import measure_query
from tipoff_ops.column_contracts.judge import judge
from tipoff_ops.column_contracts.rules import contracted_tables
from tipoff_ops.corpus import season_warehouse
from tipoff_ops.corpus.checks import CHECKS
from tipoff_ops.corpus.compare import compare, index_rows, known_differences, read_parquet
from tipoff_ops.corpus.season_rows import parse_season, season_zip

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("TIPOFF_CORPUS", ROOT.parent / "shared" / "corpus"))
TABLES = ("player_game_summary", "team_offense_game_summary", "team_defense_game_summary", "nbac_schedule")
FACTS = ("player_game_summary_history", "team_game_history")
PLAYED = ("boxscores", "play-by-play")
BEFORE, SEASONS = 2022, (2023, 2024)
BUILT = (season_warehouse.STORE, "player_daily_cache", "slate_coverage", *TABLES)
DATASETS = ("nba_landing", *season_warehouse.DATASETS)

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not there: set TIPOFF_CORPUS")
whole_seasons = [pytest.mark.slow, pytest.mark.timeout(3600)]


@dataclass(frozen=True)
class Real:
    """Dates of a season whose games are in a warehouse."""

    warehouse: SmallWarehouse | Warehouse
    season: int
    first: date
    last: date

    def rows(self, sql: str) -> list[dict[str, Any]]:
        given = {"start_date": self.first, "end_date": self.last}
        if isinstance(self.warehouse, SmallWarehouse):
            return self.warehouse.run(sql, **given)
        return self.warehouse.rows(sql, given, dict)

    def expected(self, name: str) -> list[dict[str, Any]]:
        folder = CORPUS / "expected" / f"{self.season}-{(self.season + 1) % 100}"
        return [row for row in read_parquet(folder / f"{name}.parquet") if self.first <= _day(row) <= self.last]


def _day(row: dict[str, Any]) -> date:
    return date.fromisoformat(str(row["game_date"])[:10])


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """The first two dates of 2024-25."""
    first, last = date(2024, 10, 22), date(2024, 10, 23)
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("days"), TABLES)
    for name, found in landed(played_documents(season_zip(CORPUS, 2024), first, last)).items():
        warehouse.load(landing(name), found)
    for name in FACTS:
        warehouse.rebuild(name, first, last)
    yield Real(warehouse, 2024, first, last)
    warehouse.stop()


def played_documents(season: Path, first: date, last: date) -> Iterator[tuple[str, bytes]]:
    """The box scores and play-by-plays of the dates, and the season's last schedule."""
    days = {(first + timedelta(n)).isoformat() for n in range((last - first).days + 1)}
    with ZipFile(season) as found:
        parts = {name: name.split("/") for name in found.namelist()}
        schedule = max(name for name, part in parts.items() if part[1] == "schedule")
        played = [name for name, part in parts.items() if part[1] in PLAYED and part[2] in days]
        yield from ((name, found.read(name)) for name in (schedule, *played))


@pytest.fixture(scope="module")
def seasons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Two whole seasons and the games of the one before, each table built in one range a season."""
    folder = tmp_path_factory.mktemp("seasons")
    with season_warehouse.open_warehouse(folder / "warehouse", folder / "templates") as at:
        files = [
            file
            for season in (BEFORE, *SEASONS)
            for file in parse_season(season_zip(CORPUS, season), folder / "parsed")
        ]
        season_warehouse.load_files(at, files, lambda *_: None)
        built = [table for table in season_warehouse.lineage(BUILT) if table.kind == "derived"]
        season_warehouse.build_tables(at, (BEFORE,), 30, lambda *_: None, map(get, FACTS))
        season_warehouse.build_tables(at, SEASONS, 30, lambda *_: None, built)
        warehouse = Warehouse(at, DATASETS)
        yield warehouse
        warehouse.close()


@pytest.fixture(params=["two days", *(pytest.param(year, marks=whole_seasons) for year in SEASONS)])
def real(request: pytest.FixtureRequest) -> Real:
    if request.param == "two days":
        found: Real = request.getfixturevalue("two_days")
        return found
    return Real(request.getfixturevalue("seasons"), request.param, *season_warehouse.season_dates(request.param))


COMPARED = ("games", "player_game_summary", "player_game_summary_zones", "team_defense_game_summary")


@pytest.mark.parametrize("name", COMPARED)
def test_points_minutes_starters_zones_and_scores_are_the_expected_ones(real: Real, name: str) -> None:
    [check] = [check for check in CHECKS if check.name == name]
    told = real.expected(check.expected_file)
    ours = real.rows(check.sql())
    known = known_differences(CORPUS / "expected" / "known_differences.csv")
    report = compare(str(real.season), check, index_rows(check, told), index_rows(check, ours), known)
    assert told and len(ours) == len(told)
    assert (report.mismatched, report.examples) == (0, ())


def test_players_points_add_up_to_the_score_of_both_teams_in_every_game(real: Real) -> None:
    sums = real.rows(
        "SELECT p.nba_game_id AS game, p.team_abbr AS team, SUM(p.points) AS points, "
        "COUNTIF(p.starter_flag) AS starters FROM nba_analytics.player_game_summary AS p "
        "WHERE p.game_date BETWEEN @start_date AND @end_date GROUP BY 1, 2"
    )
    scores = {(row["game_id"], row[f"{side}_team"]): row[f"{side}_score"] for row in real.expected("games")
              for side in ("home", "away")}  # fmt: skip
    assert {(row["game"], row["team"]): row["points"] for row in sums} == scores
    assert {row["starters"] for row in sums} == {5}


def test_possessions_ratings_and_pace_equal_those_computed_from_the_documents(real: Real) -> None:
    truth = team_games(season_zip(CORPUS, real.season), real.first, real.last)
    attack = real.rows(
        "SELECT t.nba_game_id AS game, t.team_abbr AS team, t.points_scored AS points, t.possessions, "
        "t.offensive_rating AS rating, t.pace FROM nba_analytics.team_offense_game_summary AS t "
        "WHERE t.game_date BETWEEN @start_date AND @end_date"
    )
    defence = real.rows(
        "SELECT t.nba_game_id AS game, t.opponent_team_abbr AS team, t.points_allowed AS points, "
        "t.opponent_possessions AS possessions, t.defensive_rating AS rating, t.opponent_pace AS pace "
        "FROM nba_analytics.team_defense_game_summary AS t WHERE t.game_date BETWEEN @start_date AND @end_date"
    )
    for rows in (attack, defence):
        assert {(row["game"], row["team"]) for row in rows} == set(truth)
        for row in rows:
            own = truth[row["game"], row["team"]]
            assert row["points"] == own.points
            for name in ("possessions", "rating", "pace"):
                assert float(row[name]) == pytest.approx(getattr(own, name), rel=0.005), (name, row)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("season", SEASONS)
@pytest.mark.parametrize("table", contracted_tables(), ids=lambda table: table.name)
def test_every_column_keeps_its_contract_over_a_season(seasons: Warehouse, season: int, table: Table) -> None:
    first, last = season_warehouse.season_dates(season)
    [row] = seasons.rows(measure_query(table), {"start_date": first, "end_date": last}, dict)
    assert [str(breach) for breach in judge(table, row, first, whole_season=True)] == []


@pytest.mark.parametrize("name", TABLES[:3])
def test_the_columns_keep_their_contracts_over_two_days(two_days: Real, name: str) -> None:
    """What holds on any days, on real games; no lines have landed here, and the contracts allow days without."""
    [row] = two_days.rows(measure_query(get(name)))
    found = {breach.column for breach in judge(get(name), row, two_days.first, whole_season=False)}
    assert found == set()


def test_every_table_of_phases_three_and_four_has_a_contract() -> None:
    built = {table for table in season_warehouse.lineage(BUILT) if table.dataset != "nba_raw"}
    assert {table for table in built if table.kind in ("derived", "view")} <= set(contracted_tables())
    assert get("ml_feature_store_v2") in contracted_tables()
