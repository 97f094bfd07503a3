"""Measures on the rows of a table what its rules bound: one query, one row of figures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tipoff.tables.registry import Table
from tipoff_ops.column_contracts.rules import Rule, Source, contract, sources

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


@dataclass(frozen=True)
class Figures:
    """What was measured of one column; `low` and `high` are texts for a column of texts, None without any value."""

    nulls: float
    low: Any
    high: Any
    stddev: float
    other_values: int
    correlations: Mapping[str, float]


def measure_query(table: Table, rules: Mapping[str, Rule] | None = None) -> str:
    """One SELECT of one row over @start_date..@end_date with everything that `figures` reads.

    `rules`: of every column, in their order; those of the table's contract if left out.
    """
    rules, columns, place = rules or contract(table), tuple(sources(table)), _places(table)
    read = ",\n    ".join(
        f"{each.value} AS c{number}, {each.missing} AS m{number}" for number, each in enumerate(columns)
    )
    measured = ",\n  ".join(figure for each in columns for figure in _measured(each, rules[each.name], place))
    partition = table.spec.partition or table.spec.key[0]
    return _MEASURE.format(figures=measured, read=read, table=table.full_name, date=partition)


def _places(table: Table) -> dict[str, int]:
    return {each.name: number for number, each in enumerate(sources(table))}


def _measured(source: Source, rule: Rule, place: Mapping[str, int]) -> Iterator[str]:
    i = place[source.name]
    yield f"COUNTIF(r.m{i}) AS missing_{i}, MIN(r.c{i}) AS low_{i}, MAX(r.c{i}) AS high_{i}"
    if source.is_number:
        yield f"STDDEV_POP(r.c{i}) AS stddev_{i}"
    if rule.values:
        texts = ", ".join(f"'{text}'" for text in rule.values)
        yield f"COUNTIF(r.c{i} NOT IN ({texts})) AS others_{i}"
    for name in rule.correlations:
        yield f"CORR(r.c{i}, r.c{place[name]}) AS correlation_{i}_{place[name]}"


def figures(table: Table, rules: Mapping[str, Rule], measured: Mapping[str, Any]) -> dict[str, Figures]:
    """The figures of every column, from the row that `measure_query` answers. The row counts one row or more."""
    place = _places(table)
    return {name: _figures(rule, measured, place, name) for name, rule in rules.items()}


def _figures(rule: Rule, measured: Mapping[str, Any], place: Mapping[str, int], name: str) -> Figures:
    i = place[name]
    return Figures(
        nulls=measured[f"missing_{i}"] / measured["n"],
        low=measured[f"low_{i}"],
        high=measured[f"high_{i}"],
        stddev=measured.get(f"stddev_{i}") or 0.0,
        other_values=measured.get(f"others_{i}", 0),
        correlations={other: measured[f"correlation_{i}_{place[other]}"] or 0.0 for other in rule.correlations},
    )
