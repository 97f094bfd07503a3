"""Cloud Workflows: starts executions and reads their state."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from tipoff.cloud.clients import Endpoints
from tipoff.cloud.clients.workflows import executions_client
from tipoff.cloud.errors import translated
from tipoff.cloud.failpoints import around

if TYPE_CHECKING:
    from google.cloud.workflows import executions_v1

LISTED = 100
RUNNING = ("ACTIVE", "QUEUED")


@dataclass(frozen=True)
class Execution:
    """An execution as the service reports it. `result` and `error` are JSON text, if any."""

    name: str
    state: str
    result: str
    error: str


class Workflows:
    """Workflows of one project and region."""

    def __init__(self, at: Endpoints, region: str) -> None:
        self._client: executions_v1.ExecutionsClient = executions_client(at)
        self._parent = f"projects/{at.project_id}/locations/{region}/workflows"

    def start(self, workflow: str, argument: msgspec.Struct | dict[str, str | int]) -> Execution:
        """Start `workflow` (its deployed id) with a typed argument."""
        execution = {"argument": msgspec.json.encode(argument).decode()}
        with around("workflows.start"), translated(f"start workflow {workflow}"):
            started = self._client.create_execution(parent=f"{self._parent}/{workflow}", execution=execution)
        return _execution(started)

    def running(self, workflow: str) -> list[tuple[Execution, str]]:
        """The running executions among the hundred newest of `workflow`, with their arguments (JSON text)."""
        wanted = {"parent": f"{self._parent}/{workflow}", "view": "FULL", "page_size": LISTED}
        with translated(f"list executions of {workflow}"):
            page = next(self._client.list_executions(request=wanted).pages)
        return [(_execution(found), found.argument) for found in page.executions if found.state.name in RUNNING]

    def get(self, name: str) -> Execution:
        """The execution with this full resource name."""
        with translated(f"get {name}"):
            return _execution(self._client.get_execution(name=name))


def _execution(found: "executions_v1.Execution") -> Execution:
    return Execution(found.name, found.state.name, found.result or "", found.error.payload or "")
