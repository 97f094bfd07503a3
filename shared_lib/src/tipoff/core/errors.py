"""The error tree. A type is a policy: the boundary asks nothing but which branch an error stands on.

TipoffError(code, message, facts)
  Permanent   quarantine and acknowledge (422 to a workflow, 400 for a bad request)
    BadRequest  ConfigInvalid  ContractViolation  NotFound (404)  RequestRefused
  Retryable   redeliver (503; 429 for RateLimited and QuotaPause)
    BackendUnavailable  Misconfigured  RateLimited  QuotaPause
  NotReady    redeliver; 409 NOT_READY to a workflow
  Conflict    acknowledge, nothing done; 409 ALREADY_RUNNING or SUPERSEDED
"""

from collections.abc import Mapping

type Fact = str | int | float | bool | None


class TipoffError(Exception):
    """Base of all our errors.

    Attributes:
        code: snake_case or UPPER_SNAKE code of a closed set; what a caller may branch on.
        message: one sentence for a person, naming field, object and rule.
        facts: further named values; never secrets.
    """

    def __init__(self, code: str, message: str, facts: Mapping[str, Fact] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.facts: Mapping[str, Fact] = facts or {}


class Permanent(TipoffError):
    """Retrying cannot help: quarantine the input and acknowledge it."""


class BadRequest(Permanent):
    """A person's or a workflow's request is malformed (HTTP 400)."""


class ConfigInvalid(Permanent):
    """The environment lacks names, or holds ones that do not fit together."""


class ContractViolation(Permanent):
    """A document or a row breaks its contract."""


class NotFound(Permanent):
    """What was asked for by name does not exist (HTTP 404)."""


class RequestRefused(Permanent):
    """A Google service refuses the call for what it asks: a bug in a statement or in our use of the service."""


class Retryable(TipoffError):
    """A later attempt may succeed: answer 503 and let the sender redeliver."""


class BackendUnavailable(Retryable):
    """A Google service did not answer, or answered that it cannot now."""


class Misconfigured(Retryable):
    """A resource or a grant is missing that Terraform should have made.

    It alerts, and it is retried: a message that waits is delivered once the resource or the grant is there.
    """


class RateLimited(Retryable):
    """Slow down: HTTP 429, `rateLimitExceeded`."""


class QuotaPause(Retryable):
    """A long-term quota is used up: pause, do not hammer (`quotaExceeded`)."""


class NotReady(TipoffError):
    """Something this step reads does not exist yet; not an error of anybody."""


class Conflict(TipoffError):
    """Already done, already running, or superseded: there is nothing to do."""
