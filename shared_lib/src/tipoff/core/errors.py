"""The error types. The type of an error alone decides how the boundary answers.

TipoffError(code, message, facts)
  Permanent   quarantine and acknowledge (422 to a workflow, 400 for a bad request)
    BadRequest  ConfigInvalid  ContractViolation  NotFound (404)  RequestRefused
  Retryable   redeliver (503; 429 for RateLimited and QuotaPause)
    BackendUnavailable  Misconfigured  RateLimited  QuotaPause
  NotReady    redeliver; 409 NOT_READY to a workflow
  Conflict    acknowledge, do nothing; 409 ALREADY_RUNNING or SUPERSEDED
"""

from collections.abc import Mapping

type Fact = str | int | float | bool | None


class TipoffError(Exception):
    """The base of all errors of Tipoff.

    Attributes:
        code: snake_case or UPPER_SNAKE code of a closed set; callers may branch on it.
        message: one sentence for people, with the field, the object and the rule.
        facts: further named values; never a secret.
    """

    def __init__(self, code: str, message: str, facts: Mapping[str, Fact] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.facts: Mapping[str, Fact] = facts or {}


class Permanent(TipoffError):
    """A retry cannot help: quarantine the input and acknowledge it."""


class BadRequest(Permanent):
    """A request is malformed (HTTP 400)."""


class ConfigInvalid(Permanent):
    """A setting is missing, or settings contradict each other."""


class ContractViolation(Permanent):
    """A document or a row breaks its contract."""


class NotFound(Permanent):
    """The requested name does not exist (HTTP 404)."""


class RequestRefused(Permanent):
    """A Google service refuses the call for what it asks: a bug in a statement or in our use of the service."""


class Retryable(TipoffError):
    """A later attempt may succeed: answer 503, and the sender redelivers."""


class BackendUnavailable(Retryable):
    """A service did not answer, or is temporarily unable to."""


class Misconfigured(Retryable):
    """A resource or a grant is missing that Terraform should have made.

    It alerts, and it is retried: a message that waits is delivered once the resource or the grant is there.
    """


class RateLimited(Retryable):
    """Too many requests: HTTP 429, `rateLimitExceeded`."""


class QuotaPause(Retryable):
    """A long-term quota is used up (`quotaExceeded`): pause, and do not retry soon."""


class NotReady(TipoffError):
    """An input does not exist yet. This is a normal state."""


class Conflict(TipoffError):
    """The work is done, is running, or is superseded: there is nothing to do."""
