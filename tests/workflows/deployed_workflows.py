"""The workflows on the local engine, deployed as mesh.yaml says. A scripted server answers for the functions."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from google.cloud import workflows_v1
from google.cloud.workflows import executions_v1

from tests.workflows.replay import Recording, recording
from tipoff.cloud.clients.workflows import executions_client, workflows_client
from tipoff.runtime.settings import Settings
from tipoff_local import mesh as meshes
from tipoff_local.errors import ApiError
from tipoff_local.http1 import Request, Response
from tipoff_local.httpd import HttpServer, json_response
from tipoff_local.identity import Identity, bearer
from tipoff_local.workflows.server import WorkflowsServer

ROOT = Path(__file__).parents[2]
KEYS = ("daily", "predict", "postgame", "train", "reprocess", "reconcile", "collect")
PROJECT, NUMBER, REGION = "tipoff-tests", "123456789012", "us-west2"
PARENT = f"projects/{PROJECT}/locations/{REGION}"

type Answers = list[tuple[int, object]]

BATCH = "batch_2024-11-01_1"
OK = {"status": "completed", "outcome": "ok", "code": "OK"}
NO_GAMES = {"status": "completed", "outcome": "no_games", "code": "NO_GAMES"}
NOT_READY = {"status": "error", "code": "NOT_READY", "message": "not yet", "facts": {"cause": "NO_SCHEDULE"}}
RUNNING = {"status": "error", "code": "ALREADY_RUNNING", "message": "another", "facts": {"cause": "ALREADY_RUNNING"}}
STARTED_BEFORE = RUNNING | {"facts": {"cause": "ALREADY_RUNNING", "batch_id": BATCH}}
STARTED = {"status": "started", "code": "STARTED", "batch_id": BATCH, "summary": {"total_games": 4}}
NO_BATCH = {"status": "no_games", "code": "NO_GAMES", "batch_id": ""}


def refused(status: int, code: str = "some_code") -> tuple[int, object]:
    return status, {"status": "error", "code": code, "message": "no", "facts": {"cause": code}}


def batch(state: str) -> tuple[int, object]:
    return 200, {"status": "in_progress", "state": state, "code": state.upper(), "progress": {"expected": 9}}


NOT_YET = 409, NOT_READY
DONE = 200, OK
CUT = 0, None

DUE = [{"source": "nbac_schedule", "game_date": "2024-11-01", "games": [], "window": "morning", "required": True}]

USUAL: dict[str, Answers] = {
    "collect/due": [(200, OK | {"stages": [DUE]})],
    "collect/collect": [DONE],
    "analyze/process-date-range": [DONE],
    "precompute/process-date": [DONE],
    "precompute/process-date-range": [DONE],
    "predict_start/start": [(202, STARTED)],
    "predict_start/status": [batch("in_progress"), batch("complete")],
    "grade/grade": [DONE],
    "publish/publish": [DONE],
    "reconcile/reconcile": [DONE],
    "train/train": [(200, {"status": "completed", "outcome": "activated", "model_id": "m1"})],
    "reprocess/replay": [(200, {"status": "completed", "code": "OK", "loaded": 3})],
    "reprocess/reprocess": [(200, {"status": "planned", "code": "PLANNED", "listed": 3})],
}


@dataclass(frozen=True)
class Scenario:
    """A workflow, its argument, the answers that differ from the usual ones, and the expected end."""

    workflow: str
    argument: Mapping[str, Any]
    answers: Mapping[str, Answers]
    state: str
    ending: str


@dataclass(frozen=True)
class Ended:
    """How an execution ended, its calls in order, and the dedupe keys of its alerts."""

    name: str
    state: str
    result: Any
    error: str
    asked: tuple[str, ...]
    alerts: tuple[str, ...]

    def times(self, call: str) -> int:
        return self.asked.count(call)


@dataclass
class ScriptedFunctions:
    """Answers for all functions as the script says; the last answer repeats. A call needs a valid token."""

    identity: Identity
    script: dict[str, Answers] = field(default_factory=dict)
    seen: list[tuple[str, Any]] = field(default_factory=list)
    names: meshes.Names | None = None
    slow_s: float = 0.0

    def answer(self, request: Request) -> Response:
        service, _, path = request.path[1:].partition("/")
        assert self.names is not None
        function = next(found for found in self.names.functions.values() if found.service == service)
        token = bearer(request.headers.get("authorization")) or ""
        try:
            self.identity.verify(token, function.url, function.invokers)
        except ApiError as error:
            return json_response(error.body(), error.status)
        call = f"{function.key}/{path}"
        self.seen.append((call, json.loads(request.body) if request.body else request.query))
        time.sleep(self.slow_s)
        answers = self.script[call]
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        if status == 0:
            return Response(200, cut=True)
        if isinstance(body, str):
            return Response(status, body.encode(), {"Content-Type": "text/html"})
        return json_response(body, status)


class DeployedWorkflows:
    """The engine with every workflow of mesh.yaml, and the server that answers for the functions."""

    def __init__(self, folder: Path) -> None:
        identity = Identity(folder / "identity")
        self.functions = ScriptedFunctions(identity)
        self.http = HttpServer(self.functions.answer)
        self.published: list[tuple[str, bytes, dict[str, str]]] = []
        self.server = WorkflowsServer(folder, identity, PROJECT, NUMBER, REGION, publish=self._publish, sleep_scale=0)
        page = meshes.load(ROOT / "terraform" / "mesh.yaml")
        self.names = meshes.resolve(page, PROJECT, NUMBER, "dev", host_url=self.http.url)
        self.functions.names = self.names
        at = Settings(
            project_id=PROJECT,
            project_number=NUMBER,
            region=REGION,
            environment="dev",
            release="tests",
            workflows_emulator_host=self.server.grpc_endpoint,
        )
        self.workflows, self.executions = workflows_client(at), executions_client(at)

    def start(self) -> None:
        self.http.start()
        self.server.start()
        for key in KEYS:
            self.deploy(key, source(key), self.names.workflows[key].name)

    def stop(self) -> None:
        self.server.stop()
        self.http.stop()

    def deploy(self, key: str, text: str, workflow_id: str) -> None:
        resolved = self.names.workflows[key]
        account = f"projects/{PROJECT}/serviceAccounts/{resolved.email}"
        workflow = workflows_v1.Workflow(
            source_contents=text, user_env_vars=dict(resolved.env), service_account=account
        )
        self.workflows.create_workflow(parent=PARENT, workflow=workflow, workflow_id=workflow_id).result()

    def _publish(self, topic: str, data: bytes, attributes: dict[str, str]) -> str:
        self.published.append((topic, data, attributes))
        return str(len(self.published))

    def run(self, scenario: Scenario, workflow_id: str | None = None) -> Ended:
        """Run one scenario and wait for its end."""
        self.functions.script = {call: list(answers) for call, answers in (USUAL | dict(scenario.answers)).items()}
        self.functions.seen.clear()
        self.published.clear()
        parent = f"{PARENT}/workflows/{workflow_id or self.names.workflows[scenario.workflow].name}"
        argument = msgspec.json.encode(scenario.argument).decode()
        run = self.executions.create_execution(parent=parent, execution={"argument": argument})
        deadline = time.monotonic() + 30
        while run.state in (executions_v1.Execution.State.ACTIVE, executions_v1.Execution.State.QUEUED):
            assert time.monotonic() < deadline, f"{scenario} does not end"
            time.sleep(0.01)
            run = self.executions.get_execution(name=run.name)
        result = json.loads(run.result) if run.result else None
        asked = tuple(call for call, _ in self.functions.seen)
        alerts = tuple(attributes["dedupe_key"] for _, _, attributes in self.published)
        return Ended(run.name, run.state.name, result, run.error.payload, asked, alerts)

    def recording(self, ended: Ended) -> Recording:
        return recording(self.server.executor, ended.name)


def source(key: str) -> str:
    return (ROOT / "dist" / "workflows" / f"{key}.yaml").read_text(encoding="utf-8")
