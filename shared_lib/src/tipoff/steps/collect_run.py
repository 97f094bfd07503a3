"""One run over one source: ask, tell the answers apart, land, follow, and stop where manners or the budget say so."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from tipoff import sources
from tipoff.cloud.http import Validators
from tipoff.cloud.http_manners import Asker
from tipoff.core.collect import asks
from tipoff.core.collect.asks import Wanted
from tipoff.core.collect.documents import documents
from tipoff.core.collect.limits import Circuit
from tipoff.core.collect.model import Answer, Ask, Document, Judged, Verdict
from tipoff.core.errors import QuotaPause
from tipoff.steps.collect_land import Landing

EXAMPLE_CHARS_MAX = 200
# The host or our key is at fault, not one document of it.
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
    """What a run has met.

    Attributes:
        verdicts: answers by what they were; examples: of each, the first.
        landed: names of the objects written.
        unchanged: documents held already.
        stopped: why the run ended early: an outcome.
        message: the first thing that a person should read.
    """

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    examples: dict[Verdict, str] = field(default_factory=dict)
    landed: list[str] = field(default_factory=list)
    unchanged: int = 0
    stopped: str | None = None
    message: str | None = None

    def note(self, ask: Ask, judged: Judged) -> None:
        """Count an answer."""
        self.verdicts[judged.verdict] += 1
        said = f"{ask.identity}: {judged.detail}"[:EXAMPLE_CHARS_MAX] if judged.detail else ask.identity
        self.examples.setdefault(judged.verdict, said)
        if judged.verdict.is_failure and self.message is None:
            self.message = f"{judged.verdict}: {said}"

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
    """Plays one run.

    Args:
        wanted: what to fetch.
        asker: asks with manners and within the budget.
        landing: where documents go.
        circuit: of the source's host, as the last run left it.
        clock: the present instant.
    """

    def __init__(
        self, wanted: Wanted, asker: Asker, landing: Landing, circuit: Circuit, clock: Callable[[], datetime]
    ) -> None:
        self._wanted = wanted
        self._asker = asker
        self._landing = landing
        self._clock = clock
        self.circuit = circuit
        self.tally = Tally()

    def play(self) -> None:
        """Ask until nothing is left to ask, or it is time to stop."""
        queue = deque(asks.first(self._wanted))
        while queue and self.tally.stopped is None:
            queue.extend(self._one(queue.popleft()))

    def _one(self, ask: Ask) -> tuple[Ask, ...]:
        if self._is_held(ask):
            self.tally.unchanged += 1
            return ()
        if self.circuit.is_open(self._clock()):
            self.tally.stop("circuit_open", f"{ask.host} is left alone until {self.circuit.open_until}")
            return ()
        try:
            judged, answer = self._asker.ask(ask, self._validators(ask))
        except QuotaPause as pause:
            self.tally.stop(pause.code, pause.message)
            return ()
        self.circuit = self.circuit.after(self._clock(), failed=judged.verdict in _HOST_FAILS)
        self.tally.note(ask, judged)
        if judged.verdict in _ENDS:
            self.tally.stop(_ENDS[judged.verdict], self.tally.examples[judged.verdict])
        return self._taken(ask, judged, answer)

    def _is_held(self, ask: Ask) -> bool:
        """A past snapshot or a published report never changes: once landed, it is not asked (and paid) for again."""
        is_past = ask.snapshot_at is not None and ask.lands and ask.source == self._wanted.source
        return is_past and not self._landing.force and self._landing.seen(ask.identity).sha256 != ""

    def _validators(self, ask: Ask) -> Validators:
        """Conditional only where nothing follows from the body."""
        ends_here = ask.lands and ask.source == self._wanted.source and not self._landing.force
        return self._landing.seen(ask.identity).validators if ends_here else Validators()

    def _taken(self, ask: Ask, judged: Judged, answer: Answer | None) -> tuple[Ask, ...]:
        self.tally.unchanged += judged.verdict is Verdict.UNCHANGED
        if judged.verdict is not Verdict.DOCUMENT or answer is None:
            return ()
        try:
            for document in self._documents(ask, answer) if ask.lands else ():
                self._land(document, ask, answer)
            return asks.following(self._wanted, ask, answer)
        except (ValueError, msgspec.DecodeError) as error:
            self.tally.note(ask, Judged(Verdict.MOVED_SCHEMA, str(error)))
            return ()

    def _documents(self, ask: Ask, answer: Answer) -> tuple[Document, ...]:
        return documents(ask, answer, sources.object_name, is_backfill=self._wanted.is_backfill)

    def _land(self, document: Document, ask: Ask, answer: Answer) -> None:
        if self._landing.land(document, ask, answer):
            self.tally.landed.append(document.object_name)
        else:
            self.tally.unchanged += 1
