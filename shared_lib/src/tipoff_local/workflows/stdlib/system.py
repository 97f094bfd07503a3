"""sys and uuid (docs: Modules sys, uuid)."""

import logging
import uuid

from tipoff_local.workflows.context import CallContext
from tipoff_local.workflows.language.errors import failure
from tipoff_local.workflows.language.limits import LIMITS
from tipoff_local.workflows.language.values import Value, canonical
from tipoff_local.workflows.logs import may_log
from tipoff_local.workflows.stdlib.registry import function
from tipoff_local.workflows.stdlib.time_math import seconds_of

_LOG = logging.getLogger(__name__)
_SEVERITIES = {
    "DEFAULT": logging.INFO,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "NOTICE": logging.INFO,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
    "ALERT": logging.CRITICAL,
    "EMERGENCY": logging.CRITICAL,
}


@function("sys.get_env", needs_context=True)
def get_env(context: CallContext, name: str, default: str | None = None) -> Value:
    """An environment variable, or `default`; a KeyError map if neither is set."""
    value = context.info.env.get(name, default)
    if value is None:
        raise failure("KeyError", f"environment variable {name} is not set")
    return value


@function("sys.now", needs_context=True, recorded=True)
def now(context: CallContext) -> Value:
    """Seconds since the epoch."""
    return context.services.clock.now()


@function("sys.sleep", needs_context=True, blocking=True, recorded=True)
def sleep(context: CallContext, seconds: int | float) -> Value:
    """Wait; after a restart of the server, only for the remaining time."""
    if not 0 <= seconds <= LIMITS.sleep_seconds:
        raise failure("ValueError", f"sys.sleep: seconds must lie in 0..{LIMITS.sleep_seconds}")
    context.services.clock.wait_until(context.started_s + seconds, context.token)
    return None


@function("sys.sleep_until", needs_context=True, blocking=True, recorded=True)
def sleep_until(context: CallContext, time: str) -> Value:
    """Wait for an ISO 8601 instant."""
    try:
        instant_s = seconds_of(time)
    except ValueError as error:
        raise failure("ValueError", f"sys.sleep_until: {error}") from error
    context.services.clock.wait_until_instant(instant_s, context.token)
    return None


@function("sys.log", needs_context=True, blocking=True, recorded=True)
def log(
    context: CallContext,
    data: Value = None,
    severity: str = "DEFAULT",
    text: str | None = None,
    json: dict[str, Value] | None = None,
    timeout: int | float | None = None,
) -> Value:
    """Log one of data, text, json; the journal keeps it as the arguments of this call."""
    given = [value for value in (data, text, json) if value is not None]
    if len(given) != 1:
        raise failure("TypeError", "sys.log needs exactly one of data, text, json")
    if severity not in _SEVERITIES:
        raise failure("ValueError", f"sys.log: unknown severity {severity!r}")
    line = given[0] if isinstance(given[0], str) else canonical(given[0])
    if may_log(context.services.access, context.info.caller, context.info.name):
        _LOG.log(_SEVERITIES[severity], "%s: %s", context.info.name, line)
    return None


@function("uuid.generate", needs_context=True, recorded=True)
def generate(context: CallContext) -> Value:
    """A random UUID (version 4)."""
    return str(uuid.uuid4())
