"""What each date of a derived table was built from: one object for each table in the state bucket.

A rebuild first marks its dates (`begin`), and records their identities after its receipts are written (`end`). A
rebuild that was killed in between leaves the mark, which equals no identity, so the dates are built again. Dates that
another rebuild has marked since are left to that one.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime

import msgspec

from tipoff.cloud.storage import ObjectStore
from tipoff.core.errors import Conflict, NotReady
from tipoff.tables import Table

KEPT_DATES = 3000  # about fifteen seasons; an older date is built again whenever it is asked for
ATTEMPTS = 5


class BuiltDate(msgspec.Struct, frozen=True):
    """One date.

    Attributes:
        identity: see `tipoff.steps.rebuild.identity`; empty while it is being built.
        as_of: of the rebuild; the cutoffs of the rows do not lie after it.
        rows: how many rows stand in the table.
        mark: identifies the rebuild.
    """

    identity: str
    as_of: datetime
    rows: int = 0
    mark: str = ""


type BuiltDates = Mapping[date, BuiltDate]


class _Content(msgspec.Struct, frozen=True):
    dates: dict[date, BuiltDate] = {}


class BuiltTables:
    """The objects of one state bucket."""

    def __init__(self, store: ObjectStore, bucket: str) -> None:
        self._store = store
        self._bucket = bucket

    def read(self, table: Table) -> BuiltDates:
        """The dates of a table; none if nothing was ever built."""
        return self._read(table)[0].dates

    def begin(self, table: Table, days: Iterable[date], as_of: datetime, mark: str) -> None:
        """Mark dates as being built."""
        marked = {day: BuiltDate("", as_of, 0, mark) for day in days}
        self._change(table, lambda _: marked)

    def end(self, table: Table, found: Mapping[date, BuiltDate]) -> None:
        """Record the identities of dates whose mark is still that of `begin`."""

        def still_ours(dates: BuiltDates) -> BuiltDates:
            return {day: new for day, new in found.items() if day in dates and dates[day].mark == new.mark}

        self._change(table, still_ours)

    def _change(self, table: Table, changed: Callable[[BuiltDates], BuiltDates]) -> None:
        for left in reversed(range(ATTEMPTS)):
            content, generation = self._read(table)
            dates = {**content.dates, **changed(content.dates)}
            kept = {day: dates[day] for day in sorted(dates)[-KEPT_DATES:]}
            try:
                self._store.write(
                    self._bucket, _key(table), msgspec.json.encode(_Content(kept)), if_generation=generation
                )
            except Conflict:
                if not left:
                    raise
            else:
                return

    def _read(self, table: Table) -> tuple[_Content, int]:
        try:
            found = self._store.read(self._bucket, _key(table))
        except NotReady:
            return _Content(), 0
        return msgspec.json.decode(found.data, type=_Content), found.generation


def _key(table: Table) -> str:
    return f"built/{table.full_name}.json"
