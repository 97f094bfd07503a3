"""Runs the checks of views.

The checks of a table run inside its rebuild and stop it. A view is not rebuilt, so `reconcile` runs its checks. A
failed check of a view raises an alert and stops nothing.
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache

import msgspec

from tipoff import tables
from tipoff.cloud.bigquery import Warehouse
from tipoff.core.errors import ContractViolation
from tipoff.tables import Table

_PROBLEM = re.compile(r"([a-z_]+: \S+ [0-9]{4}-[0-9]{2}-[0-9]{2}): ([^|\n]*)")


class FailedCheck(msgspec.Struct, frozen=True):
    """A failed check.

    Attributes:
        table: the view whose `checks.sql` contains the check.
        subject: the code, the source and the date, e.g. `unmatched_names: odds_api_player_props 2025-01-15`.
        detail: the rest of the message.
    """

    table: str
    subject: str
    detail: str


@cache
def views_with_checks() -> tuple[Table, ...]:
    """The views that have a `checks.sql`."""
    return tuple(t for t in tables.all_tables() if t.kind == "view" and (t.folder / "checks.sql").is_file())


def failed_checks(warehouse: Warehouse, over: Mapping[str, date]) -> tuple[FailedCheck, ...]:
    """The checks that fail for the dates from `start_date` to `end_date`, both included.

    Raises:
        Retryable: the warehouse did not answer.
    """
    return tuple(found for table in views_with_checks() for found in _failed_of(warehouse, table, over))


def _failed_of(warehouse: Warehouse, table: Table, over: Mapping[str, date]) -> list[FailedCheck]:
    try:
        warehouse.check(table, {name: over[name] for name in ("start_date", "end_date")})
    except ContractViolation as error:
        return problems(table.name, error.message)
    return []


def problems(table: str, message: str) -> list[FailedCheck]:
    """Parse the message of a failed check: `code: source date: detail`, several joined by ` | `.

    A message of another form becomes one entry with the subject `check_failed`.
    """
    found = [FailedCheck(table, subject, detail.strip()) for subject, detail in _PROBLEM.findall(message)]
    return found or [FailedCheck(table, "check_failed", message)]
