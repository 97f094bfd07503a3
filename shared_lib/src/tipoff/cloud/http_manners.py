"""How a source is asked with manners: not too fast, again when that may help, not when it asked for peace."""

import random
import time
from collections.abc import Callable, Mapping

from tipoff.cloud.http import SourceClient, Validators
from tipoff.core.collect.answers import judge
from tipoff.core.collect.limits import Budget, Spent, wait_s
from tipoff.core.collect.model import Answer, Ask, Judged, Verdict
from tipoff.core.collect.sources import HOSTS
from tipoff.core.errors import BackendUnavailable, ContractViolation, QuotaPause

_LOST = {"truncated_body": Verdict.TRUNCATED_BODY, "no_answer": Verdict.UNAVAILABLE, "too_large": Verdict.TOO_LARGE}
_NO_HEADERS: Mapping[str, str] = {}
_RANDOM = random.SystemRandom()


class Asker:
    """Asks within one run's budget; an instance belongs to one run.

    Args:
        client: one attempt at a time.
        budget: stops before it is exceeded.
        credits_left: what the vendor last said is left.
        sleep, chance, elapsed_s: waiting, jitter in [0, 1) and a monotonic clock; a test hands in its own.
    """

    def __init__(
        self,
        client: SourceClient,
        budget: Budget,
        credits_left: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = _RANDOM.random,
        elapsed_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._budget = budget
        self.spent = Spent(credits_left=credits_left)
        self._sleep = sleep
        self._chance = chance
        self._elapsed_s = elapsed_s
        self._last_asked_s: dict[str, float] = {}

    def ask(self, ask: Ask, validators: Validators) -> tuple[Judged, Answer | None]:
        """The answer and what it is, after as many attempts as are decent; no answer where none came.

        Raises:
            QuotaPause: `over_budget`, nothing was sent.
        """
        attempt = 0
        while True:
            refusal = self.spent.refusal(self._budget, ask)
            if refusal is not None:
                raise QuotaPause("over_budget", refusal)
            attempt += 1
            self._keep_distance(ask.host)
            judged, answer = self._attempt(ask, validators)
            if not judged.verdict.is_retryable:
                return judged, answer
            pause_s = wait_s(attempt, answer.headers.get("retry-after") if answer else None, self._chance())
            if pause_s is None:
                return judged, answer
            self._sleep(pause_s)

    def _attempt(self, ask: Ask, validators: Validators) -> tuple[Judged, Answer | None]:
        try:
            answer = self._client.get(ask, validators)
        except (BackendUnavailable, ContractViolation) as error:
            self.spent = self.spent.after(ask, _NO_HEADERS)
            return Judged(_LOST[error.code], error.message), None
        self.spent = self.spent.after(ask, answer.headers)
        return judge(ask, answer), answer

    def _keep_distance(self, host: str) -> None:
        last = self._last_asked_s.get(host)
        if last is not None:
            wait = last + HOSTS[host].min_interval_s - self._elapsed_s()
            if wait > 0:
                self._sleep(wait)
        self._last_asked_s[host] = self._elapsed_s()
