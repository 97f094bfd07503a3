"""What a table holds for a date, as a digest of all that decides it: a step over an unchanged world has nothing to do.

The identity of a table and a date has its statements and those of all that it reads, the lead, and the documents that
were visible at the cutoff. The clock and `as_of` are no part of it: without a new document, a later run gives the same
rows. There are two kinds of tables. A table with the tag `as_of_context` says what was known before the games of a
date: it reads what was observed before their cutoffs, of the last 420 days. The other tables say what happened on a
date: they read the documents of that date.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

import msgspec

from tipoff import tables
from tipoff.core.errors import ConfigInvalid
from tipoff.core.receipts import InputDigest
from tipoff.tables import Table
from tipoff.tables.rebuild import rebuild_script

WINDOW = timedelta(days=420)  # as in readable_documents.sql
SCHEDULE = "nbac_schedule"
NOTHING = "nothing"  # the identity of a table that can hold no row for a date


class ReadableDocuments(msgspec.Struct, frozen=True):
    """The documents of one landing table that a date can read; see `readable_documents.sql`.

    Attributes:
        games: number of games that any schedule states for the date.
        row_count, newest_ingested_at: rows of all documents of the window, and when the newest of them was committed.
        documents_of_date: number of documents that speak of the date.
        of_date, of_date_before_tipoff, before_cutoff: digests of documents: those that speak of the date; of these,
            those observed before its last tip-off; those of the window that were observed before its last cutoff.
    """

    game_date: date
    games: int
    table_name: str
    row_count: int = 0
    newest_ingested_at: datetime | None = None
    documents_of_date: int = 0
    of_date: int = 0
    of_date_before_tipoff: int = 0
    before_cutoff: int = 0


class PredictionsOfDate(msgspec.Struct, frozen=True):
    """The predictions that stand for a date; see `predictions_of_dates.sql`."""

    game_date: date
    row_count: int
    newest_ingested_at: datetime | None
    of_date: int


@dataclass(frozen=True)
class Inputs:
    """What the dates of a range can read.

    Attributes:
        documents: by date and landing table.
        games: number of games by date.
        predictions: by date; empty unless a table reads them.
    """

    documents: Mapping[tuple[date, str], ReadableDocuments]
    games: Mapping[date, int]
    predictions: Mapping[date, PredictionsOfDate]

    def of(self, table: Table, days: Sequence[date]) -> tuple[InputDigest, ...]:
        """The state of each landing table that `table` reads, over these dates, for a receipt."""
        return tuple(self._of_leaf(leaf, days) for leaf in sorted(leaf_inputs(table)))

    def _of_leaf(self, leaf: str, days: Sequence[date]) -> InputDigest:
        found = [self.documents[day, leaf] for day in days if (day, leaf) in self.documents]
        newest = max((one.newest_ingested_at for one in found if one.newest_ingested_at), default=None)
        return InputDigest(leaf, max((one.row_count for one in found), default=0), newest)


@cache
def upstream(table: Table) -> frozenset[str]:
    """Everything the table reads, directly or through other tables and views (`dataset.table` names)."""
    by_name = {found.full_name: found for found in tables.all_tables()}
    seen: set[str] = set()
    todo = list(table.spec.inputs)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(by_name[name].spec.inputs)
    return frozenset(seen)


def leaf_inputs(table: Table) -> frozenset[str]:
    """The landing tables at the far end of what the table reads, by bare name."""
    return frozenset(t.name for t in tables.all_tables() if t.kind == "landing" and t.full_name in upstream(table))


def derived_inputs(table: Table) -> tuple[Table, ...]:
    """The derived tables that the table reads, directly or not, in lineage order."""
    return tuple(t for t in tables.lineage_order() if t.kind == "derived" and t.full_name in upstream(table))


def reads_predictions(table: Table) -> bool:
    """Whether the table depends on predictions."""
    return tables.get("player_prop_predictions_log").full_name in upstream(table)


def is_context(table: Table) -> bool:
    """Whether the rows of the table depend on the cutoffs of their games."""
    return "as_of_context" in table.spec.tags


@cache
def definition(table: Table) -> str:
    """Digest of the table's statements, and of those of every table and view that it reads."""
    texts = [rebuild_script(table)]
    for found in tables.lineage_order():
        if found.full_name in upstream(table) and found.kind in ("derived", "view", "table_function"):
            texts += [path.read_text(encoding="utf-8") for path in sorted(found.folder.glob("*.sql"))]
    return _digest(texts)


def identity(
    table: Table, day: date, lead_minutes: int, inputs: Inputs, built: Mapping[str, Mapping[date, str]]
) -> str:
    """The identity of one table and date.

    Args:
        built: by full name of a table, the identity of each date from which its rows were built.

    Raises:
        ConfigInvalid: a table without `as_of_context` names no `rows_from`.
    """
    if is_context(table):
        if not inputs.games.get(day, 0):
            return NOTHING
        read = _seen_before_cutoff(table, day, inputs)
        return _digest([definition(table), day, lead_minutes, read, _read_tables(table, day, built)])
    if not table.spec.rows_from:
        raise ConfigInvalid("no_rows_from", f"{table.full_name} does not name the landing tables that its rows need")
    if not all(_documents(inputs, day, leaf).documents_of_date for leaf in table.spec.rows_from):
        return NOTHING
    read = tuple((leaf, _seen_of_date(inputs, day, leaf)) for leaf in sorted(leaf_inputs(table)))
    predictions = inputs.predictions.get(day) if reads_predictions(table) else None
    return _digest([definition(table), day, read, predictions and predictions.of_date, _same_date(table, day, built)])


def _documents(inputs: Inputs, day: date, leaf: str) -> ReadableDocuments:
    return inputs.documents.get((day, leaf), ReadableDocuments(day, 0, leaf))


def _seen_before_cutoff(table: Table, day: date, inputs: Inputs) -> tuple[tuple[str, int], ...]:
    return tuple((leaf, _documents(inputs, day, leaf).before_cutoff) for leaf in sorted(leaf_inputs(table)))


def _seen_of_date(inputs: Inputs, day: date, leaf: str) -> int:
    """The documents of a date. Of schedules, only those from before the games count, if there are any."""
    found = _documents(inputs, day, leaf)
    return (found.of_date_before_tipoff if leaf == SCHEDULE else 0) or found.of_date


def _same_date(table: Table, day: date, built: Mapping[str, Mapping[date, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((t.full_name, built.get(t.full_name, {}).get(day, "")) for t in derived_inputs(table))


def _read_tables(table: Table, day: date, built: Mapping[str, Mapping[date, str]]) -> list[tuple[str, str]]:
    """What the derived inputs were built from: contexts of the same date, facts of the dates before it."""
    found = []
    for read in derived_inputs(table):
        of_table = built.get(read.full_name, {})
        if is_context(read):
            found.append((read.full_name, of_table.get(day, "")))
        else:
            earlier = sorted((other, of_table[other]) for other in of_table if day - WINDOW <= other < day)
            found.append((read.full_name, _digest([one for one in earlier if one[1] != NOTHING])))
    return found


def _digest(parts: Sequence[object]) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
