"""`tipoff run`: documents land at their instants, the daily workflow runs before tip-off, the postgame one after it.

The league is simulated, or a corpus of real documents; the way of the data is the same.
"""

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.storage import ObjectStore
from tipoff.cloud.workflows import Execution, Workflows
from tipoff.steps.publish import PAGE_NAME
from tipoff_ops.corpus import Corpus
from tipoff_ops.landing import Lander, Upload
from tipoff_ops.local import LocalMesh
from tipoff_ops.queries import load
from tipoff_sim import League, Volume
from tipoff_sim.market import BOOKS

LEAD_MINUTES = 60
SIMULATED_START = date(2025, 10, 21)
SIMULATED_DAYS = 30
SIMULATED_SEED = 7
# Lines and reports in the morning, props once more before tip-off, no ladders: a demonstration is not to be waited for.
SIMULATED_VOLUME = Volume(
    lines_before_tipoff=(),
    props_before_tipoff=(90,),
    report_every=8,
    books=tuple(book for book in BOOKS if not book.has_ladder),
)
PREDICTED_DAYS = 3
LOOK_EVERY_S = 0.2
MORNING_AFTER = timedelta(hours=15)
PUSHED = ("ingest", "analyze", "re-predict", "predict", "dead-letter")


class WorkflowFailed(Exception):
    """An execution ended FAILED; the message carries what it said."""


class Document(Protocol):
    """A source document with the instant at which it could be seen."""

    @property
    def object_name(self) -> str:
        """Its name in the landing bucket."""
        ...

    @property
    def observed_at(self) -> datetime:
        """UTC."""
        ...

    @property
    def body(self) -> bytes:
        """Its bytes."""
        ...


@dataclass(frozen=True)
class Story:
    """What is to happen: documents in the order of their instants, and the dates to predict and grade."""

    title: str
    documents: Sequence[Document]
    dates: tuple[date, ...]
    before_first_tipoff: bool


def simulated_story() -> Story:
    """A league's opening stretch; the last days are predicted, strictly before their first tip-off."""
    season = League(SIMULATED_SEED).season(SIMULATED_START, SIMULATED_DAYS, SIMULATED_VOLUME)
    return Story("a simulated league", tuple(season), season.game_dates[-PREDICTED_DAYS:], True)


def corpus_story(path: Path, first: date, last: date) -> Story:
    """A corpus' season up to `last`; each game of `first..last` is predicted a lead before its own tip-off."""
    documents = tuple(Corpus(path).documents(None, last))
    days = tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
    return Story(path.name, documents, days, False)


class _Tipoffs(msgspec.Struct, frozen=True):
    first_at: datetime | None
    last_at: datetime | None
    games: int


class Runner:
    """Plays one story on a running mesh."""

    def __init__(self, mesh: LocalMesh, story: Story, console: Console) -> None:
        self._mesh = mesh
        self._story = story
        self._console = console
        self._lander = Lander(mesh)
        self.warehouse = Warehouse(mesh.settings, [])
        self._workflows = Workflows(mesh.settings, mesh.settings.region)
        self._landed = 0

    def play(self) -> None:
        """Land, predict, land, grade, day by day.

        Raises:
            WorkflowFailed: an execution failed.
        """
        self._land_until(self._first_instant(), "the season so far")
        for day in self._story.dates:
            self._play_day(day)

    def save_page(self, folder: Path) -> Path:
        """Write the published page into `folder`, for a browser without credentials."""
        page = ObjectStore(self._mesh.settings).read(self._mesh.names.buckets["public"], PAGE_NAME)
        path = folder / "report.html"
        path.write_bytes(page.data)
        return path

    def _play_day(self, day: date) -> None:
        tipoffs = self.warehouse.rows(load("tipoffs_of_date"), {"game_date": day}, _Tipoffs)[0]
        if tipoffs.first_at is None or tipoffs.last_at is None:
            self._console.print(f"{day}: no games")
            return
        tip = tipoffs.first_at if self._story.before_first_tipoff else tipoffs.last_at
        as_of = tip - timedelta(minutes=LEAD_MINUTES)
        self._land_until(as_of, f"{day} until {as_of:%H:%M} UTC")
        self._execute("daily", {"game_date": str(day), "as_of": _text(as_of), "lead_minutes": LEAD_MINUTES})
        after = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) + MORNING_AFTER
        self._land_until(after, f"{day} final scores")
        self._execute("postgame", {"game_date": str(day), "as_of": _text(after)})

    def _first_instant(self) -> datetime:
        first = self._story.dates[0]
        return datetime(first.year, first.month, first.day, 9, tzinfo=UTC)

    def _land_until(self, until: datetime, what: str) -> None:
        """Land what was observed before `until` and has not landed yet."""
        end = bisect_left(self._story.documents, until, key=lambda found: found.observed_at)
        documents = self._story.documents[self._landed : end]
        self._landed = max(self._landed, end)
        if documents:
            self._land(documents, what)

    def _land(self, documents: Sequence[Document], what: str) -> None:
        started = time.monotonic()
        with _progress(self._console) as progress:
            task = progress.add_task(f"landing {what}", total=len(documents))
            self._lander.land(_uploads(documents), lambda n: progress.update(task, advance=n))
            progress.update(task, description=f"ingesting {what}")
            self._lander.wait(PUSHED)
        seconds = time.monotonic() - started
        self._console.print(f"  {len(documents)} documents ({what}) in {seconds:.1f} s")

    def _execute(self, key: str, argument: dict[str, str | int]) -> Execution:
        started = time.monotonic()
        execution = self._workflows.start(self._mesh.names.workflows[key].name, argument)
        while execution.state in ("ACTIVE", "QUEUED", "STATE_UNSPECIFIED"):
            time.sleep(LOOK_EVERY_S)
            execution = self._workflows.look(execution.name)
        seconds = time.monotonic() - started
        if execution.state != "SUCCEEDED":
            raise WorkflowFailed(f"{key} {argument}: {execution.state} {execution.error}")
        outcome = msgspec.json.decode(execution.result or "{}", type=_Result).outcome
        self._console.print(f"  {key} {argument['game_date']}: {outcome} in {seconds:.1f} s")
        return execution


class _Result(msgspec.Struct, frozen=True):
    outcome: str = "ok"


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _uploads(documents: Iterable[Document]) -> Iterator[Upload]:
    return (Upload(found.object_name, found.body) for found in documents)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)
