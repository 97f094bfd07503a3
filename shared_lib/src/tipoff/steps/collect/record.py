"""Appends the record and the receipt of a run, and alerts a person if the source failed."""

from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from tipoff import tables
from tipoff.core.receipts import StepOutcome, StepReceipt
from tipoff.runtime.settings import CollectSettings
from tipoff.steps.collect.context import FAILED, Collect, Collected, CollectWiring
from tipoff.steps.collect.run import Run
from tipoff.steps.collect.state import RecentRun, keep_run

_STEP_OUTCOMES: dict[str, StepOutcome] = {"ok": "ok", "partial": "partial", "not_there_yet": "not_ready"}


@dataclass(frozen=True)
class VerdictRow:
    """The number of answers with one verdict."""

    verdict: str
    answers: int
    example: str | None


@dataclass(frozen=True)
class CollectionRow:
    """A row of `nba_ops.collections_log`."""

    collected_date: date
    run_id: str
    source: str
    host: str
    game_date: date
    snapshot_at: datetime | None
    outcome: str
    message: str | None
    requests: int
    credits: int
    credits_left: int | None
    documents_landed: int
    documents_unchanged: int
    verdicts: tuple[VerdictRow, ...]
    games: int
    missing: tuple[str, ...]
    circuit_failures: int
    circuit_open_until: datetime | None
    started_at: datetime
    ended_at: datetime
    release: str


def record(
    context: CollectWiring, request: Collect, host: str, run_id: str, run: Run, result: Collected, at: datetime
) -> None:
    """Append the record and the receipt of a run that began at `at`. Alert once per date of a failure."""
    row = _row(context, request, host, run_id, run, result, at)
    context.warehouse.append(tables.get("collections_log"), [row])
    context.ops.steps([_receipt(row)])
    keep_run(context, msgspec.convert(row, RecentRun, from_attributes=True))
    failed = any(verdict.is_failure for verdict in run.tally.verdicts)
    if result.outcome in FAILED or failed:
        subject = f"{request.source}:{request.game_date}:{result.outcome}"
        context.ops.alert("collect_failed", subject, result.message or result.outcome)


def _row(
    context: CollectWiring, request: Collect, host: str, run_id: str, run: Run, result: Collected, at: datetime
) -> CollectionRow:
    ended_at = at if request.as_of and context.is_local else context.clock()
    return CollectionRow(
        collected_date=at.date(),
        run_id=run_id,
        source=request.source,
        host=host,
        game_date=request.game_date,
        snapshot_at=request.snapshot_at,
        outcome=result.outcome,
        message=result.message,
        requests=result.requests,
        credits=result.credits,
        credits_left=result.credits_left,
        documents_landed=len(result.landed),
        documents_unchanged=result.unchanged,
        verdicts=tuple(VerdictRow(one.verdict, one.answers, one.example) for one in result.verdicts),
        games=result.games,
        missing=result.missing,
        circuit_failures=run.circuit.failures,
        circuit_open_until=run.circuit.open_until,
        started_at=at,
        ended_at=ended_at,
        release=context.settings.release,
    )


def _receipt(row: CollectionRow) -> StepReceipt:
    outcome = _STEP_OUTCOMES.get(row.outcome, "failed")
    documents = row.documents_landed + row.documents_unchanged
    return StepReceipt(
        run_id=row.run_id,
        step_id=row.run_id,
        step=f"collect_{row.source}",
        run_date=row.game_date,
        start_date=row.game_date,
        end_date=row.game_date,
        as_of=row.snapshot_at,
        lead_minutes=None,
        input_digest=None,
        inputs=(),
        outputs=(),
        rows_in=documents,
        rows_out=documents,
        rows_rejected=0,
        outcome=outcome,
        cause=None if outcome == "ok" else row.outcome,
        message=row.message,
        started_at=row.started_at,
        ended_at=row.ended_at,
        duration_seconds=(row.ended_at - row.started_at).total_seconds(),
        release=row.release,
        function=CollectSettings.function,
    )
