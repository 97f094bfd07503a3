"""The journal of the server: workflows, revisions, executions, and the calls, steps and marks of each execution.

It is one SQLite file (WAL). A call is written before it is made, and completed with its outcome. After a crash an
execution runs again from its start and its finished calls are answered from the journal, so at most the call in
progress is repeated.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tipoff_local.database import Database
from tipoff_local.workflows.language.values import Value, from_canonical

_SCHEMA = """
CREATE TABLE IF NOT EXISTS workflows (name TEXT PRIMARY KEY, body TEXT NOT NULL, revision INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS revisions (workflow TEXT, revision TEXT, body TEXT NOT NULL,
  PRIMARY KEY (workflow, revision));
CREATE TABLE IF NOT EXISTS executions (number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, workflow TEXT NOT NULL,
  revision TEXT NOT NULL, state TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS executions_of ON executions (workflow, number);
CREATE TABLE IF NOT EXISTS calls (execution TEXT, thread TEXT, seq INTEGER, ordinal INTEGER, routine TEXT, step TEXT,
  call TEXT, arguments TEXT, ok INTEGER, outcome TEXT, started_s REAL, ended_s REAL,
  PRIMARY KEY (execution, thread, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS steps (execution TEXT, entry INTEGER, thread TEXT, routine TEXT, step TEXT, kind TEXT,
  state TEXT, started_s REAL, ended_s REAL, exception TEXT, PRIMARY KEY (execution, entry)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marks (execution TEXT, routine TEXT, step TEXT, mark TEXT,
  PRIMARY KEY (execution, routine, step, mark)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class CallSite:
    """Identifies a call of an execution: the branch (`thread`), the call's number in it, and the step that makes it."""

    thread: str
    seq: int
    routine: str
    step: str


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A finished call. `arguments` and `outcome` are canonical texts; `ok` is False for a raised outcome."""

    site: CallSite
    call: str
    arguments: str
    ok: bool
    outcome: str

    @property
    def value(self) -> Value:
        """The outcome as a value."""
        return from_canonical(self.outcome)


@dataclass(slots=True)
class StepEntry:
    """One line of the step history; `ended_s` stays 0 while the step runs. Times are seconds since the epoch."""

    entry: int
    thread: str
    routine: str
    step: str
    kind: str
    state: str
    started_s: float
    ended_s: float = 0.0
    exception: str = ""


class Journal:
    """Reads and writes the file `workflows.sqlite` in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "workflows.sqlite", _SCHEMA)

    def note(self, execution: str, site: CallSite, call: str, arguments: str) -> float:
        """Write that a call is about to be made, and return when it was first made (before a restart, if so)."""
        row = (execution, site.thread, site.seq, None, site.routine, site.step, call, arguments, None, None)
        with self.database.transaction() as db:
            db.execute("INSERT OR IGNORE INTO calls VALUES (?,?,?,?,?,?,?,?,?,?,?,NULL)", (*row, time.time()))
            key = (execution, site.thread, site.seq)
            found = db.execute("SELECT started_s FROM calls WHERE (execution,thread,seq)=(?,?,?)", key).fetchone()
        return float(found[0])

    def record(self, execution: str, ordinal: int, record: CallRecord) -> None:
        """Write a finished call as the `ordinal`-th of its execution."""
        site, now = record.site, time.time()
        row = (
            execution,
            site.thread,
            site.seq,
            ordinal,
            site.routine,
            site.step,
            record.call,
            record.arguments,
        )
        sql = (
            "INSERT INTO calls VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET "
            "ordinal=excluded.ordinal, ok=excluded.ok, outcome=excluded.outcome, ended_s=excluded.ended_s"
        )
        with self.database.transaction() as db:
            db.execute(sql, (*row, record.ok, record.outcome, now, now))

    def finished_calls(self, execution: str) -> list[CallRecord]:
        """The finished calls of an execution, in the order in which they finished."""
        with self.database.reading() as db:
            sql = "SELECT * FROM calls WHERE execution=? AND ordinal IS NOT NULL ORDER BY ordinal"
            rows = db.execute(sql, (execution,)).fetchall()
        return [
            CallRecord(
                CallSite(r["thread"], r["seq"], r["routine"], r["step"]),
                r["call"],
                r["arguments"],
                bool(r["ok"]),
                r["outcome"],
            )
            for r in rows
        ]

    def delete_history(self, execution: str) -> None:
        """Delete steps and marks of an execution that is about to run again from its start."""
        with self.database.transaction() as db:
            db.execute("DELETE FROM steps WHERE execution=?", (execution,))
            db.execute("DELETE FROM marks WHERE execution=?", (execution,))

    def write_history(
        self, execution: str, entries: Iterable[StepEntry], marks: Iterable[tuple[str, str, str]]
    ) -> None:
        """Write new or changed step entries, and marks (routine, step, mark)."""
        rows = [
            (
                execution,
                e.entry,
                e.thread,
                e.routine,
                e.step,
                e.kind,
                e.state,
                e.started_s,
                e.ended_s,
                e.exception,
            )
            for e in entries
        ]
        with self.database.transaction() as db:
            db.executemany("INSERT OR REPLACE INTO steps VALUES (?,?,?,?,?,?,?,?,?,?)", rows)
            db.executemany("INSERT OR IGNORE INTO marks VALUES (?,?,?,?)", [(execution, *mark) for mark in marks])

    def step_entries(self, execution: str, limit: int = -1, offset: int = 0) -> list[StepEntry]:
        """The step history in order of entry."""
        with self.database.reading() as db:
            sql = "SELECT * FROM steps WHERE execution=? ORDER BY entry LIMIT ? OFFSET ?"
            rows = db.execute(sql, (execution, limit, offset)).fetchall()
        return [StepEntry(*tuple(row)[1:]) for row in rows]

    def step_count(self, execution: str) -> int:
        """How many steps were entered."""
        with self.database.reading() as db:
            return int(db.execute("SELECT COUNT(*) FROM steps WHERE execution=?", (execution,)).fetchone()[0])

    def current_steps(self, execution: str) -> list[tuple[str, str]]:
        """(routine, step) of the innermost steps: those that run, or the last one of an ended execution."""
        sql = (
            "SELECT routine, step FROM steps WHERE execution=? AND entry IN (SELECT MAX(entry) FROM steps "
            "WHERE execution=? AND state=? GROUP BY thread) ORDER BY entry"
        )
        with self.database.reading() as db:
            running = db.execute(sql, (execution, execution, "STATE_IN_PROGRESS")).fetchall()
            last = "SELECT routine, step FROM steps WHERE execution=? ORDER BY entry DESC LIMIT 1"
            rows = running or db.execute(last, (execution,)).fetchall()
        return [(row[0], row[1]) for row in rows]

    def marks(self, execution: str) -> set[tuple[str, str, str]]:
        """The marks that were reached: (routine, step, mark), with mark `step`, `arm:N`, `arm:none` or `except`."""
        with self.database.reading() as db:
            rows = db.execute("SELECT routine, step, mark FROM marks WHERE execution=?", (execution,)).fetchall()
        return {(row[0], row[1], row[2]) for row in rows}


class History:
    """The step history of one running execution, written in batches; `passed` holds all marks so far.

    `external_count` is the number of requests to other places than Google's cloud.

    The caller must hold the execution's interpreter lock.
    """

    _BATCH = 500

    def __init__(self, journal: Journal | None, execution: str) -> None:
        self._journal = journal
        self._execution = execution
        self._changed: dict[int, StepEntry] = {}
        self._marks: set[tuple[str, str, str]] = set()
        self.passed: set[tuple[str, str, str]] = set()
        self.count = 0
        self.external_count = 0

    def begin(self, thread: str, routine: str, step: str, kind: str) -> StepEntry:
        """Record that a step begins."""
        self.count += 1
        entry = StepEntry(self.count, thread, routine, step, kind, "STATE_IN_PROGRESS", time.time())
        self._changed[entry.entry] = entry
        if len(self._changed) >= self._BATCH:
            self.flush()
        return entry

    def end(self, entry: StepEntry, exception: str = "") -> None:
        """Record that a step ended, with the text of the error if it failed."""
        entry.state = "STATE_FAILED" if exception else "STATE_SUCCEEDED"
        entry.ended_s = time.time()
        entry.exception = exception
        self._changed[entry.entry] = entry

    def mark(self, routine: str, step: str, mark: str) -> None:
        """Record that a switch arm or `except` branch was entered, or that a step finished."""
        key = (routine, step, mark)
        if key not in self.passed:
            self.passed.add(key)
            self._marks.add(key)

    def flush(self) -> None:
        """Write what has changed."""
        if self._journal is not None and (self._changed or self._marks):
            self._journal.write_history(self._execution, self._changed.values(), self._marks)
        self._changed.clear()
        self._marks.clear()
