"""Errors of workflows.

DeployError      the source is refused at deployment; names line, step and reason
WorkflowError    raised inside an execution; carries the value that an `except` step receives
Interrupted      cancellation or shutdown; no `except` step can catch it
Crashed          a bug of this engine in a parallel branch; the execution fails with a SystemError
"""

from dataclasses import dataclass

from tipoff_local.workflows.language.values import Value

# The second tag of some built-in errors, as observed in executions of the real service.
_FAMILIES = {
    "KeyError": "LookupError",
    "IndexError": "LookupError",
    "ZeroDivisionError": "ArithmeticError",
    "UnhandledBranchError": "RuntimeError",
}


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """A location in the source: routine (`main` or a subworkflow), step and line (from 1)."""

    routine: str
    step: str
    line: int


class DeployError(Exception):
    """The source cannot be deployed.

    Attributes:
        location: routine, step and line of the cause.
        reason: one sentence.
        unimplemented: True when the service would accept the source and this engine does not.
    """

    def __init__(self, location: SourceLocation, reason: str, *, unimplemented: bool = False) -> None:
        where = f'line {location.line}: in workflow "{location.routine}", step "{location.step}"'
        super().__init__(f"{where}: {reason}" if location.step else f"line {location.line}: {reason}")
        self.location = location
        self.reason = reason
        self.unimplemented = unimplemented


class WorkflowError(Exception):
    """A raised value. `trace` gets one location for each step that the error leaves."""

    def __init__(self, payload: Value) -> None:
        super().__init__(repr(payload))
        self.payload = payload
        self.trace: list[SourceLocation] = []

    @property
    def tags(self) -> list[Value]:
        """The error map's tags; empty for a raised string or a map without tags."""
        found = self.payload.get("tags") if isinstance(self.payload, dict) else None
        return found if isinstance(found, list) else []


class Interrupted(Exception):
    """The execution must stop now: it was cancelled (`cancelled`), or the server stops and will resume it."""

    def __init__(self, *, cancelled: bool) -> None:
        super().__init__("cancelled" if cancelled else "server stopping")
        self.cancelled = cancelled


class Crashed(Exception):
    """A bug of the engine ended a parallel branch; the traceback of the thread shows it."""


def failure(tag: str, text: str, **facts: Value) -> WorkflowError:
    """A built-in error map: `tags`, `message` ("Tag: text") and further entries (docs: Workflow errors)."""
    tags: list[Value] = [tag, _FAMILIES[tag]] if tag in _FAMILIES else [tag]
    return WorkflowError({"message": f"{tag}: {text}", "tags": tags, **facts})


def http_failure(code: int, body: Value, headers: Value) -> WorkflowError:
    """The HttpError map of a response with status >= 400 (docs: Catch errors)."""
    message = f"HTTP server responded with error code {code}"
    return WorkflowError({"tags": ["HttpError"], "message": message, "code": code, "headers": headers, "body": body})
