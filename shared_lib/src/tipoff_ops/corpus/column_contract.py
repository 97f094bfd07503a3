"""What a table's columns hold while they are right: rules in its `contract.yaml`, checked against real rows.

A pipeline can succeed while a column is constant, inverted or empty (the original served eleven such features for
months). So every column has a rule, and a breach names the column, the rule and the figure measured:

    nulls        greatest share of rows without a value (of a feature: filled by its prior); 0 unless stated
    low, high    bounds of the values
    stddev       least standard deviation over a season
    correlation  least correlation over a season with another column, by name; a negative one is an upper bound
    values       the only texts allowed
    varies       a column with one value only is constant, over some days too; `season`: it may be constant over a
                 few days; `never`: it may always have one value

    available_from   the rule holds for ranges that start on this date or later: before it the source had nothing
    not_simulated    rules that a simulated league breaks, and why: a rule by its name, `every` for all of them

A range of days, not a season, is checked for what holds on any days: bounds, texts, no NULL where no share is stated,
not empty or constant where it varies over days, and no inverted correlation of CORRELATION_OF_DAYS or more.

Bounds are those that a definition gives, else those measured over the four seasons 2021-22 to 2024-25, widened: they
are there to catch what broke, not to follow what moved.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

import msgspec
import yaml

from tipoff.core.errors import ConfigInvalid
from tipoff.tables.features import FEATURE_TABLE, features
from tipoff.tables.registry import Table, all_tables

NUMBERS = ("INT64", "FLOAT64", "NUMERIC", "BOOL")
FILE = "contract.yaml"
CORRELATION_OF_DAYS = 0.2


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is stated of one column; see the module."""

    nulls: float = 0.0
    low: float | None = None
    high: float | None = None
    stddev: float | None = None
    correlation: dict[str, float] = {}
    values: tuple[str, ...] = ()
    varies: Literal["days", "season", "never"] = "days"
    available_from: date | None = None
    not_simulated: dict[str, str] = {}


class _Contract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    columns: dict[str, Rule]
    features: dict[str, Rule] = {}


@dataclass(frozen=True)
class Source:
    """Where a column's value comes from in a row `t`.

    Attributes:
        name: of the column, or of the feature.
        value, missing: GoogleSQL: the value (a FLOAT64 if it is a number, else a STRING), and whether there is none.
        is_number: whether it has bounds, a standard deviation and correlations.
    """

    name: str
    value: str
    missing: str
    is_number: bool


@dataclass(frozen=True)
class Breach:
    """A broken rule: `measured` is the figure found, `stated` the one allowed."""

    table: str
    column: str
    rule: str
    measured: object
    stated: object

    def __str__(self) -> str:
        return f"{self.table}.{self.column}: {self.rule}: measured {self.measured}, stated {self.stated}"


def contracted_tables() -> tuple[Table, ...]:
    """The tables whose folder states a contract."""
    return tuple(table for table in all_tables() if (table.folder / FILE).is_file())


@cache
def contract(table: Table) -> Mapping[str, Rule]:
    """The rules of every column of the table; of the feature store also those of its features.

    Raises:
        ConfigInvalid: the rules are not those of the columns in their order, or a correlation names a column that is
            not a number.
    """
    found = msgspec.convert(yaml.safe_load(table.sql(FILE)), _Contract)
    rules = found.columns | found.features
    sources = {source.name: source for source in _sources(table)}
    if list(rules) != list(sources):
        raise ConfigInvalid("contract_incomplete", f"{table.full_name}: {sorted(set(rules) ^ set(sources)) or 'order'}")
    numbers = {name for name, source in sources.items() if source.is_number}
    unknown = {name for rule in rules.values() for name in rule.correlation} - numbers
    if unknown:
        raise ConfigInvalid("contract_correlation_unknown", f"{table.full_name}: {sorted(unknown)}")
    return rules


def _sources(table: Table) -> Iterator[Source]:
    for column in table.columns:
        if column.mode == "REPEATED":
            if table.name != FEATURE_TABLE:
                length = f"ARRAY_LENGTH(t.{column.name})"
                yield Source(column.name, f"CAST({length} AS FLOAT64)", f"{length} = 0", is_number=True)
        elif column.type in NUMBERS:
            integer = f"CAST(t.{column.name} AS INT64)" if column.type == "BOOL" else f"t.{column.name}"
            yield Source(column.name, f"CAST({integer} AS FLOAT64)", f"t.{column.name} IS NULL", is_number=True)
        else:
            yield Source(column.name, f"CAST(t.{column.name} AS STRING)", f"t.{column.name} IS NULL", is_number=False)
    if table.name == FEATURE_TABLE:
        for feature in features():
            at = f"t.features[OFFSET({feature.index})]"
            yield Source(feature.name, f"{at}.value", f"{at}.source = 'prior'", is_number=True)


def measure_query(table: Table) -> str:
    """One SELECT of one row over @start_date..@end_date with everything that `judge` needs."""
    rules, sources = contract(table), tuple(_sources(table))
    place = _places(table)
    read = ",\n    ".join(
        f"{each.value} AS c{number}, {each.missing} AS m{number}" for number, each in enumerate(sources)
    )
    figures = ",\n  ".join(figure for each in sources for figure in _figures_of(each, rules[each.name], place))
    return _MEASURE.format(
        figures=figures, read=read, table=table.full_name, date=table.spec.partition or table.spec.key[0]
    )


_MEASURE = """\
SELECT
  COUNT(*) AS n,
  {figures}
FROM (
  SELECT
    {read}
  FROM {table} AS t
  WHERE t.{date} BETWEEN @start_date AND @end_date
) AS r
"""


def _places(table: Table) -> dict[str, int]:
    return {each.name: number for number, each in enumerate(_sources(table))}


def _figures_of(source: Source, rule: Rule, place: Mapping[str, int]) -> Iterator[str]:
    i = place[source.name]
    yield f"COUNTIF(r.m{i}) AS missing_{i}, MIN(r.c{i}) AS low_{i}, MAX(r.c{i}) AS high_{i}"
    if source.is_number:
        yield f"STDDEV_POP(r.c{i}) AS stddev_{i}"
    if rule.values:
        texts = ", ".join(f"'{text}'" for text in rule.values)
        yield f"COUNTIF(r.c{i} NOT IN ({texts})) AS others_{i}"
    for name in rule.correlation:
        yield f"CORR(r.c{i}, r.c{place[name]}) AS correlation_{i}_{place[name]}"


def judge(
    table: Table, measured: Mapping[str, Any], first: date, *, whole_season: bool, simulated: bool = False
) -> list[Breach]:
    """The rules that a measured row breaks.

    Args:
        measured: the row of `measure_query`.
        first: the first date it was measured over.
        whole_season: it was measured over a season with its lines and reports; else over some days, which are held
            to what holds on any (see the module).
        simulated: the games are invented: what a contract calls `not_simulated` is not asked of them.
    """
    if not measured["n"]:
        return [Breach(table.full_name, "*", "rows", 0, 1)]
    place = _places(table)
    return [
        Breach(table.full_name, name, *broken)
        for name, rule in contract(table).items()
        if first >= (rule.available_from or first)
        for broken in _broken(rule, _figures(rule, measured, place, name), whole_season)
        if not (simulated and {"every", broken[0].partition(" ")[0]} & rule.not_simulated.keys())
    ]


@dataclass(frozen=True)
class _Figures:
    missing: float
    low: Any
    high: Any
    stddev: float
    others: int
    correlations: Mapping[str, float]


def _figures(rule: Rule, measured: Mapping[str, Any], place: Mapping[str, int], name: str) -> _Figures:
    i = place[name]
    return _Figures(
        missing=measured[f"missing_{i}"] / measured["n"],
        low=measured[f"low_{i}"],
        high=measured[f"high_{i}"],
        stddev=measured.get(f"stddev_{i}") or 0.0,
        others=measured.get(f"others_{i}", 0),
        correlations={other: measured[f"correlation_{i}_{place[other]}"] or 0.0 for other in rule.correlation},
    )


def _broken(rule: Rule, found: _Figures, whole_season: bool) -> Iterator[tuple[str, object, object]]:
    """(rule, measured, stated) of each rule that is broken; `not (a <= b)` also catches NaN."""
    empty = found.missing == 1 and rule.varies == "days"
    if found.missing > rule.nulls and (whole_season or rule.nulls == 0 or empty):
        yield "nulls", found.missing, rule.nulls
    if found.low is not None and rule.low is not None and not found.low >= rule.low:
        yield "low", found.low, rule.low
    if found.high is not None and rule.high is not None and not found.high <= rule.high:
        yield "high", found.high, rule.high
    if found.others:
        yield "values", f"{found.others} others", ", ".join(rule.values)
    if found.low == found.high and rule.varies in (("days", "season") if whole_season else ("days",)):
        yield "constant", found.low, "two values or more"
    yield from _broken_over_a_season(rule, found) if whole_season else _inverted(rule, found)


def _broken_over_a_season(rule: Rule, found: _Figures) -> Iterator[tuple[str, object, object]]:
    if rule.stddev is not None and not found.stddev >= rule.stddev:
        yield "stddev", found.stddev, rule.stddev
    for other, least in rule.correlation.items():
        if not (found.correlations[other] >= least if least > 0 else found.correlations[other] <= least):
            yield f"correlation with {other}", found.correlations[other], least


def _inverted(rule: Rule, found: _Figures) -> Iterator[tuple[str, object, object]]:
    """Few games scatter: only half of a strong correlation with the wrong sign shows an inverted column."""
    for other, least in rule.correlation.items():
        if abs(least) >= CORRELATION_OF_DAYS and found.correlations[other] * least <= -least * least / 2:
            yield f"correlation with {other}", found.correlations[other], least
