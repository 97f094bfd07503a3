"""What a rebuild of one date would have BigQuery scan: the partitions that a statement asks for, times their rows."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from tipoff.tables import Column, Table, all_tables
from tipoff.tables.rebuild import query_text

WIDTHS = {"INT64": 8, "FLOAT64": 8, "TIMESTAMP": 8, "DATE": 8, "NUMERIC": 16, "BOOL": 1, "STRING": 2 + 24}
ELEMENTS = 3  # of a repeated column
# Rows of the season 2024-25 and of its busiest date; of a view those that landed.
ROWS = {
    "game_line_history": (101_912, 5_102),
    "ml_feature_store_v2": (35_518, 537),
    "nbac_injury_report_history": (209_252, 2_761),
    "nbac_play_by_play_history": (448_375, 8_121),
    "nbac_roster_history": (407_550, 2_200),
    "nbac_player_boxscores_history": (28_109, 316),
    "nbac_schedule_history": (7_734, 90),
    "nbac_team_boxscore_history": (2_628, 30),
    "player_composite_factors": (35_518, 537),
    "player_game_summary_history": (28_109, 316),
    "player_line_history": (62_621, 4_567),
    "player_reference_line_history": (21_848, 1_600),
    "player_recent_form": (66_441, 692),
    "player_shot_zone_analysis": (66_441, 692),
    "slate": (46_821, 664),
    "slate_evidence": (245_489, 3_630),
    "team_defense_zone_analysis": (6_300, 30),
    "team_game_history": (2_628, 30),
    "team_recent_form": (6_300, 30),
    "upcoming_player_game_context": (46_821, 664),
    "upcoming_team_game_context": (2_628, 30),
}


@dataclass(frozen=True)
class Scan:
    """One reading of a table by a derived table's statement.

    Attributes:
        table: what is read.
        days: partitions read to build one date; None where no filter on the partition column bounds them.
        columns: names read of it (all of them where the statement says *).
    """

    table: Table
    days: int | None
    columns: frozenset[str]

    @property
    def megabytes(self) -> float:
        """Of the columns over the days: the season's busiest date, and what the others hold on average."""
        season, busiest = ROWS[self.table.name]
        rows = season if self.days is None else busiest + (self.days - 1) * season / 365
        return rows * sum(_width(column) for column in self.table.columns if column.name in self.columns) / 1e6


def _width(column: Column) -> int:
    one = sum(_width(field) for field in column.fields) or WIDTHS[column.type]
    return one * ELEMENTS if column.mode == "REPEATED" else one


def scans(table: Table, text: str | None = None) -> list[Scan]:
    """Every reading of a partitioned table by the statement of a derived one (or by `text` in its place)."""
    known = {each.full_name: each for each in all_tables()}
    tree = sqlglot.parse_one(text or query_text(table), read="bigquery")
    found = []
    for select in tree.find_all(exp.Select):
        sources = dict(_sources(select))
        for alias, name in sources.items():
            if name in known and known[name].spec.partition:
                read = known[name]
                days = _days(select, alias, str(read.spec.partition), len(sources) == 1)
                found.append(Scan(read, days, _columns(select, alias, read, len(sources) == 1)))
    return found


def _sources(select: exp.Select) -> Iterator[tuple[str, str]]:
    for part in [select.args.get("from_") or select.args.get("from"), *(select.args.get("joins") or [])]:
        if part is not None and isinstance(part.this, exp.Table) and isinstance(part.this.this, exp.Identifier):
            yield part.this.alias_or_name, f"{part.this.db}.{part.this.name}" if part.this.db else part.this.name


def _days(select: exp.Select, alias: str, partition: str, alone: bool) -> int | None:
    conditions = [select.args.get("where"), *(join.args.get("on") for join in select.args.get("joins") or [])]
    for condition in conditions:
        for between in condition.find_all(exp.Between) if condition is not None else ():
            of = between.this
            if between.parent_select is select and isinstance(of, exp.Column) and of.name == partition and (
                of.table == alias or (alone and not of.table)
            ):  # fmt: skip
                return _offset(between.args["high"]) - _offset(between.args["low"]) + 1
    return None


def _offset(bound: exp.Expression) -> int:
    """Days from the date that is built."""
    if isinstance(bound, exp.DateSub | exp.DateAdd):
        days = int(bound.expression.name)
        return _offset(bound.this) + (days if isinstance(bound, exp.DateAdd) else -days)
    assert isinstance(bound, exp.Parameter), f"not a bound: {bound.sql('bigquery')}"
    return 0


def _columns(select: exp.Select, alias: str, table: Table, alone: bool) -> frozenset[str]:
    if any(each.is_star for each in select.expressions):
        return frozenset(table.column_names)
    named = {
        column.name for column in select.find_all(exp.Column) if column.table == alias or (alone and not column.table)
    }
    return frozenset(named & set(table.column_names))
