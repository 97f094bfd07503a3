"""The bounds of the columns over several seasons, in the words of contract.yaml."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
import yaml

from tipoff.tables.registry import Table
from tipoff_ops.column_contracts.figures import Figures, figures
from tipoff_ops.column_contracts.rules import Rule, sources, stated_rules

# A bound must not lose digits of what was measured; how a column varies is stated roughly.
DIGITS = {"nulls": 3, "low": 9, "high": 9, "stddev": 3, "correlations": 3}

type Season = tuple[date, Mapping[str, Any]]
"""The first date of a season, and the row of figures measured over it."""


def rules_to_measure(table: Table) -> dict[str, Rule]:
    """The rule of every column. A number without a rule gets one that measures its correlation with every other number.

    So a new column can be measured before its rule is written.
    """
    stated, columns = stated_rules(table), tuple(sources(table))
    numbers = {each.name: 0.0 for each in columns if each.is_number}
    new = {name: Rule(correlations={other: 0.0 for other in numbers if other != name}) for name in numbers}
    return {each.name: stated.get(each.name) or new.get(each.name, Rule()) for each in columns}


def bounds_lines(table: Table, rules: Mapping[str, Rule], seasons: Sequence[Season]) -> Iterator[str]:
    """One line a column, as contract.yaml has it; of a new column only the strongest correlation."""
    stated, measured = stated_rules(table), [(first, figures(table, rules, row)) for first, row in seasons if row["n"]]
    for name, rule in rules.items():
        found = [each[name] for first, each in measured if first >= (rule.available_from or first)]
        if found:
            bound = bounds(rule, found)
            yield f"{name}: {_flow(bound if name in stated else _strongest(bound))}"
        else:
            yield f"# {name}: no rows from {rule.available_from or 'any date'} on"


def bounds(rule: Rule, seasons: Sequence[Figures]) -> Rule:
    """The tightest rule that every season keeps. A correlation whose sign changes between seasons is 0."""
    is_number = all(not isinstance(found.low, str) for found in seasons)
    with_values = [found for found in seasons if is_number and found.low is not None]
    return msgspec.structs.replace(
        rule,
        nulls=max(found.nulls for found in seasons),
        low=min((found.low for found in with_values), default=None),
        high=max((found.high for found in with_values), default=None),
        stddev=min((found.stddev for found in with_values), default=None),
        correlations={name: _weakest([found.correlations[name] for found in seasons]) for name in rule.correlations},
    )


def _weakest(correlations: Sequence[float]) -> float:
    same_sign = min(correlations) > 0 or max(correlations) < 0
    return min(correlations, key=abs) if same_sign else 0.0


def _strongest(bound: Rule) -> Rule:
    name = max(bound.correlations, key=lambda other: abs(bound.correlations[other]), default="")
    return msgspec.structs.replace(bound, correlations={name: bound.correlations[name]} if name else {})


def _flow(bound: Rule) -> str:
    stated = msgspec.to_builtins(bound, builtin_types=(date,))
    fields = {key: _rounded(value, DIGITS.get(key, 0)) for key, value in stated.items()}
    if not bound.nulls:
        fields.pop("nulls", None)  # the default
    return yaml.safe_dump(fields, default_flow_style=True, sort_keys=False, width=10_000).strip()


def _rounded(value: Any, digits: int) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each, digits) for key, each in value.items()}
    if not isinstance(value, float):
        return value
    short = float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() else short
