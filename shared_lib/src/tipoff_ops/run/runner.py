"""Plays a scenario on a running mesh: documents are uploaded at their instants, workflows run before and after games.

The documents are simulated or real; they take the same way through the mesh.
"""

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.storage import ObjectStore
from tipoff.cloud.workflows import Execution, Workflows
from tipoff.steps.publish import PAGE_NAME
from tipoff_ops.cost.days import playing
from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.upload import Upload, Uploader
from tipoff_ops.queries import load
from tipoff_ops.run.scenario import Document, Scenario

LEAD_MINUTES = 60
POLL_S = 0.2
_DATES = ("game_date", "start_date", "end_date", "cutoff_date")
NEXT_DAY_FINALS = timedelta(hours=15)  # after the UTC midnight that follows the date


class WorkflowFailed(Exception):
    """An execution ended FAILED; the message contains its error."""


class _Tipoffs(msgspec.Struct, frozen=True):
    first_at: datetime | None
    last_at: datetime | None
    games: int


class Runner:
    """Plays one scenario on a running mesh."""

    def __init__(self, mesh: LocalMesh, scenario: Scenario, console: Console) -> None:
        self._mesh = mesh
        self._scenario = scenario
        self._console = console
        self._uploader = Uploader(mesh)
        self.warehouse = Warehouse(mesh.settings, [])
        self._workflows = Workflows(mesh.settings, mesh.settings.region)
        self._uploaded = 0

    def play(self) -> None:
        """Upload, predict, upload and grade, day by day.

        Raises:
            WorkflowFailed: an execution failed.
        """
        self._upload_until(self._first_instant(), "the season so far")
        if self._scenario.trains_from is not None:
            self._train(self._scenario.trains_from)
        for day in self._scenario.dates:
            with playing(self._mesh.folder, day):
                self._play_day(day)

    def _train(self, trains_from: date) -> None:
        """Rebuild every date before the first one that is predicted, train on them, and put the model in force."""
        day, as_of = self._scenario.dates[0], _text(self._first_instant())
        dates = {"start_date": str(trains_from), "end_date": str(day - timedelta(days=1))}
        self._execute("reprocess", {**dates, "to_step": "precompute", "as_of": as_of})
        self._execute("train", {"cutoff_date": str(day), "as_of": as_of})

    def save_page(self, path: Path) -> None:
        """Write the published page to `path`, for a browser without credentials."""
        page = ObjectStore(self._mesh.settings).read(self._mesh.names.buckets["public"], PAGE_NAME)
        path.write_bytes(page.data)

    def _play_day(self, day: date) -> None:
        tipoffs = self.warehouse.rows(load(__file__, "tipoffs_of_date"), {"game_date": day}, _Tipoffs)[0]
        if tipoffs.first_at is None or tipoffs.last_at is None:
            self._console.print(f"{day}: no games")
            return
        tipoff_at = tipoffs.first_at if self._scenario.before_first_tipoff else tipoffs.last_at
        as_of = tipoff_at - timedelta(minutes=LEAD_MINUTES)
        self._upload_until(as_of, f"{day} until {as_of:%H:%M} UTC")
        self._execute("daily", {"game_date": str(day), "as_of": _text(as_of), "lead_minutes": LEAD_MINUTES})
        after = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) + NEXT_DAY_FINALS
        self._upload_until(after, f"{day} final scores")
        self._execute("postgame", {"game_date": str(day), "as_of": _text(after)})

    def _first_instant(self) -> datetime:
        first = self._scenario.dates[0]
        return datetime(first.year, first.month, first.day, 9, tzinfo=UTC)

    def _upload_until(self, until: datetime, what: str) -> None:
        """Upload what was observed before `until` and is not uploaded yet."""
        end = bisect_left(self._scenario.documents, until, key=lambda found: found.observed_at)
        documents = self._scenario.documents[self._uploaded : end]
        self._uploaded = max(self._uploaded, end)
        if documents:
            self._upload(documents, what)

    def _upload(self, documents: Sequence[Document], what: str) -> None:
        started = time.monotonic()
        with _progress_bar(self._console) as progress:
            task = progress.add_task(f"uploading {what}", total=len(documents))
            self._uploader.upload(_uploads(documents), lambda n: progress.update(task, advance=n))
            progress.update(task, description=f"ingesting {what}")
            self._uploader.wait()
        seconds = time.monotonic() - started
        self._console.print(f"  {len(documents)} documents ({what}) in {seconds:.1f} s")

    def _execute(self, key: str, argument: dict[str, str | int]) -> Execution:
        started = time.monotonic()
        execution = self._workflows.start(self._mesh.names.workflows[key].name, argument)
        while execution.state in ("ACTIVE", "QUEUED", "STATE_UNSPECIFIED"):
            time.sleep(POLL_S)
            execution = self._workflows.get(execution.name)
        seconds = time.monotonic() - started
        if execution.state != "SUCCEEDED":
            raise WorkflowFailed(f"{key} {argument}: {execution.state} {execution.error}")
        outcome = msgspec.json.decode(execution.result or "{}", type=_Result).outcome
        days = [str(argument[name]) for name in _DATES if name in argument]
        self._console.print(f"  {key} {' to '.join(days)}: {outcome} in {seconds:.1f} s")
        return execution


class _Result(msgspec.Struct, frozen=True):
    outcome: str = "ok"


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _uploads(documents: Iterable[Document]) -> Iterator[Upload]:
    return (Upload(found.object_name, found.body) for found in documents)


def _progress_bar(console: Console) -> Progress:
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)
