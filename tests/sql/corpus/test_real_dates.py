"""The tables over two real months: a range is its days, order is nothing, and the future moves not one bit.

Prevents docs/pitfalls.md#23 (leak through `<=`), #29 (a rebuild differs from the daily run), #31 (aggregates
with later values). Slow: some hundreds of rebuilds; `make test-slow` runs it where the corpus is.
"""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.table_digest import digest_columns

from tipoff.cloud.bigquery import BuildRange, Scalar, Warehouse
from tipoff.tables import Table, get, landing
from tipoff_ops.corpus import season_warehouse
from tipoff_ops.corpus.season_rows import parse_season, season_zip

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("TIPOFF_CORPUS", ROOT.parent / "shared" / "corpus"))
SEASON = 2023
FIRST, LAST = date(2023, 12, 1), date(2024, 1, 31)
LEAD_MINUTES = 30
FACTS = ("player_game_summary_history", "team_game_history")
SLATES = 30
DATASETS = ("nba_landing", *season_warehouse.DATASETS)
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not there: set TIPOFF_CORPUS"),
]


class Real:
    """A season's documents and the tables of its two months."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        built = season_warehouse.lineage(("ml_feature_store_v2", "player_daily_cache"))
        self.tables = [table for table in built if table.kind == "derived"]
        self.facts = [table for table in self.tables if table.name in FACTS]
        self.windows = [table for table in self.tables if table.name not in FACTS]

    def rebuild(self, tables: Sequence[Table], first: date, last: date) -> None:
        for table in tables:
            self.warehouse.rebuild(table, BuildRange(first, last, AS_OF, LEAD_MINUTES))

    def rebuild_facts(self) -> None:
        self.rebuild(self.facts, date(SEASON, 10, 1), LAST)

    def digests(self, tables: Sequence[Table], where: str, **parameters: Scalar) -> dict[str, tuple[int, str]]:
        """Rows and sha256 of the sorted rows of each table, the volatile columns left out."""
        return {table.name: self._digest(table, where, parameters) for table in tables}

    def _digest(self, table: Table, where: str, parameters: dict[str, Scalar]) -> tuple[int, str]:
        columns = ", ".join(f"t.{name}" for name in digest_columns(table))
        sql = (
            "SELECT COUNT(*) AS n, "
            "TO_HEX(SHA256(COALESCE(STRING_AGG(r.row_text, '\\n' ORDER BY r.row_text), ''))) AS d "
            f"FROM (SELECT TO_JSON_STRING(STRUCT({columns})) AS row_text FROM {table.full_name} AS t "
            f"WHERE {where.format(partition=f't.{table.spec.partition}')}) AS r"
        )
        [row] = self.warehouse.rows(sql, parameters, dict)
        return row["n"], row["d"]


OVER = "{partition} BETWEEN @first AND @last"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    folder = tmp_path_factory.mktemp("real")
    with season_warehouse.open_warehouse(folder / "warehouse", folder / "templates") as at:
        files = parse_season(season_zip(CORPUS, SEASON), folder / "parsed")
        season_warehouse.load_files(at, files, lambda *_: None)
        found = Real(Warehouse(at, DATASETS))
        found.rebuild_facts()
        found.rebuild(found.windows, FIRST, LAST)
        yield found
        found.warehouse.close()


def days() -> list[date]:
    return [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


def test_sixty_dates_as_a_range_equal_the_same_dates_one_by_one_and_in_another_order(real: Real) -> None:
    whole = real.digests(real.tables, OVER, first=FIRST, last=LAST)
    assert all(rows > 0 for rows, _ in whole.values())
    assert len(days()) >= 60
    for day in days():
        real.rebuild(real.tables, day, day)
    assert real.digests(real.tables, OVER, first=FIRST, last=LAST) == whole
    real.rebuild(another_order(real.tables), FIRST, LAST)
    assert real.digests(real.tables, OVER, first=FIRST, last=LAST) == whole


def another_order(tables: Sequence[Table]) -> list[Table]:
    """Another order that respects the lineage: of the tables that may be next, always the last by name."""
    left, ordered = list(tables), list[Table]()
    while left:
        names = {table.full_name for table in left}
        able = [table for table in left if not names & {t.full_name for t in season_warehouse.lineage((table.name,))
                                                        if t is not table}]  # fmt: skip
        ordered.append(max(able, key=lambda table: table.name))
        left.remove(ordered[-1])
    return ordered


def test_another_order_is_another_one(real: Real) -> None:
    assert another_order(real.tables) != real.tables


AT_CUTOFF = "{partition} = @day AND t.cutoff_at = @cutoff"
PARTITIONS = "game_date > DATE '2000-01-01'"
# The same documents seen again within microseconds of the cutoff, in their order, with other facts.
CORRECTIONS = {
    "nbac_player_boxscores": "turnovers + 2 AS turnovers, assists + 3 AS assists",
    "nbac_team_boxscore": "turnovers + 2 AS turnovers, offensive_rebounds + 3 AS offensive_rebounds",
    "nbac_injury_report": "CASE injury_status WHEN 'Out' THEN 'Available' ELSE 'Out' END AS injury_status",
    "odds_api_game_lines": "outcome_point + 4 AS outcome_point",
    "odds_api_player_props": "line + 4 AS line",
}


def test_thirty_slates_do_not_move_when_everything_from_the_cutoff_on_is_deleted_or_altered(real: Real) -> None:
    """From the last date to the first, so that what is deleted for one is rightly missing for the next."""
    slates = real.warehouse.rows(
        "SELECT c.game_date AS game_date, MIN(c.cutoff_at) AS cutoff_at "
        "FROM nba_analytics.upcoming_team_game_context AS c "
        "WHERE c.game_date BETWEEN @first AND @last GROUP BY c.game_date ORDER BY c.game_date DESC LIMIT @n",
        {"first": FIRST, "last": LAST, "n": SLATES},
        dict,
    )
    assert len(slates) == SLATES
    for slate in slates:
        asked = {"day": slate["game_date"], "cutoff": slate["cutoff_at"]}
        before = real.digests(real.windows, AT_CUTOFF, **asked)
        assert before["ml_feature_store_v2"][0] > 0
        disturb(real, slate["cutoff_at"])
        real.rebuild_facts()
        real.rebuild(real.windows, slate["game_date"], slate["game_date"])
        assert real.digests(real.windows, AT_CUTOFF, **asked) == before, slate


def disturb(real: Real, cutoff: datetime) -> None:
    for name, altered in CORRECTIONS.items():
        table = landing(name).full_name
        known: dict[str, Any] = {"cutoff": cutoff, "since": cutoff - timedelta(days=3)}
        real.warehouse.rows(f"DELETE FROM {table} WHERE observed_at >= @cutoff AND {PARTITIONS}", known, dict)
        real.warehouse.rows(
            f"INSERT INTO {table} SELECT * REPLACE (CONCAT(source_object, '-corrected') AS source_object, "
            "TIMESTAMP_ADD(@cutoff, INTERVAL TIMESTAMP_DIFF(observed_at, @since, HOUR) MICROSECOND) AS observed_at, "
            f"{altered}) FROM {table} WHERE observed_at >= @since AND {PARTITIONS}",
            known,
            dict,
        )


def test_every_table_of_the_lineage_is_watched(real: Real) -> None:
    assert {get("ml_feature_store_v2"), get("slate"), get("player_recent_form")} <= set(real.windows)
