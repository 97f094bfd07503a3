"""`tipoff ingest`: any documents through the event path of a local cloud, and what became of each.

Upload, notification, push, the function's zip, committed rows: nothing here parses a document. The report is read
from the receipts; an object without one is unaccounted for, which is the only failure.
"""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff.core.contracts import route
from tipoff_local.mesh import Mesh
from tipoff_ops import documents
from tipoff_ops.build import Project
from tipoff_ops.landing import Landed, Lander, Progress, Upload
from tipoff_ops.local import LocalMesh, Manifest
from tipoff_ops.queries import load

INTAKE = ("ingest", "dead_letter", "reprocess")
INTAKE_SUBSCRIPTIONS = ("ingest", "dead-letter")
UNACCOUNTED = "unaccounted"
REFUSED = "refused"
REGISTRY_DAYS = 14


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one object.

    outcome: accepted, quarantined or ignored by its receipt; `refused` when the bucket itself holds no such name;
    `unaccounted` when it has no receipt. reason: the closed code, or the note of an accepted document.
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
    """Every object sent, in the order sent, and how many of them landed beforehand as their context."""

    objects: tuple[Fate, ...]
    context_objects: int = 0

    @property
    def unaccounted(self) -> int:
        """Objects of which nobody knows what became."""
        return sum(fate.outcome == UNACCOUNTED for fate in self.objects)

    def outcomes(self) -> Counter[str]:
        """Objects by outcome."""
        return Counter(fate.outcome for fate in self.objects)


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
    """The part of the mesh that takes documents in: what listens to raw-ready is left out."""

    def _start_host(self, mesh: Mesh) -> None:
        kept = {name: zipped for name, zipped in self.manifest.functions.items() if name in INTAKE}
        self.manifest = Manifest(self.manifest.release, kept)
        super()._start_host(mesh)


class Intake:
    """Sends documents into a running mesh and reports on them."""

    def __init__(self, mesh: LocalMesh) -> None:
        self._lander = Lander(mesh)
        self._warehouse = Warehouse(mesh.settings, [])

    def send(self, uploads: Iterable[Upload], progress: Progress) -> list[Landed]:
        """Land the documents and wait until every one of them has ended."""
        landed = []
        for one in self._lander.landed(uploads):
            landed.append(one)
            progress(1)
        self._lander.wait(INTAKE_SUBSCRIPTIONS)
        return landed

    def report(self, landed: Sequence[Landed], since: date, context_objects: int = 0) -> IntakeReport:
        """Read what became of them.

        Args:
            since: UTC date before which none of them was received.
            context_objects: how many documents were landed before them.
        """
        receipts = {
            (row.source_object, row.source_generation): row
            for row in self._warehouse.rows(load("receipts_since"), {"since_date": since}, _Receipt)
        }
        fates = (_fate(one, receipts.get((one.object_name, one.generation))) for one in landed)
        return IntakeReport(tuple(fates), context_objects)


def _fate(landed: Landed, receipt: _Receipt | None) -> Fate:
    if receipt is None:
        outcome = REFUSED if landed.refusal else UNACCOUNTED
        return Fate(
            object_name=landed.object_name,
            generation=landed.generation,
            bytes=landed.size_bytes,
            outcome=outcome,
            message=landed.refusal,
        )
    return Fate(
        object_name=landed.object_name,
        generation=landed.generation,
        bytes=landed.size_bytes,
        outcome=receipt.outcome,
        reason=receipt.reason,
        rows_in=receipt.rows_in,
        rows_out=receipt.rows_out,
        rows_rejected=receipt.rows_rejected,
        message=receipt.message,
    )


def ingest(
    mesh: LocalMesh, sources: Sequence[Path], before: Sequence[Path], progress: Progress, context: bool = True
) -> IntakeReport:
    """Send the documents of `sources`; those of `before` (or the corpus' own context of them) land first.

    Args:
        context: without `before`, land what a bucket would hold by then, from landing zips beside the source.
    """
    since = datetime.now(UTC).date()
    intake = Intake(mesh)
    earlier = 0
    for source in before:
        earlier += len(intake.send(documents.documents(source), progress))
    if context and not before:
        for source in sources:
            earlier += len(intake.send(surroundings(source), progress))
    landed = [one for source in sources for one in intake.send(documents.documents(source), progress)]
    return intake.report(landed, since, earlier)


def surroundings(source: Path) -> list[Upload]:
    """Earlier documents that those of `source` are to be compared with, from landing zips in the same folder.

    Two things cannot be told of a document alone: that it repeats an earlier one, and that the players it names are
    known. So: box scores of the same games, and those of two weeks before each props document.
    """
    if source.is_dir() or source.name.startswith("landing-"):
        return []
    mine = set(documents.names(source))
    games, days = _games_and_days(mine)
    first_days = [(day - timedelta(days=REGISTRY_DAYS), day) for day in days]

    def wanted(name: str) -> bool:
        where = route(name)
        if where is None or where.source != "nbac_boxscore" or where.day is None or name in mine:
            return False
        day = where.day
        return where.nba_game_id in games or any(first <= day < last for first, last in first_days)

    return [one for found in sorted(source.parent.glob("landing-*.zip")) for one in documents.documents(found, wanted)]


def _games_and_days(object_names: Iterable[str]) -> tuple[set[str], set[date]]:
    routes = [where for name in object_names if (where := route(name)) is not None]
    games = {where.nba_game_id for where in routes if where.source == "nbac_boxscore" and where.nba_game_id}
    days = {where.day for where in routes if where.source == "odds_api_player_props" and where.day}
    return games, days


def intake_mesh(project: Project, folder: Path) -> IntakeMesh:
    """A mesh that takes documents in and does nothing else, on all processors; to be started."""
    return IntakeMesh(project, folder, instances={"ingest": os.cpu_count() or 1}, warehouse_threads=1)
