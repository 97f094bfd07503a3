"""Least privilege, shown by work: every grant is used by the played days, and without it a call is refused."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec
import pytest
import urllib3
from google.api_core.exceptions import PermissionDenied
from google.cloud.bigquery_storage_v1.types import DataFormat, ReadSession
from tests.integration.played_league import Played

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.clients.bigquery_storage import bigquery_read_client
from tipoff.cloud.pubsub import Topics
from tipoff.cloud.storage import ObjectStore
from tipoff.cloud.workflows import Workflows
from tipoff.core.errors import TipoffError
from tipoff.core.messages import Alert
from tipoff.runtime.settings import Settings
from tipoff_local.errors import ApiError
from tipoff_local.iam.access import Caller
from tipoff_local.iam.grants import AUTHORISED_VIEWS, Grant
from tipoff_local.iam.policy import roles
from tipoff_local.mesh import load
from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.policy import policy_of
from tipoff_ops.local.upload import Upload, Uploader

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.timeout(900)


class Excuse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of unused_grants.yaml."""

    resource: str
    role: str
    member: str
    why: str

    def covers(self, grant: Grant) -> bool:
        return all(
            fnmatchcase(value, pattern)
            for value, pattern in ((grant.on, self.resource), (grant.role, self.role), (grant.to, self.member))
        )


EXCUSES = msgspec.yaml.decode(Path(__file__).with_name("unused_grants.yaml").read_bytes(), type=list[Excuse])


@pytest.fixture(scope="module")
def worked(played: Played) -> LocalMesh:
    """The played league, after what a played day does not do: the other workflows, the operator's calls, refusals."""
    mesh, first, last = played.mesh, played.dates[0].isoformat(), played.dates[-1].isoformat()
    later = (datetime.combine(played.dates[-1], datetime.min.time(), UTC) + timedelta(days=3)).isoformat()
    dates: dict[str, str | int] = {"start_date": first, "end_date": last, "as_of": later}
    execute(mesh, "train", {"cutoff_date": last, "as_of": later, "waits": 0})
    execute(mesh, "predict", {"game_date": last, "as_of": later, "digest": "0" * 64})
    execute(mesh, "reprocess", dates | {"from_step": "ingest", "to_step": "publish", "force": True})
    execute(mesh, "reconcile", dates | {"start_missing": True})
    for key in ("tick", "train"):
        mesh.scheduler.run(mesh.names.schedules[key].name)
    for function in mesh.names.functions.values():
        if function.declared.ingress == "all":
            played.call(function.key, "/no-such-path", {})
    played.call("reprocess", "/reprocess", {"start_date": first, "end_date": first, "force": True})
    refuse_messages(mesh)
    return mesh


def execute(mesh: LocalMesh, key: str, argument: dict[str, str | int]) -> None:
    """Run a workflow to its end, however it ends."""
    workflows = Workflows(mesh.settings, mesh.settings.region)
    execution = workflows.start(mesh.names.workflows[key].name, argument)
    while execution.state in ("ACTIVE", "QUEUED", "STATE_UNSPECIFIED"):
        time.sleep(0.2)
        execution = workflows.get(execution.name)


def refuse_messages(mesh: LocalMesh) -> None:
    """Send messages and an object that every function must refuse, and wait until all are acknowledged."""
    Uploader(mesh).upload([Upload("nba-com/no-such-folder/x.json", b"{")], lambda _: None)
    for key in ("raw-ready", "context-changed", "prediction-request"):
        mesh.pubsub.publish(mesh.names.topic_path(key), b"no message of ours", {})
    mesh.pubsub.publish(mesh.names.topic_path("dead-letters"), b"a dead letter", {})
    pushed = [key for key, each in mesh.names.subscriptions.items() if each.endpoint is not None]
    deadline = time.monotonic() + 60
    while any(mesh.pubsub.backlog(mesh.names.subscription_path(key)) for key in pushed):
        assert time.monotonic() < deadline, "messages are not acknowledged"
        time.sleep(0.2)


def test_every_grant_was_used(worked: LocalMesh) -> None:
    granted = frozenset(policy_of(load(ROOT / "terraform" / "mesh.yaml")).grants)
    unused = granted - worked.iam.used()
    unexplained = [tuple(grant) for grant in sorted(unused) if not any(excuse.covers(grant) for excuse in EXCUSES)]
    assert unexplained == [], "remove them from mesh.yaml, or say why they stay in unused_grants.yaml"
    # Other tests share the mesh and may use what is excused, so an excuse needs a grant, but not an unused one.
    assert [excuse for excuse in EXCUSES if not any(excuse.covers(grant) for grant in granted)] == []


@contextmanager
def without(mesh: LocalMesh, grant: Grant) -> Iterator[None]:
    """Remove one grant from the running mesh."""
    policy = mesh.iam.read()
    assert grant in policy.grants
    mesh.iam.write(msgspec.structs.replace(policy, grants=tuple(each for each in policy.grants if each != grant)))
    try:
        yield
    finally:
        mesh.iam.write(policy)


def account(mesh: LocalMesh, name: str) -> str:
    return f"{name}@{mesh.names.project}.iam.gserviceaccount.com"


def as_account(mesh: LocalMesh, name: str) -> Settings:
    """The settings of the mesh, with the token of a service account."""
    return replace(mesh.settings, emulator_access_token=mesh.identity.access_token(account(mesh, name)))


def query(name: str, sql: str) -> Callable[[LocalMesh], object]:
    return lambda mesh: Warehouse(as_account(mesh, name), []).rows(sql, {}, msgspec.Struct)


def write(name: str, bucket: str) -> Callable[[LocalMesh], object]:
    """A write whose precondition fails, so that nothing changes."""
    return lambda mesh: ObjectStore(as_account(mesh, name)).write(mesh.names.buckets[bucket], "x", b"", if_generation=1)


def publish_alert(mesh: LocalMesh) -> object:
    return Topics(as_account(mesh, "fn-ingest")).publish(mesh.names.topics["alerts"], Alert("t", "t", "t"), "t")


def read_rows(mesh: LocalMesh) -> object:
    table = f"projects/{mesh.names.project}/datasets/nba_predictions/tables/model_registry_log"
    return bigquery_read_client(as_account(mesh, "fn-train")).create_read_session(
        parent=f"projects/{mesh.names.project}", read_session=ReadSession(table=table, data_format=DataFormat.ARROW)
    )


def read_model(mesh: LocalMesh) -> object:
    return ObjectStore(as_account(mesh, "fn-predict")).read(mesh.names.buckets["models"], "no-such-object")


def get_execution(mesh: LocalMesh) -> object:
    name = f"{mesh.workflows.location_path}/workflows/{mesh.names.workflows['daily'].name}/executions/no-such-execution"
    return Workflows(as_account(mesh, "fn-reconcile"), mesh.settings.region).get(name)


def call_function(mesh: LocalMesh) -> None:
    url = mesh.names.functions["train"].url
    headers = mesh.identity.authorization(url, account(mesh, "wf-train"))
    answer = urllib3.request("POST", f"{url}/no-such-path", headers=headers, retries=False)
    if answer.status == 403:
        raise ApiError(403, answer.data.decode())


def inside(member: str, method: str, **resources: str) -> Callable[[LocalMesh], None]:
    """A call that a service makes by itself, without a request."""
    return lambda mesh: mesh.access.check(Caller(member), method, resources)


PROJECT, AGENT = "project:tipoff-local", "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
PUSH = "push-ingest@tipoff-local.iam.gserviceaccount.com"


def of(name: str) -> str:
    return f"serviceAccount:{name}@tipoff-local.iam.gserviceaccount.com"


GAMES = "SELECT 1 FROM nba_raw.games"

# One grant of each role, and a call that needs it.
CALLS: dict[Grant, Callable[[LocalMesh], object]] = {
    Grant("dataset:nba_raw", "roles/bigquery.dataViewer", of("fn-grade")): query("fn-grade", GAMES),
    Grant("dataset:nba_ops", "roles/bigquery.dataEditor", of("fn-grade")): query(
        "fn-grade", "DELETE FROM nba_ops.run_history_log WHERE run_date = '1990-01-01'"
    ),
    Grant(PROJECT, "roles/bigquery.jobUser", of("fn-grade")): query("fn-grade", "SELECT 1"),
    Grant("dataset:nba_landing", AUTHORISED_VIEWS, "dataset:nba_raw"): query("fn-grade", GAMES),
    Grant(PROJECT, "roles/bigquery.readSessionUser", of("fn-train")): read_rows,
    Grant("storage_bucket:tipoff-local-models", "roles/storage.objectViewer", of("fn-predict")): read_model,
    Grant("storage_bucket:tipoff-local-landing", "roles/storage.objectCreator", of("fn-collect")): write(
        "fn-collect", "landing"
    ),
    Grant("storage_bucket:tipoff-local-public", "roles/storage.objectUser", of("fn-publish")): write(
        "fn-publish", "public"
    ),
    Grant("pubsub_topic:alerts-local", "roles/pubsub.publisher", of("fn-ingest")): publish_alert,
    Grant(PROJECT, "roles/workflows.invoker", of("fn-reconcile")): get_execution,
    Grant("cloud_run_v2_service:nba-train", "roles/run.invoker", of("wf-train")): call_function,
    Grant(PROJECT, "roles/logging.logWriter", of("wf-train")): inside(of("wf-train"), "workflowexecutions.log"),
    Grant("secret_manager_secret:odds-api-key", "roles/secretmanager.secretAccessor", of("fn-collect")): inside(
        of("fn-collect"), "run.mountSecret", secret="odds-api-key"
    ),
    Grant(f"service_account:{PUSH}", "roles/iam.serviceAccountTokenCreator", AGENT): inside(
        AGENT, "pubsub.agent.sign", service_account=PUSH
    ),
    Grant("pubsub_subscription:ingest-local", "roles/pubsub.subscriber", AGENT): inside(
        AGENT, "pubsub.agent.forward", subscription="ingest-local", topic="dead-letters-local"
    ),
}  # fmt: skip
# The builder's roles and the owner's, which no call of the local cloud uses (unused_grants.yaml).
NOT_CALLED = {"roles/artifactregistry.writer", "roles/bigquery.dataOwner"}


def refusal(mesh: LocalMesh, call: Callable[[LocalMesh], object]) -> str:
    """The words of a 403; empty if the call was allowed, even if it failed otherwise."""
    try:
        call(mesh)
    except (TipoffError, ApiError, PermissionDenied) as error:
        return str(error) if "403" in str(error) or "ermission" in str(error) else ""
    return ""


def test_a_call_of_each_role_is_listed() -> None:
    assert {grant.role for grant in CALLS} | NOT_CALLED == set(roles()) | {AUTHORISED_VIEWS}


@pytest.mark.parametrize("grant", CALLS, ids=lambda grant: grant.role)
def test_a_removed_grant_is_missed_at_once(mesh: LocalMesh, grant: Grant) -> None:
    call = CALLS[grant]
    assert refusal(mesh, call) == ""
    with without(mesh, grant):
        assert refusal(mesh, call)
    assert refusal(mesh, call) == ""
