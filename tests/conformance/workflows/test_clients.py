"""The Workflows server with official clients: the Python client over gRPC, and gcloud over REST if it is installed."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.api_core import exceptions as api
from google.cloud import workflows_v1 as wf
from google.cloud.workflows import executions_v1 as ex
from google.cloud.workflows.executions_v1.services.executions.transports import ExecutionsGrpcTransport
from google.cloud.workflows_v1.services.workflows.transports import WorkflowsGrpcTransport

from tipoff_local.httpd import PortTaken
from tipoff_local.workflows.server import WorkflowsServer

COMPOSED = Path(__file__).parents[3] / "dist" / "workflows"
HELLO = """
main:
  params: [args]
  steps:
    - wait: {call: sys.sleep, args: {seconds: "${args.seconds}"}}
    - done: {return: '${sys.get_env("GREETING") + " " + args.name}'}
"""


class Signer:
    def sign(self, audience: str, email: str) -> str:
        return "token"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WorkflowsServer]:
    found = WorkflowsServer(tmp_path, Signer(), "tipoff-local", "1234", "us-west2")
    found.start()
    yield found
    found.stop()


@pytest.fixture
def workflows(server: WorkflowsServer) -> wf.WorkflowsClient:
    channel = grpc.insecure_channel(server.grpc_endpoint)
    return wf.WorkflowsClient(transport=WorkflowsGrpcTransport(channel=channel))


@pytest.fixture
def executions(server: WorkflowsServer) -> ex.ExecutionsClient:
    channel = grpc.insecure_channel(server.grpc_endpoint)
    return ex.ExecutionsClient(transport=ExecutionsGrpcTransport(channel=channel))


def deploy(
    server: WorkflowsServer, client: wf.WorkflowsClient, source: str = HELLO, name: str = "hello"
) -> wf.Workflow:
    workflow = wf.Workflow(source_contents=source, user_env_vars={"GREETING": "hi"}, service_account="wf@p")
    return client.create_workflow(parent=server.location_path, workflow=workflow, workflow_id=name).result()


def ended(client: ex.ExecutionsClient, name: str) -> ex.Execution:
    deadline = time.monotonic() + 10
    while (found := client.get_execution(name=name)).state == ex.Execution.State.ACTIVE:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def test_deploy_update_list_and_delete(server: WorkflowsServer, workflows: wf.WorkflowsClient) -> None:
    first = deploy(server, workflows)
    assert first.revision_id.startswith("000001-")
    changed = wf.Workflow(name=first.name, description="new", source_contents=HELLO)
    second = workflows.update_workflow(workflow=changed, update_mask={"paths": ["description"]}).result()
    assert (second.description, second.user_env_vars["GREETING"]) == ("new", "hi")
    assert [w.name for w in workflows.list_workflows(parent=server.location_path)] == [first.name]
    revisions = [w.revision_id[:6] for w in workflows.list_workflow_revisions(request={"name": first.name})]
    assert revisions == ["000002", "000001"]
    workflows.delete_workflow(name=first.name).result()
    with pytest.raises(api.NotFound):
        workflows.get_workflow(name=first.name)


def test_run_and_read(server: WorkflowsServer, workflows: wf.WorkflowsClient, executions: ex.ExecutionsClient) -> None:
    parent = deploy(server, workflows).name
    argument = json.dumps({"seconds": 0, "name": "bob"})
    created = executions.create_execution(parent=parent, execution=ex.Execution(argument=argument, labels={"a": "b"}))
    done = ended(executions, created.name)
    assert (done.state.name, done.result, done.labels["a"]) == ("SUCCEEDED", '"hi bob"', "b")
    assert done.status.current_steps[0].step == "done"
    (basic,) = executions.list_executions(parent=parent)
    assert (basic.name, basic.result) == (done.name, "")
    (full,) = executions.list_executions(request={"parent": parent, "view": ex.ExecutionView.FULL})
    assert full.result == '"hi bob"'


def test_pages(server: WorkflowsServer, workflows: wf.WorkflowsClient, executions: ex.ExecutionsClient) -> None:
    parent = deploy(server, workflows, "- a: {return: 1}").name
    names = [executions.create_execution(parent=parent, execution={}).name for _ in range(5)]
    listed = executions.list_executions(request={"parent": parent, "page_size": 2})
    assert [found.name for found in listed] == names[::-1]


def test_cancel(server: WorkflowsServer, workflows: wf.WorkflowsClient, executions: ex.ExecutionsClient) -> None:
    parent = deploy(server, workflows).name
    created = executions.create_execution(parent=parent, execution={"argument": '{"seconds": 100, "name": "x"}'})
    assert executions.cancel_execution(name=created.name).state == ex.Execution.State.CANCELLED
    with pytest.raises(api.FailedPrecondition):
        executions.cancel_execution(name=created.name)


@pytest.mark.parametrize(
    ("source", "env", "error"),
    [
        ("- a: {next: b}", {}, api.InvalidArgument),
        ("- a: {call: events.await_callback}", {}, api.MethodNotImplemented),
        ("- a: {return: 1}" + " " * 131072, {}, api.InvalidArgument),
        ("- a: {return: 1}", {"GOOGLE_X": "1"}, api.InvalidArgument),
        ("- a: {return: 1}", {"EMPTY": ""}, api.InvalidArgument),
        ("- a: {return: 1}", {f"V{n}": "1" for n in range(21)}, api.InvalidArgument),
        ("- a: {return: 1}", {"LONG": "x" * 4097}, api.InvalidArgument),
    ],
)
def test_deployment_refusals(
    server: WorkflowsServer,
    workflows: wf.WorkflowsClient,
    source: str,
    env: dict[str, str],
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        workflows.create_workflow(
            parent=server.location_path,
            workflow=wf.Workflow(source_contents=source, user_env_vars=env),
            workflow_id="bad",
        )


def test_other_refusals(
    server: WorkflowsServer, workflows: wf.WorkflowsClient, executions: ex.ExecutionsClient
) -> None:
    parent = deploy(server, workflows).name
    with pytest.raises(api.AlreadyExists):
        deploy(server, workflows)
    with pytest.raises(api.InvalidArgument):
        deploy(server, workflows, name="1bad")
    with pytest.raises(api.NotFound):
        executions.create_execution(parent=f"{parent}x", execution={})
    for argument in ("{", '"' + "x" * 32768 + '"'):
        with pytest.raises(api.InvalidArgument):
            executions.create_execution(parent=parent, execution={"argument": argument})
    with pytest.raises(api.MethodNotImplemented):
        executions.list_executions(request={"parent": parent, "filter": "state=ACTIVE"})


def test_rest_step_entries_and_absent_callbacks(
    server: WorkflowsServer, workflows: wf.WorkflowsClient, executions: ex.ExecutionsClient
) -> None:
    parent = deploy(server, workflows, "- a: {assign: [{x: 1}]}\n- b: {return: 1}").name
    name = ended(executions, executions.create_execution(parent=parent, execution={}).name).name
    with urllib.request.urlopen(f"{server.rest_url}/v1/{name}/stepEntries") as answer:
        found = json.load(answer)
    assert [(e["step"], e["stepType"], e["state"]) for e in found["stepEntries"]] == [
        ("a", "STEP_ASSIGN", "STATE_SUCCEEDED"),
        ("b", "STEP_RETURN", "STATE_SUCCEEDED"),
    ]
    with pytest.raises(urllib.error.HTTPError, match="501"):
        urllib.request.urlopen(f"{server.rest_url}/v1/{name}/callbacks")


def test_a_taken_port_is_a_clear_error(server: WorkflowsServer, tmp_path: Path) -> None:
    port = int(server.grpc_endpoint.split(":")[1])
    with pytest.raises(PortTaken, match=str(port)):
        WorkflowsServer(tmp_path / "other", Signer(), "tipoff-local", "1234", "us-west2", port)


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")
def test_gcloud_deploys_runs_and_reads(server: WorkflowsServer, tmp_path: Path) -> None:
    (tmp_path / "hello.yaml").write_text(HELLO)
    env = os.environ | {
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_PROJECT": "tipoff-local",
        "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"),
        "CLOUDSDK_WORKFLOWS_LOCATION": "us-west2",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_WORKFLOWS": f"{server.rest_url}/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_WORKFLOWEXECUTIONS": f"{server.rest_url}/",
    }

    def gcloud(*words: str) -> dict[str, object]:
        command = ["gcloud", "workflows", *words, "--format=json", "--quiet"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        found: dict[str, object] = json.loads(done.stdout)
        return found

    gcloud("deploy", "daily", f"--source={COMPOSED / 'daily.yaml'}")
    gcloud("deploy", "hello", f"--source={tmp_path / 'hello.yaml'}", "--set-env-vars=GREETING=hi")
    assert gcloud("run", "hello", '--data={"seconds":0,"name":"bob"}')["result"] == '"hi bob"'
    waiting = str(gcloud("execute", "hello", '--data={"seconds":100,"name":"x"}')["name"])
    gcloud("executions", "cancel", waiting)
    assert gcloud("executions", "describe", waiting)["state"] == "CANCELLED"
    assert len(gcloud("executions", "list", "hello")) == 2
