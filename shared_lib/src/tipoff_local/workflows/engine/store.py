"""Reads and writes workflows, revisions and executions in the journal's file."""

import time

import msgspec

from tipoff_local.workflows.engine.journal import Journal

ACTIVE, SUCCEEDED, FAILED, CANCELLED = "ACTIVE", "SUCCEEDED", "FAILED", "CANCELLED"


class WorkflowRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow at one revision. Times are seconds since the epoch."""

    name: str
    revision_id: str
    source: str
    created_s: float
    updated_s: float
    description: str = ""
    labels: dict[str, str] = {}
    service_account: str = ""
    call_log_level: int = 0
    env: dict[str, str] = {}


class StackFrame(msgspec.Struct, frozen=True):
    """One element of a stack trace."""

    step: str
    routine: str
    line: int


class ExecutionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An execution. `argument` and `result` are JSON texts; `error_payload` is one if the state is FAILED."""

    name: str
    workflow: str
    revision_id: str
    argument: str
    started_s: float
    state: str = ACTIVE
    result: str = ""
    error_payload: str = ""
    error_context: str = ""
    stack: tuple[StackFrame, ...] = ()
    ended_s: float = 0.0
    labels: dict[str, str] = {}
    call_log_level: int = 0


class Store:
    """Reads and writes records; names are full resource names."""

    def __init__(self, journal: Journal) -> None:
        self._database = journal.database

    def workflow(self, name: str, revision_id: str = "") -> WorkflowRecord | None:
        """A workflow, the newest revision or a given one; None if there is none. Old revisions stay after deletion."""
        by_revision = "SELECT body FROM revisions WHERE workflow=? AND revision=?"
        with self._database.reading() as db:
            if revision_id:
                row = db.execute(by_revision, (name, revision_id)).fetchone()
            else:
                row = db.execute("SELECT body FROM workflows WHERE name=?", (name,)).fetchone()
        return msgspec.json.decode(row[0], type=WorkflowRecord) if row else None

    def workflows(self, parent: str) -> list[WorkflowRecord]:
        """The workflows of a location, by name."""
        with self._database.reading() as db:
            sql = "SELECT body FROM workflows WHERE name GLOB ? ORDER BY name"
            rows = db.execute(sql, (f"{parent}/workflows/*",)).fetchall()
        return [msgspec.json.decode(row[0], type=WorkflowRecord) for row in rows]

    def revisions(self, name: str) -> list[WorkflowRecord]:
        """All revisions, newest first."""
        with self._database.reading() as db:
            sql = "SELECT body FROM revisions WHERE workflow=? ORDER BY revision DESC"
            rows = db.execute(sql, (name,)).fetchall()
        return [msgspec.json.decode(row[0], type=WorkflowRecord) for row in rows]

    def put_workflow(self, record: WorkflowRecord) -> None:
        """Save a workflow and its revision."""
        body = msgspec.json.encode(record).decode()
        number = int(record.revision_id.split("-")[0])
        with self._database.transaction() as db:
            db.execute("INSERT OR REPLACE INTO workflows VALUES (?,?,?)", (record.name, body, number))
            db.execute("INSERT OR REPLACE INTO revisions VALUES (?,?,?)", (record.name, record.revision_id, body))

    def delete_workflow(self, name: str) -> None:
        """Delete a workflow; its executions and revisions stay, because some may still run."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM workflows WHERE name=?", (name,))

    def execution(self, name: str) -> ExecutionRecord | None:
        """An execution by name."""
        with self._database.reading() as db:
            row = db.execute("SELECT body FROM executions WHERE name=?", (name,)).fetchone()
        return msgspec.json.decode(row[0], type=ExecutionRecord) if row else None

    def executions(self, workflow: str, limit: int, offset: int) -> list[ExecutionRecord]:
        """Executions of a workflow, newest first."""
        with self._database.reading() as db:
            sql = "SELECT body FROM executions WHERE workflow=? ORDER BY number DESC LIMIT ? OFFSET ?"
            rows = db.execute(sql, (workflow, limit, offset)).fetchall()
        return [msgspec.json.decode(row[0], type=ExecutionRecord) for row in rows]

    def active(self) -> list[ExecutionRecord]:
        """Executions that have not ended."""
        with self._database.reading() as db:
            rows = db.execute("SELECT body FROM executions WHERE state=? ORDER BY number", (ACTIVE,)).fetchall()
        return [msgspec.json.decode(row[0], type=ExecutionRecord) for row in rows]

    def create_execution(self, record: ExecutionRecord) -> bool:
        """Save a new execution; False if the name is taken."""
        row = (
            record.name,
            record.workflow,
            record.revision_id,
            record.state,
            msgspec.json.encode(record).decode(),
        )
        with self._database.transaction() as db:
            sql = "INSERT OR IGNORE INTO executions(name,workflow,revision,state,body) VALUES (?,?,?,?,?)"
            return db.execute(sql, row).rowcount == 1

    def end_execution(self, record: ExecutionRecord) -> bool:
        """Save how an execution ended; False if it had ended before."""
        body = msgspec.json.encode(record).decode()
        with self._database.transaction() as db:
            sql = "UPDATE executions SET state=?, body=? WHERE name=? AND state=?"
            return db.execute(sql, (record.state, body, record.name, ACTIVE)).rowcount == 1


def ended(record: ExecutionRecord, state: str, **facts: object) -> ExecutionRecord:
    """The record of an execution that ends now."""
    return msgspec.structs.replace(record, state=state, ended_s=time.time(), **facts)
