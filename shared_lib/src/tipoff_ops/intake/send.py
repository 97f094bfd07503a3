"""Sends documents through the event path of a local cloud, and reports the outcome of each.

The path is the one of production: upload, notification, push, the zip of the function, committed rows. Nothing here
parses a document. The report is read from the receipts. Only an object without a receipt is a failure.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff.sources import route
from tipoff_local.mesh import Mesh
from tipoff_ops.build import Project, find_project
from tipoff_ops.cli.output import console
from tipoff_ops.intake.documents import object_names, read_documents
from tipoff_ops.local.cloud import LocalMesh, Manifest
from tipoff_ops.local.errors import report_errors
from tipoff_ops.local.folder import cloud_folder
from tipoff_ops.local.upload import Progress, Upload, UploadedObject, Uploader
from tipoff_ops.queries import load

FUNCTIONS = ("ingest", "dead_letter", "reprocess")
UNACCOUNTED = "unaccounted"
REFUSED = "refused"
PLAYER_HISTORY_DAYS = 14


class ObjectOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one object.

    Attributes:
        outcome: accepted, quarantined or ignored by its receipt; `refused` if the bucket refused the name;
            `unaccounted` if it has no receipt.
        reason: the reason code, or the note of an accepted document.
    """

    object_name: str
    generation: int
    bytes: int
    outcome: str
    reason: str | None = None
    rows_in: int = 0
    rows_out: int = 0
    rows_rejected: int = 0
    message: str | None = None


class IntakeReport(msgspec.Struct, frozen=True):
    """Every object in the order sent, and the number of context documents that were uploaded before them."""

    objects: tuple[ObjectOutcome, ...]
    context_objects: int = 0

    @property
    def unaccounted(self) -> int:
        """Objects without a receipt."""
        return sum(each.outcome == UNACCOUNTED for each in self.objects)

    def outcomes(self) -> Counter[str]:
        """Number of objects by outcome."""
        return Counter(each.outcome for each in self.objects)


class _Receipt(msgspec.Struct, frozen=True):
    source_object: str
    source_generation: int
    outcome: str
    reason: str | None
    rows_in: int
    rows_out: int
    rows_rejected: int
    message: str | None


@dataclass
class IntakeMesh(LocalMesh):
    """A mesh with only the functions that ingest documents; nothing listens to `raw-ready`."""

    def _start_host(self, mesh: Mesh) -> None:
        functions = {name: zipped for name, zipped in self.manifest.functions.items() if name in FUNCTIONS}
        self.manifest = Manifest(self.manifest.release, functions)
        super()._start_host(mesh)


class Intake:
    """Sends documents into a running mesh and reports their outcomes."""

    def __init__(self, mesh: LocalMesh) -> None:
        self._uploader = Uploader(mesh)
        self._warehouse = Warehouse(mesh.settings, [])

    def send(self, uploads: Iterable[Upload], progress: Progress) -> list[UploadedObject]:
        """Upload the documents and wait until all their messages are delivered."""
        sent = []
        for uploaded in self._uploader.upload_each(uploads):
            sent.append(uploaded)
            progress(1)
        self._uploader.wait()
        return sent

    def report(self, sent: Sequence[UploadedObject], since: date, context_objects: int = 0) -> IntakeReport:
        """Read the outcomes of sent objects.

        Args:
            since: UTC date before which none of them was received.
            context_objects: number of documents that were uploaded before them as context.
        """
        receipts = {
            (row.source_object, row.source_generation): row
            for row in self._warehouse.rows(load(__file__, "receipts_since"), {"since_date": since}, _Receipt)
        }
        outcomes = (_outcome(each, receipts.get((each.object_name, each.generation))) for each in sent)
        return IntakeReport(tuple(outcomes), context_objects)


def _outcome(sent: UploadedObject, receipt: _Receipt | None) -> ObjectOutcome:
    if receipt is None:
        outcome = REFUSED if sent.refusal else UNACCOUNTED
        return ObjectOutcome(
            object_name=sent.object_name,
            generation=sent.generation,
            bytes=sent.size_bytes,
            outcome=outcome,
            message=sent.refusal,
        )
    return ObjectOutcome(
        object_name=sent.object_name,
        generation=sent.generation,
        bytes=sent.size_bytes,
        outcome=receipt.outcome,
        reason=receipt.reason,
        rows_in=receipt.rows_in,
        rows_out=receipt.rows_out,
        rows_rejected=receipt.rows_rejected,
        message=receipt.message,
    )


def send_all(
    mesh: LocalMesh, sources: Sequence[Path], before: Sequence[Path], progress: Progress, context: bool = True
) -> IntakeReport:
    """Send the documents of `sources`, after those of `before` or after their context, and report their outcomes.

    Args:
        context: whether, without `before`, the documents of `context_documents` are sent first.
    """
    since = datetime.now(UTC).date()
    intake = Intake(mesh)
    earlier = 0
    for source in before:
        earlier += len(intake.send(read_documents(source), progress))
    if context and not before:
        for source in sources:
            earlier += len(intake.send(context_documents(source), progress))
    sent = [each for source in sources for each in intake.send(read_documents(source), progress)]
    return intake.report(sent, since, earlier)


def context_documents(source: Path) -> list[Upload]:
    """Earlier documents that change the outcome of those of `source`, from landing zips in the same folder.

    A document alone does not show whether it repeats an earlier one, and whether the players it names are known. So the
    context is the box scores of the same games, and those of two weeks before each props document.
    """
    if source.is_dir() or source.name.startswith("landing-"):
        return []
    own_names = set(object_names(source))
    games, days = _games_and_days(own_names)
    first_days = [(day - timedelta(days=PLAYER_HISTORY_DAYS), day) for day in days]

    def is_context(name: str) -> bool:
        where = route(name)
        if where is None or where.source != "nbac_boxscore" or where.day is None or name in own_names:
            return False
        day = where.day
        return where.nba_game_id in games or any(first <= day < last for first, last in first_days)

    zips = sorted(source.parent.glob("landing-*.zip"))
    return [document for each in zips for document in read_documents(each, is_context)]


def _games_and_days(names: Iterable[str]) -> tuple[set[str], set[date]]:
    routes = [where for name in names if (where := route(name)) is not None]
    games = {where.nba_game_id for where in routes if where.source == "nbac_boxscore" and where.nba_game_id}
    days = {where.day for where in routes if where.source == "odds_api_player_props" and where.day}
    return games, days


def intake_mesh(project: Project, folder: Path) -> IntakeMesh:
    """A mesh, not yet started, that ingests documents on all processors and does nothing else."""
    return IntakeMesh(project, folder, instances={"ingest": os.cpu_count() or 1}, warehouse_threads=1)


@contextmanager
def temporary_mesh(data: Path | None) -> Iterator[IntakeMesh]:
    """A running mesh for one command, with its data in `data`, or in a folder that is deleted at the end.

    The command exits with 1 if another process uses `data`.
    """
    with tempfile.TemporaryDirectory(prefix="tipoff-") as scratch:
        cloud = cloud_folder(data or Path(scratch) / "cloud")
        with report_errors(), cloud.locked():
            mesh = intake_mesh(find_project(), cloud.data)
            try:
                with console.status("starting the local cloud"):
                    mesh.start()
                yield mesh
            finally:
                mesh.stop()
