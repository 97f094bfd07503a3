"""Requests with retries: paced per host, within a budget, and by `Retry-After`."""

import random
import time
from collections.abc import Callable, Mapping

from tipoff.cloud.http import SourceClient, Validators
from tipoff.core.collect.judging import judge
from tipoff.core.collect.limits import Budget, Spent, wait_s
from tipoff.core.collect.model import Answer, Host, Judgement, SourceRequest, Verdict
from tipoff.core.errors import BackendUnavailable, ContractViolation, QuotaPause

_NO_ANSWER = {
    "truncated_body": Verdict.TRUNCATED_BODY,
    "no_answer": Verdict.UNAVAILABLE,
    "too_large": Verdict.TOO_LARGE,
}
_NO_HEADERS: Mapping[str, str] = {}
_RANDOM = random.SystemRandom()


class RetryingClient:
    """Sends the requests of one run within its budget.

    Args:
        client: makes one attempt.
        budget: of the run; a request that would exceed it is not sent.
        credits_left: by the vendor's newest statement.
        sleep, chance, elapsed_s: sleep, jitter in [0, 1) and a monotonic clock.
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
        self._last_sent_s: dict[str, float] = {}

    def send(self, request: SourceRequest, validators: Validators) -> tuple[Judgement, Answer | None]:
        """The judgement and the answer (None if none came), after retries.

        Raises:
            QuotaPause: `over_budget`; nothing was sent.
        """
        attempt = 0
        while True:
            refusal = self.spent.refusal(self._budget, request)
            if refusal is not None:
                raise QuotaPause("over_budget", refusal)
            attempt += 1
            self._pace(request.host)
            judgement, answer = self._attempt(request, validators)
            if not judgement.verdict.is_retryable:
                return judgement, answer
            pause_s = wait_s(attempt, answer.headers.get("retry-after") if answer else None, self._chance())
            if pause_s is None:
                return judgement, answer
            self._sleep(pause_s)

    def _attempt(self, request: SourceRequest, validators: Validators) -> tuple[Judgement, Answer | None]:
        try:
            answer = self._client.get(request, validators)
        except (BackendUnavailable, ContractViolation) as error:
            self.spent = self.spent.after(request, _NO_HEADERS)
            return Judgement(_NO_ANSWER[error.code], error.message), None
        self.spent = self.spent.after(request, answer.headers)
        return judge(request, answer), answer

    def _pace(self, host: Host) -> None:
        last = self._last_sent_s.get(host.name)
        if last is not None:
            wait = last + host.min_interval_s - self._elapsed_s()
            if wait > 0:
                self._sleep(wait)
        self._last_sent_s[host.name] = self._elapsed_s()
