"""Runs one workflow source on the engine, without server or journal, against a scripted HTTP endpoint."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.workflows.deployed_workflows import DeployedWorkflows
from tipoff_local.http1 import Request, Response
from tipoff_local.httpd import HttpServer, json_response
from tipoff_local.iam.access import UNRESTRICTED, Access
from tipoff_local.workflows.context import ChildOutcome, Clock, ExecutionInfo, Signer, StopToken
from tipoff_local.workflows.engine.interpreter import Machine
from tipoff_local.workflows.engine.journal import CallSite, History
from tipoff_local.workflows.engine.recorder import CallRecorder
from tipoff_local.workflows.language.errors import WorkflowError
from tipoff_local.workflows.language.values import Value
from tipoff_local.workflows.validator import deploy


@dataclass
class World:
    """The services of an execution in a test. It records published messages and waits; its tokens are readable."""

    published: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    clock: Any = None
    access: Access = UNRESTRICTED

    def __post_init__(self) -> None:
        self.signer: Signer = self
        self.clock = _RecordingClock(self.waits)

    def sign(self, audience: str, email: str) -> str:
        return f"token-for-{audience}-by-{email}"

    def publish(self, topic: str, data: bytes, attributes: dict[str, str]) -> str:
        self.published.append((topic, data, attributes))
        return str(len(self.published))

    def start_child(self, key: str, workflow: str, argument: Value) -> str:
        raise LookupError(f"workflow {workflow} not found")

    def describe_child(self, execution: str) -> Value:
        raise AssertionError

    def await_child(self, execution: str, seconds: float, token: StopToken) -> ChildOutcome:
        raise AssertionError


class _RecordingClock(Clock):
    def __init__(self, waits: list[float]) -> None:
        super().__init__(0)
        object.__setattr__(self, "waits", waits)

    def now(self) -> float:
        return 1_000_000.0

    def wait_until(self, real_s: float, token: StopToken) -> None:
        self.waits.append(real_s - time.time())  # type: ignore[attr-defined]

    def wait_until_instant(self, instant_s: float, token: StopToken) -> None:
        self.waits.append(instant_s - 1_000_000.0)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Ran:
    """The end of a run: `result`, or `error` (the raised payload)."""

    result: Value
    error: Value
    world: World
    history: History


ENV = {
    "GOOGLE_CLOUD_WORKFLOW_ID": "case",
    "GOOGLE_CLOUD_PROJECT_ID": "tipoff-local",
    "GOOGLE_CLOUD_LOCATION": "us-west2",
    "FROM_USER": "yes",
}
INFO = ExecutionInfo("projects/p/locations/l/workflows/case/executions/1", ENV, "wf@example.com")


@pytest.fixture
def run() -> Callable[..., Ran]:
    """`run(source, argument)` deploys and executes; DeployError passes through."""

    def run_source(source: str, argument: Value = None) -> Ran:
        world, history = World(), History(None, "e")
        recorder = CallRecorder(None, "e", history)
        machine = Machine(deploy(source), INFO, world, StopToken(), recorder, history)
        recorder.begin_branch(CallSite("0", 0, "main", ""))
        try:
            return Ran(machine.run(argument), None, world, history)
        except WorkflowError as error:
            return Ran(None, error.payload, world, history)
        finally:
            recorder.abandon_branch()

    return run_source


@dataclass
class Endpoint:
    """An HTTP server that gives scripted answers in order, repeats the last one, and records its requests."""

    url: str = ""
    script: list[dict[str, Any]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        wanted = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if "text" in wanted:
            kind = wanted.get("type", "text/plain")
            return Response(wanted.get("status", 200), wanted["text"].encode(), {"Content-Type": kind})
        if wanted.get("reset"):
            return Response(200, cut=True)
        if wanted.get("echo"):
            content = {"method": request.method, "target": request.target, "body": request.body.decode()}
            return json_response(content | {"headers": dict(request.headers)})
        return json_response(wanted.get("json", {}), wanted.get("status", 200))


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    served = Endpoint()
    server = HttpServer(served.answer)
    served.url = server.url
    server.start()
    yield served
    server.stop()


@pytest.fixture
def exactly() -> Callable[[Value], str]:
    """A text of a value that distinguishes 1, 1.0 and true."""
    return lambda value: json.dumps(value, sort_keys=True)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedWorkflows]:
    """Our workflows, deployed."""
    found = DeployedWorkflows(tmp_path_factory.mktemp("workflows"))
    found.start()
    yield found
    found.stop()
