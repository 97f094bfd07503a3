"""Names each column that breaks its rule, with the rule and the figure that was measured.

A whole season must keep every rule. A range of some days must keep the rules that hold on any days: bounds, texts, no
NULL where no share is stated, not empty and not constant where the column varies over days, and no correlation of
INVERTED_FROM or more with the opposite sign.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tipoff.tables.registry import Table
from tipoff_ops.column_contracts.figures import Figures, figures
from tipoff_ops.column_contracts.rules import Rule, contract

INVERTED_FROM = 0.2


@dataclass(frozen=True)
class Breach:
    """A broken rule: `measured` is the figure found, `stated` the figure allowed."""

    table: str
    column: str
    rule: str
    measured: object
    stated: object

    def __str__(self) -> str:
        return f"{self.table}.{self.column}: {self.rule}: measured {self.measured}, stated {self.stated}"


def judge(
    table: Table, measured: Mapping[str, Any], first: date, *, whole_season: bool, simulated: bool = False
) -> list[Breach]:
    """The rules that a measured row breaks.

    Args:
        measured: the row that `measure_query` answers.
        first: the first date of the range.
        whole_season: whether the range is a season with its lines and reports; else it is some days.
        simulated: whether the games are simulated. Rules in `not_simulated` are then skipped.
    """
    if not measured["n"]:
        return [Breach(table.full_name, "*", "rows", 0, 1)]
    rules = contract(table)
    found = figures(table, rules, measured)
    return [
        Breach(table.full_name, name, *broken)
        for name, rule in rules.items()
        if first >= (rule.available_from or first)
        for broken in _broken(rule, found[name], whole_season)
        if not (simulated and {"every", broken[0].partition(" ")[0]} & rule.not_simulated.keys())
    ]


def _broken(rule: Rule, found: Figures, whole_season: bool) -> Iterator[tuple[str, object, object]]:
    """(rule, measured, stated) of each broken rule; `not (a <= b)` also catches NaN."""
    empty = found.nulls == 1 and rule.varies == "days"
    if found.nulls > rule.nulls and (whole_season or rule.nulls == 0 or empty):
        yield "nulls", found.nulls, rule.nulls
    if found.low is not None and rule.low is not None and not found.low >= rule.low:
        yield "low", found.low, rule.low
    if found.high is not None and rule.high is not None and not found.high <= rule.high:
        yield "high", found.high, rule.high
    if found.other_values:
        yield "values", f"{found.other_values} others", ", ".join(rule.values)
    if found.low == found.high and rule.varies in (("days", "season") if whole_season else ("days",)):
        yield "constant", found.low, "two values or more"
    yield from _broken_over_a_season(rule, found) if whole_season else _inverted(rule, found)


def _broken_over_a_season(rule: Rule, found: Figures) -> Iterator[tuple[str, object, object]]:
    if rule.stddev is not None and not found.stddev >= rule.stddev:
        yield "stddev", found.stddev, rule.stddev
    for other, least in rule.correlations.items():
        measured = found.correlations[other]
        if not (measured >= least if least > 0 else measured <= least):
            yield f"correlation with {other}", measured, least


def _inverted(rule: Rule, found: Figures) -> Iterator[tuple[str, object, object]]:
    """A few games scatter, so only half of a strong correlation with the opposite sign counts as inverted."""
    for other, least in rule.correlations.items():
        if abs(least) >= INVERTED_FROM and found.correlations[other] * least <= -least * least / 2:
            yield f"correlation with {other}", found.correlations[other], least
