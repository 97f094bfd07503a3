"""No statement of phases 3 and 4 reads a partitioned table without bounds, and a date costs a known number of bytes.

Prevents docs/pitfalls.md#51 (unpartitioned merges), #54 (waste by default). The local cloud bills nothing, so bytes
are an estimate: the columns a statement names, by the width of their types, over the partitions its filter asks for.
"""

import re

import pytest
from tests.sql.statements.scans import scans

from tipoff.tables import Table, all_tables, get
from tipoff_ops.corpus import season_warehouse

DERIVED = [
    table
    for table in season_warehouse.lineage((season_warehouse.STORE, "player_daily_cache", "slate_coverage"))
    if table.kind == "derived"
]
# Games move between dates, and a season's schedule is 1,300 rows (docs/design.md#pruning).
SMALL_WITHOUT_BOUNDS = {"nba_raw.nbac_schedule_history"}
TWO_SEASONS = 660
MEGABYTES_PER_DATE = 100


@pytest.mark.parametrize("table", DERIVED, ids=lambda table: table.name)
def test_every_reading_of_a_partitioned_table_is_bounded_by_the_dates_asked_for(table: Table) -> None:
    found = [scan for scan in scans(table) if scan.table.full_name not in SMALL_WITHOUT_BOUNDS]
    assert found
    assert [scan.table.full_name for scan in found if scan.days is None] == []
    assert max(scan.days or 0 for scan in found) <= TWO_SEASONS


def test_the_bound_is_seen_to_be_missing() -> None:
    """Without its date filter a reading has no bound, and a bound on another table is none."""
    form = get("team_recent_form")
    assert [scan.days for scan in scans(form)] == [TWO_SEASONS]
    [scan] = scans(form, "SELECT t.points FROM nba_analytics.team_game_history AS t WHERE t.known_from_at < @as_of")
    assert scan.days is None
    both = """SELECT 1 FROM nba_analytics.team_game_history AS t JOIN nba_analytics.slate AS s ON s.game_id = t.game_id
        WHERE s.game_date BETWEEN @start_date AND DATE_ADD(@end_date, INTERVAL 3 DAY)"""
    assert {scan.table.name: scan.days for scan in scans(form, both)} == {"team_game_history": None, "slate": 4}


@pytest.mark.parametrize("table", [t for t in all_tables() if t.name.endswith("_history") and t.dataset == "nba_raw"],
                         ids=lambda table: table.name)  # fmt: skip
def test_a_date_filter_reaches_through_the_raw_views(table: Table) -> None:
    """BigQuery pushes a filter below a window only where the window is partitioned by the filtered column."""
    partition = table.spec.partition
    if partition is None or table.full_name in SMALL_WITHOUT_BOUNDS:
        return
    windows = re.findall(r"PARTITION BY ([^()]*?)(?:ORDER BY|\))", table.sql("view.sql"), re.DOTALL)
    assert windows
    assert [each for each in windows if not re.search(rf"\b{partition}\b", each)] == []


def test_one_date_costs_less_than_a_set_number_of_bytes() -> None:
    total = sum(scan.megabytes for table in DERIVED for scan in scans(table))
    assert 1 < total < MEGABYTES_PER_DATE
