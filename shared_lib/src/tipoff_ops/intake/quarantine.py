"""`tipoff quarantine ls`, `show` and `replay`: what was refused and why, and a new attempt after a repair.

An entry is a document, a row of one, or a message that a function refused or gave up.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import typer

from tipoff import tables
from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.pubsub import Topics
from tipoff.core import receipts
from tipoff_ops.cli.apps import new_app
from tipoff_ops.cli.options import AsJson, DryRun, Env, Folder, Project
from tipoff_ops.cli.output import fail, folding_table, out, print_fields, print_json
from tipoff_ops.local.function_call import CallFailed, post
from tipoff_ops.operate.function_access import function_access
from tipoff_ops.operate.target import Target, selected_target
from tipoff_ops.queries import load

app = new_app("List, show and replay what was refused.")

Code = Annotated[str, typer.Option("--code", help="Only this reason code.")]
Object = Annotated[str, typer.Option("--object", help="Only this object, or this name of a message.")]
Level = Annotated[str, typer.Option("--level", help="Only this level: document, row or message.")]


class QuarantineEntry(msgspec.Struct, frozen=True):
    """A document, row or message that was refused; `replayed_at` is set once it was accepted or sent again.

    Attributes:
        rule: the rule that it broke; for a message that was given up, its subscription.
        value: the refused value; for a message, its text.
    """

    source: str
    level: str
    source_object: str
    source_generation: int
    row_index: int | None
    code: str
    field: str | None
    value: str | None
    rule: str | None
    message: str
    copy_object: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    times_seen: int
    replayed_at: datetime | None
    release: str


class ReplayAccount(msgspec.Struct, frozen=True):
    """What a replay did: objects that were ingested again, messages that were sent again, and what cannot be."""

    status: str
    listed: int
    loaded: int = 0
    quarantined: int = 0
    messages_sent: int = 0
    not_replayable: tuple[str, ...] = ()


@app.command("ls")
def ls(
    code: Code = "",
    level: Level = "",
    replayed: Annotated[bool, typer.Option("--all", help="Also entries that were replayed already.")] = False,
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """List the entries in quarantine.

    Example: tipoff quarantine ls --code schema
    """
    with selected_target(folder, project, env) as target:
        entries = read_entries(target.warehouse, code, level=level, replayed=replayed)
    if as_json:
        print_json(entries)
    elif entries:
        _print_entries(entries)
    else:
        out.print("nothing is in quarantine" + (f" with code {code}" if code else ""))


@app.command("show")
def show(
    source_object: Annotated[str, typer.Argument(help="Full name of an object, or of a message.")],
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """Show all entries of one object.

    Example: tipoff quarantine show nba-com/schedule/2025-26/20251018T130000Z.json
    """
    with selected_target(folder, project, env) as target:
        entries = read_entries(target.warehouse, source_object=source_object, replayed=True)
    if as_json:
        print_json(entries)
    for entry in () if as_json else entries:
        print_fields({name: value for name, value in msgspec.structs.asdict(entry).items() if value is not None}, False)
        out.print()
    if not entries and not as_json:
        out.print(f"nothing named {source_object} was ever in quarantine", soft_wrap=True)
    raise typer.Exit(0 if entries else 1)


@app.command("replay")
def replay(
    code: Code = "",
    source_object: Object = "",
    level: Level = "",
    dry_run: DryRun = False,
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """Ingest objects in quarantine again, and send refused messages again.

    Choose by reason code, object or level. Each is accepted now, or refused as before.

    Example: tipoff quarantine replay --code schema
    """
    if not (code or source_object or level):
        raise typer.BadParameter("give --code, --object or --level")
    with selected_target(folder, project, env, functions=True) as target:
        entries = read_entries(target.warehouse, code, source_object, level)
        try:
            account = replay_entries(target, entries, dry_run)
        except CallFailed as error:
            fail(str(error))
    print_fields(msgspec.structs.asdict(account), as_json)
    raise typer.Exit(1 if account.quarantined or account.not_replayable else 0)


def read_entries(
    warehouse: Warehouse, code: str = "", source_object: str = "", level: str = "", replayed: bool = False
) -> list[QuarantineEntry]:
    """Entries in quarantine, newest first.

    Args:
        code, source_object, level: only entries with this code, object or level; empty for all.
        replayed: whether entries that were replayed already are included.
    """
    parameters = {"code": code, "source_object": source_object, "level": level}
    found = warehouse.rows(load(__file__, "quarantine_entries"), parameters, QuarantineEntry)
    return [entry for entry in found if replayed or entry.replayed_at is None]


def replay_entries(target: Target, entries: Sequence[QuarantineEntry], dry_run: bool) -> ReplayAccount:
    """Ingest the objects of `entries` again, each once, and publish their messages again on their topics.

    A message that tells of an object is that object. Other messages are marked as replayed when they were published.

    Raises:
        CallFailed: the function `reprocess` refuses the call.
    """
    objects = sorted({entry.source_object for entry in entries if is_object(entry)})
    messages = [entry for entry in entries if not is_object(entry)]
    sendable = [entry for entry in messages if _topic(target, entry)]
    lost = tuple(entry.source_object for entry in messages if entry not in sendable)
    if not entries:
        return ReplayAccount("nothing_held", 0)
    listed = len(objects) + len(messages)
    if dry_run:
        return ReplayAccount("planned", listed, not_replayable=lost)
    done = _ingest_again(target, objects) if objects else {"loaded": 0, "quarantined": 0}
    _send(target, sendable)
    return ReplayAccount("completed", listed, done["loaded"], done["quarantined"], len(sendable), lost)


def _ingest_again(target: Target, objects: Sequence[str]) -> dict[str, Any]:
    url, token = function_access(target, "reprocess")
    return post(f"{url}/replay", token, {"objects": objects, "force": True})


def is_object(entry: QuarantineEntry) -> bool:
    """Whether the entry is an object, a row of one, or a message that tells of one."""
    return entry.level != "message" or entry.source_generation > 0


def _topic(target: Target, entry: QuarantineEntry) -> str | None:
    """The topic of the subscription that gave a message up; None if the entry does not name one."""
    given_up = (entry.rule or "").rpartition("/")[2]
    return next((each.topic for each in target.names.subscriptions.values() if each.name == given_up), None)


def _send(target: Target, entries: Sequence[QuarantineEntry]) -> None:
    topics = Topics(target.settings)
    for entry in entries:
        topics.publish(_topic(target, entry) or "", msgspec.Raw((entry.value or "").encode()), entry.source_object)
    now = datetime.now(UTC)
    marks = [
        receipts.QuarantineEntry(
            quarantined_date=now.date(),
            source=entry.source,
            level="message",
            source_object=entry.source_object,
            source_generation=entry.source_generation,
            row_index=None,
            code=entry.code,
            field=None,
            value=entry.value,
            rule=entry.rule,
            message=entry.message,
            copy_object=None,
            quarantined_at=entry.last_seen_at,
            release=entry.release,
            replayed_at=now,
        )
        for entry in entries
    ]
    target.warehouse.append(tables.get("quarantine_log"), marks)


def _print_entries(entries: Sequence[QuarantineEntry]) -> None:
    """Entries by code, level and rule, with the whole name of every object."""
    table = folding_table("code", "level", "object", "row", "field", "rule", "seen")
    for entry in entries:
        row = "" if entry.row_index is None else str(entry.row_index)
        cells = (entry.source_object, row, entry.field or "", entry.rule or "", str(entry.times_seen))
        table.add_row(entry.code, entry.level, *cells)
    out.print(table)
