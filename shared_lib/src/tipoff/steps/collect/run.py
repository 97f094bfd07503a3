"""One run over one source: send requests and land documents until the budget, the circuit or the key ends the run."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from tipoff.cloud.http import Validators
from tipoff.cloud.retrying_client import RetryingClient
from tipoff.core.collect.collection import Collection
from tipoff.core.collect.documents import documents
from tipoff.core.collect.limits import Circuit
from tipoff.core.collect.model import Answer, Document, Judgement, SourceRequest, Target, Verdict
from tipoff.core.errors import QuotaPause
from tipoff.steps.collect.landing import Landing

EXAMPLE_CHARS_MAX = 200
# The host or our key is at fault, not a single document.
_HOST_FAILS = (
    Verdict.UNAVAILABLE,
    Verdict.RATE_LIMITED,
    Verdict.ERROR_PAGE,
    Verdict.TRUNCATED_BODY,
    Verdict.KEY_REFUSED,
    Verdict.REQUEST_REFUSED,
)
_ENDS = {Verdict.KEY_REFUSED: "failed", Verdict.QUOTA_EXHAUSTED: "quota_exhausted"}


@dataclass
class Tally:
    """Counts of a run.

    Attributes:
        verdicts: number of answers by verdict.
        examples: the first answer of each verdict.
        landed: names of the objects written.
        unchanged: number of documents that had landed before.
        stopped: the outcome that ended the run early, or None.
        message: the first failure, for people.
    """

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    examples: dict[Verdict, str] = field(default_factory=dict)
    landed: list[str] = field(default_factory=list)
    unchanged: int = 0
    stopped: str | None = None
    message: str | None = None

    def count(self, request: SourceRequest, judgement: Judgement) -> None:
        """Count an answer."""
        self.verdicts[judgement.verdict] += 1
        detail = judgement.detail
        example = f"{request.identity}: {detail}"[:EXAMPLE_CHARS_MAX] if detail else request.identity
        self.examples.setdefault(judgement.verdict, example)
        if judgement.verdict.is_failure and self.message is None:
            self.message = f"{judgement.verdict}: {example}"

    def stop(self, outcome: str, message: str) -> None:
        """End the run early."""
        self.stopped = outcome
        self.message = message

    @property
    def outcome(self) -> str:
        """`ok`, `not_there_yet`, `partial`, `failed`, or what stopped the run."""
        failures = sum(count for verdict, count in self.verdicts.items() if verdict.is_failure)
        if self.stopped:
            return self.stopped
        if failures:
            return "failed" if failures == self.verdicts.total() else "partial"
        return "not_there_yet" if self.verdicts[Verdict.NOT_THERE_YET] else "ok"


class Run:
    """One run.

    Args:
        collection: how the source is collected.
        target: what to fetch.
        client: sends requests within the budget.
        landing: where documents go.
        circuit: the circuit breaker of the source's host, as the last run left it.
        clock: the present instant.
    """

    def __init__(
        self,
        collection: Collection,
        target: Target,
        client: RetryingClient,
        landing: Landing,
        circuit: Circuit,
        clock: Callable[[], datetime],
    ) -> None:
        self._collection = collection
        self._target = target
        self._client = client
        self._landing = landing
        self._clock = clock
        self.circuit = circuit
        self.tally = Tally()

    def execute(self) -> None:
        """Send requests until none is left or the run must stop."""
        queue = deque(self._collection.first(self._target))
        while queue and self.tally.stopped is None:
            queue.extend(self._send(queue.popleft()))

    def _send(self, request: SourceRequest) -> tuple[SourceRequest, ...]:
        """Send one request and land its documents. Returns the requests that follow from the answer."""
        if self._has_landed(request):
            self.tally.unchanged += 1
            return ()
        if self.circuit.is_open(self._clock()):
            self.tally.stop(
                "circuit_open", f"the circuit breaker of {request.host.name} is open until {self.circuit.open_until}"
            )
            return ()
        try:
            judgement, answer = self._client.send(request, self._validators(request))
        except QuotaPause as pause:
            self.tally.stop(pause.code, pause.message)
            return ()
        self.circuit = self.circuit.after(self._clock(), failed=judgement.verdict in _HOST_FAILS)
        self.tally.count(request, judgement)
        if judgement.verdict in _ENDS:
            self.tally.stop(_ENDS[judgement.verdict], self.tally.examples[judgement.verdict])
        return self._land_answer(request, judgement, answer)

    def _has_landed(self, request: SourceRequest) -> bool:
        """A past snapshot or a published report never changes, so it is not fetched (and paid for) again."""
        is_past = request.snapshot_at is not None and self._ends_chain(request)
        return is_past and self._landing.last(request.identity).sha256 != ""

    def _ends_chain(self, request: SourceRequest) -> bool:
        """Whether its document lands and nothing follows from it, so that an unchanged one need not be read."""
        lands = request.template is not None and request.source == self._target.source
        return lands and not self._landing.force

    def _validators(self, request: SourceRequest) -> Validators:
        return self._landing.last(request.identity).validators if self._ends_chain(request) else Validators()

    def _land_answer(
        self, request: SourceRequest, judgement: Judgement, answer: Answer | None
    ) -> tuple[SourceRequest, ...]:
        self.tally.unchanged += judgement.verdict is Verdict.UNCHANGED
        if judgement.verdict is not Verdict.DOCUMENT or answer is None:
            return ()
        try:
            for document in documents(request, answer, is_backfill=self._target.is_backfill):
                self._land(document, request, answer)
            return self._collection.following(self._target, request, answer)
        except (ValueError, msgspec.DecodeError) as error:
            self.tally.count(request, Judgement(Verdict.MOVED_SCHEMA, str(error)))
            return ()

    def _land(self, document: Document, request: SourceRequest, answer: Answer) -> None:
        if self._landing.land(document, request, answer):
            self.tally.landed.append(document.object_name)
        else:
            self.tally.unchanged += 1
