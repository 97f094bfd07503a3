"""The two ways a workflow goes wrong: refused at deployment, or an error value raised inside an execution.

DeployError                    names line, step and reason; UNIMPLEMENTED if a documented feature is missing here
WorkflowError                  carries the value that an except step receives; uncaught, it fails the execution
Interrupted                    cancellation or shutdown; no `except` step can catch it
Crashed                        a bug of this engine in a parallel branch; the execution fails with a SystemError
"""

from dataclasses import dataclass

from tipoff_local.workflows.values import Value

# The second tag of some built-in errors, as seen in executions of the real service.
_FAMILIES = {
    "KeyError": "LookupError",
    "IndexError": "LookupError",
    "ZeroDivisionError": "ArithmeticError",
    "UnhandledBranchError": "RuntimeError",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the source something happened: routine (`main` or a subworkflow), step and line (from 1)."""

    routine: str
    step: str
    line: int


class DeployError(Exception):
    """The source cannot be deployed.

    Attributes:
        place: routine, step and line of the cause.
        reason: one sentence.
        unimplemented: True when the service would accept the source and this engine does not.
    """

    def __init__(self, place: Place, reason: str, *, unimplemented: bool = False) -> None:
        where = f'line {place.line}: in workflow "{place.routine}", step "{place.step}"'
        super().__init__(f"{where}: {reason}" if place.step else f"line {place.line}: {reason}")
        self.place = place
        self.reason = reason
        self.unimplemented = unimplemented


class WorkflowError(Exception):
    """A raised value on its way up; `trace` gains one place for each step it leaves."""

    def __init__(self, payload: Value) -> None:
        super().__init__(repr(payload))
        self.payload = payload
        self.trace: list[Place] = []

    @property
    def tags(self) -> list[Value]:
        """The error map's tags; empty for a raised string or a map without tags."""
        found = self.payload.get("tags") if isinstance(self.payload, dict) else None
        return found if isinstance(found, list) else []


class Interrupted(Exception):
    """The execution must stop now, because it was cancelled (`cancelled`) or the server stops (then it resumes)."""

    def __init__(self, *, cancelled: bool) -> None:
        super().__init__("cancelled" if cancelled else "server stopping")
        self.cancelled = cancelled


class Crashed(Exception):
    """A fault of the engine itself ended a parallel branch; the thread's own traceback tells which."""


def failure(tag: str, text: str, **facts: Value) -> WorkflowError:
    """Build a built-in error map: `tags`, `message` ("Tag: text") and further facts (docs: Workflow errors)."""
    tags: list[Value] = [tag, _FAMILIES[tag]] if tag in _FAMILIES else [tag]
    return WorkflowError({"message": f"{tag}: {text}", "tags": tags, **facts})


def http_failure(code: int, body: Value, headers: Value) -> WorkflowError:
    """Build the HttpError map of a response with status >= 400 (docs: Catch errors)."""
    message = f"HTTP server responded with error code {code}"
    return WorkflowError({"tags": ["HttpError"], "message": message, "code": code, "headers": headers, "body": body})
