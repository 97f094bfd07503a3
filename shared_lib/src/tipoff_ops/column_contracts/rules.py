"""The rules that the contract.yaml of a table states for each of its columns.

A pipeline can succeed while a column is constant, inverted or empty. So every column has a rule:

    nulls         greatest share of rows without a value (of a feature: filled by its prior). Default: 0
    low, high     bounds of the values
    stddev        least standard deviation over a season
    correlations  least correlation over a season with another column, by its name; a negative one is an upper bound
    values        the allowed texts
    varies        `days`: two values or more on any range of days. `season`: two or more over a season, though a few
                  days may be alike. `never`: the column may be constant. Default: `days`

    available_from   the rule holds for ranges that start on this date or later; the source began then
    not_simulated    rules that a simulated league breaks by its nature, with the reason; `every` stands for all rules

The bounds come from a definition, or were measured over the seasons 2021-22 to 2024-25 and widened
(`tipoff measure-contract`). They catch a column that breaks, not one that drifts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal

import msgspec
import yaml

from tipoff.core.errors import ConfigInvalid
from tipoff.tables.features import FEATURE_TABLE, features
from tipoff.tables.registry import Table, all_tables

NUMBERS = ("INT64", "FLOAT64", "NUMERIC", "BOOL")
FILE = "contract.yaml"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The rule of one column; the module describes the fields."""

    nulls: float = 0.0
    low: float | None = None
    high: float | None = None
    stddev: float | None = None
    correlations: dict[str, float] = {}
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
        value: GoogleSQL of the value: a FLOAT64 if it is a number, else a STRING.
        missing: GoogleSQL that is true when there is no value.
        is_number: whether it has bounds, a standard deviation and correlations.
    """

    name: str
    value: str
    missing: str
    is_number: bool


def contracted_tables() -> tuple[Table, ...]:
    """The tables that have a contract."""
    return tuple(table for table in all_tables() if (table.folder / FILE).is_file())


def stated_rules(table: Table) -> dict[str, Rule]:
    """The rules that the table's contract states; none if it has no contract."""
    if not (table.folder / FILE).is_file():
        return {}
    found = msgspec.convert(yaml.safe_load(table.sql(FILE)), _Contract)
    return found.columns | found.features


@cache
def contract(table: Table) -> Mapping[str, Rule]:
    """The rule of every column of the table; of the feature store also of every feature.

    Raises:
        ConfigInvalid: the rules are not those of the columns in their order, or a correlation names a column that is
            not a number.
    """
    rules, columns = stated_rules(table), {source.name: source for source in sources(table)}
    if list(rules) != list(columns):
        raise ConfigInvalid("contract_incomplete", f"{table.full_name}: {sorted(set(rules) ^ set(columns)) or 'order'}")
    numbers = {name for name, source in columns.items() if source.is_number}
    unknown = {name for rule in rules.values() for name in rule.correlations} - numbers
    if unknown:
        raise ConfigInvalid("contract_correlation_unknown", f"{table.full_name}: {sorted(unknown)}")
    return rules


def sources(table: Table) -> Iterator[Source]:
    """The columns of the table, in their order, then the features of the feature store."""
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
