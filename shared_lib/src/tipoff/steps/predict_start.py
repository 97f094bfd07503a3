"""The steps of `predict_start`: publish prediction requests for the slate of a date, and report their progress.

`/start` and `/status` have the fields of the original system. The name of a batch is its date and its as-of instant, so
that two calls for the same batch use the same lock, and one of them is refused.
"""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

import msgspec

from tipoff import tables
from tipoff.cloud.bigquery import BuildRange
from tipoff.cloud.locks import LockHeld
from tipoff.core.errors import BackendUnavailable, BadRequest, Conflict, NotFound, NotReady
from tipoff.core.game_date import game_date_of
from tipoff.core.messages import ContextChanged, PredictArgument, PredictionRequest
from tipoff.core.predictions import BatchRow, SkipReason, SkipRow
from tipoff.runtime.arguments import LeadMinutes, decode_body, parse_date
from tipoff.runtime.events import Delivery
from tipoff.runtime.settings import PredictStartSettings
from tipoff.steps.batches import BatchProgress, BatchState, find_batch
from tipoff.steps.queries import load
from tipoff.steps.rebuild.process import LEAD_MINUTES
from tipoff.steps.rebuild.slate import games_in
from tipoff.steps.wiring import StateWiring

CHUNK_PLAYERS = 256
DEADLINE = timedelta(minutes=15)
# How long a start may take before another call may do it. A change is redelivered for longer than its 10 seconds.
START_LOCK, CHANGE_LOCK = timedelta(seconds=60), timedelta(seconds=10)
# The lead of a prediction after a late change: it may use what was known up to five minutes before tip-off.
LAST_LEAD_MINUTES = 5
_BATCH_ID = re.compile(r"batch_(\d{4}-\d{2}-\d{2})_\d+")


class Start(msgspec.Struct, frozen=True):
    """Body of `/start`: the fields of the original system, and the as-of instant and the lead.

    `min_minutes` is ignored: a filter on minutes played would select players by the outcome. `use_multiple_lines` is
    refused: it stored several predictions under one key.
    """

    game_date: date | None = None
    min_minutes: Annotated[int, msgspec.Meta(ge=0, le=48)] = 15
    use_multiple_lines: bool = False
    force: bool = False
    correlation_id: str | None = None
    parent_processor: str | None = None
    as_of: datetime | None = None
    lead_minutes: LeadMinutes = LEAD_MINUTES
    workflow_execution: str | None = None


class StartSummary(msgspec.Struct, frozen=True):
    """The size of the slate."""

    game_date: date
    total_games: int
    total_players: int
    teams_playing: int
    ruled_out: int


class Started(msgspec.Struct, frozen=True):
    """The answer to `/start`: 202 if requests were published, 200 if the date has no games."""

    status: Literal["started", "no_games"]
    code: str
    batch_id: str
    game_date: date
    total_requests: int
    published: int
    summary: StartSummary
    monitor_url: str
    http_status: int = 202


class StatusQuery(msgspec.Struct, frozen=True):
    """The query string of `/status`."""

    batch_id: str = ""


class Progress(msgspec.Struct, frozen=True):
    """The players expected and done, the predictions committed, and the time so far."""

    expected: int
    completed: int
    failed: int
    remaining: int
    is_complete: bool
    total_predictions: int
    elapsed_seconds: float
    completion_rate: float
    eta_seconds: float | None
    progress_percentage: float


class Status(msgspec.Struct, frozen=True):
    """The answer to `/status`."""

    status: Literal["in_progress", "complete", "no_active_batch"]
    code: str
    batch_id: str = ""
    state: BatchState | None = None
    is_stalled: bool = False
    progress: Progress | None = None
    summary: dict[str, int] = {}


class _Candidate(msgspec.Struct, frozen=True):
    game_id: str
    nba_game_id: str
    player_id: int | None
    player_lookup: str
    team_abbr: str | None  # None if only a quote names the player
    slate_status: str
    cutoff_at: datetime
    has_features: bool

    @property
    def skip_reason(self) -> SkipReason | None:
        if self.slate_status == "out":
            return "ruled_out"
        if self.slate_status == "gone":
            return "not_on_slate"
        if self.slate_status != "active":
            return "unresolved_player"
        return None if self.has_features else "no_feature_row"


def start(context: StateWiring[PredictStartSettings], request: Start) -> Started:
    """Start the batch of a date.

    Raises:
        BadRequest: several lines per player are asked for.
        NotFound: there are games, but no candidates in the context table.
        Conflict: ALREADY_RUNNING, the same batch was started before, or another one of the date is not done.
        NotReady: the same batch is being started, or its starter was killed less than a minute ago.
    """
    if request.use_multiple_lines:
        raise BadRequest(
            "several_lines", "use_multiple_lines is not supported: it stores several predictions under one key"
        )
    now = context.clock()
    day = request.game_date or game_date_of(now)
    over = BuildRange(day, day, request.as_of or now, request.lead_minutes)
    with ThreadPoolExecutor(1) as pool:
        query = load("predict_start/slate_players")
        reading = pool.submit(copy_context().run, context.warehouse.rows, query, {"game_date": day}, _Candidate)
        games = games_in(context.warehouse, over)
    candidates = reading.result()
    if games == 0:
        return _no_games(day)
    if not candidates:
        raise NotFound("NO_PLAYERS", f"no players for the {games} games of {day}: run analyze for that date first")
    batch = _batch(context, request, over, candidates, now)
    with _start_lock(context, batch):
        _refuse_a_second(context, batch, request.force)
        _write(context, batch, candidates)
        published = sum(_publish(context, batch, chunk) for chunk in _chunks(candidates))
    return _started(batch, candidates, published)


def _batch(
    context: StateWiring[PredictStartSettings],
    request: Start,
    over: BuildRange,
    candidates: Sequence[_Candidate],
    now: datetime,
) -> BatchRow:
    # The number of systems is not needed here, and loading them would load their libraries.
    named_at = now if request.force else over.as_of
    active = [c for c in candidates if c.skip_reason is None]
    return BatchRow(
        batch_id=f"batch_{over.start_date}_{int(named_at.timestamp() * 1000)}",
        game_date=over.start_date,
        as_of=over.as_of,
        lead_minutes=over.lead_minutes,
        started_at=now,
        games=len({c.game_id for c in candidates}),
        expected_players=len(candidates),
        expected_rows=len(active),
        system_ids=(),
        requests=len(_chunks(candidates)),
        trigger=request.parent_processor or "http",
        workflow_execution=request.workflow_execution,
        release=context.settings.release,
        game_ids=tuple(sorted({c.game_id for c in candidates})),
        deadline_at=now + DEADLINE,
    )


@contextmanager
def _start_lock(context: StateWiring[PredictStartSettings], batch: BatchRow) -> Iterator[None]:
    """Let one call start the batch. If that call is killed, the next one completes the start."""
    try:
        with context.locks.once(f"batches/{batch.game_date}/{batch.batch_id}", context.settings.function, START_LOCK):
            yield
    except LockHeld as error:
        raise NotReady("BEING_STARTED", f"{batch.batch_id} is being started") from error
    except Conflict as error:
        facts = error.facts or {"batch_id": batch.batch_id}
        raise Conflict("ALREADY_RUNNING", error.message, facts) from error


def _refuse_a_second(context: StateWiring[PredictStartSettings], batch: BatchRow, force: bool) -> None:
    """Refuse the batch if another one of the same date is in progress."""
    newest = find_batch(context.warehouse, batch.game_date, batch.game_date)
    if newest is None or force or newest.batch_id == batch.batch_id:
        return
    if newest.state(batch.started_at) == "in_progress":
        facts = {"running": newest.batch_id}
        raise Conflict("ALREADY_RUNNING", f"{newest.batch_id} is still running", facts)


def _write(context: StateWiring[PredictStartSettings], batch: BatchRow, candidates: Sequence[_Candidate]) -> None:
    skips = [
        SkipRow(
            batch_id=batch.batch_id,
            game_date=batch.game_date,
            game_id=candidate.game_id,
            player_id=candidate.player_id,
            player_lookup=candidate.player_lookup,
            team_abbr=candidate.team_abbr,
            cutoff_at=candidate.cutoff_at,
            reason=candidate.skip_reason,
            created_at=batch.started_at,
            release=batch.release,
        )
        for candidate in candidates
        if candidate.skip_reason is not None
    ]
    context.warehouse.append(tables.get("prediction_batches_log"), [batch])
    context.warehouse.append(tables.get("prediction_skips_log"), skips)


def _chunks(candidates: Sequence[_Candidate]) -> list[tuple[int, ...]]:
    ids = [c.player_id for c in candidates if c.skip_reason is None and c.player_id is not None]
    return [tuple(ids[first : first + CHUNK_PLAYERS]) for first in range(0, len(ids), CHUNK_PLAYERS)]


def _publish(context: StateWiring[PredictStartSettings], batch: BatchRow, player_ids: tuple[int, ...]) -> int:
    message = PredictionRequest(batch.batch_id, batch.game_date, batch.as_of, batch.lead_minutes, player_ids)
    context.topics.publish(context.settings.topic_prediction_request, message, f"{batch.batch_id}:{player_ids[0]}")
    return 1


def _no_games(day: date) -> Started:
    return Started("no_games", "NO_GAMES", "", day, 0, 0, StartSummary(day, 0, 0, 0, 0), "", 200)


def _started(batch: BatchRow, candidates: Sequence[_Candidate], published: int) -> Started:
    summary = StartSummary(
        game_date=batch.game_date,
        total_games=batch.games,
        total_players=batch.expected_players,
        teams_playing=len({c.team_abbr for c in candidates} - {None}),
        ruled_out=sum(c.skip_reason == "ruled_out" for c in candidates),
    )
    url = f"/status?batch_id={batch.batch_id}"
    return Started("started", "STARTED", batch.batch_id, batch.game_date, batch.requests, published, summary, url)


def status(context: StateWiring[PredictStartSettings], query: StatusQuery) -> Status:
    """The progress of the named batch, or of the newest one of the last week.

    Raises:
        BadRequest: the name is not that of a batch.
        NotFound: no batch has that name.
    """
    now = context.clock()
    start_date, end_date = _dates_of(query.batch_id, now)
    found = find_batch(context.warehouse, start_date, end_date, query.batch_id)
    if found is None and query.batch_id:
        raise NotFound("not_found", f"there is no batch {query.batch_id}")
    if found is None:
        return Status("no_active_batch", "NO_ACTIVE_BATCH")
    state = found.state(now)
    return Status(
        status="complete" if state == "complete" else "in_progress",
        code=state.upper(),
        batch_id=found.batch_id,
        state=state,
        is_stalled=state == "stalled",
        progress=_progress(found, now),
        summary={
            "predicted": found.predicted_players,
            "skipped": found.skipped_players,
            "games": found.games,
        },
    )


def _dates_of(batch_id: str, now: datetime) -> tuple[date, date]:
    if batch_id:
        named = _BATCH_ID.fullmatch(batch_id)
        if named is None:
            raise BadRequest("bad_batch_id", f"batch_id: {batch_id!r} is not of the form batch_<date>_<milliseconds>")
        day = parse_date("batch_id", named[1], now)
        return day, day
    today = game_date_of(now)
    return today - timedelta(days=7), today + timedelta(days=1)


def _progress(found: BatchProgress, now: datetime) -> Progress:
    completed = found.committed_players
    elapsed_s = (now - found.started_at).total_seconds()
    share = completed / found.expected_players if found.expected_players else 1.0
    return Progress(
        expected=found.expected_players,
        completed=completed,
        failed=0,
        remaining=found.expected_players - completed,
        is_complete=completed >= found.expected_players,
        total_predictions=found.committed_rows,
        elapsed_seconds=elapsed_s,
        completion_rate=share,
        eta_seconds=elapsed_s * (1 - share) / share if share else None,
        progress_percentage=100 * share,
    )


def context_changed(context: StateWiring[PredictStartSettings], delivery: Delivery) -> None:
    """Predict a date again after its context changed, once for each digest. Without a batch, `daily` predicts it.

    Raises:
        BadRequest: the message is not a ContextChanged.
        BackendUnavailable: another delivery starts it, or was killed less than ten seconds ago.
    """
    message = decode_body(ContextChanged, delivery.data)
    if find_batch(context.warehouse, message.game_date, message.game_date) is None:
        return
    argument = PredictArgument(message.game_date, message.as_of, LAST_LEAD_MINUTES, message.digest, force=True)
    try:
        with context.locks.once(
            f"context/{message.game_date}/{message.digest}", context.settings.function, CHANGE_LOCK
        ):
            context.workflows.start(context.settings.workflow_predict, argument)
    except LockHeld as error:
        raise BackendUnavailable(
            "being_started", f"another delivery starts the prediction for the digest {message.digest}"
        ) from error
