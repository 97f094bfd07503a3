"""The stand-ins count what Google bills: operations by class, bytes with their minimum, steps, time of instances."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from google.cloud import storage
from google.pubsub_v1.services.publisher import PublisherClient

from tipoff_local.host.model import HostedFunction
from tipoff_local.host.usage import InstanceUsage, LogFile, cause_of
from tipoff_local.http1 import Request
from tipoff_local.identity import Identity
from tipoff_local.pubsub import PubsubServer
from tipoff_local.storage import StorageServer
from tipoff_local.usage import REQUEST_LOG_BYTES, UsageLog, read_usage, sum_of
from tipoff_local.workflows.context import Clock
from tipoff_local.workflows.engine.executor import Executor
from tipoff_local.workflows.engine.journal import Journal
from tipoff_local.workflows.engine.store import WorkflowRecord

FUNCTION = HostedFunction(
    name="f", zip="", env={}, service="service-f", invokers=frozenset(), memory="512Mi", cpu=2.0, concurrency=8
)


def counted(folder: Path) -> dict[str, dict[str, float]]:
    lines = list(read_usage(folder, 0, float("inf")))
    return {cause: sum_of(used.amounts for used in lines if used.cause == cause) for cause in {u.cause for u in lines}}


def test_storage_counts_operations_by_class(tmp_path: Path, storage_client: Callable[[str], storage.Client]) -> None:
    server = StorageServer(tmp_path / "storage", usage=UsageLog(tmp_path / "usage", "storage"))
    server.start()
    client = storage_client(server.url)
    bucket = client.create_bucket("objects")
    blob = bucket.blob("a/b.json")
    blob.upload_from_string(b"{}")
    assert blob.download_as_bytes() == b"{}"
    assert len(list(client.list_blobs("objects"))) == 1
    assert bucket.get_blob("nowhere") is None
    blob.delete()
    server.stop()
    used = counted(tmp_path / "usage")
    assert used["objects"] == {"storage_class_a": 2, "storage_class_b": 1}  # upload, list; download
    assert used[""] == {"storage_class_a": 1, "storage_class_b": 0}  # the bucket itself


def test_pubsub_counts_a_thousand_bytes_at_least_and_more_when_there_are_more(
    tmp_path: Path, identity: Identity, publisher: Callable[[str], PublisherClient]
) -> None:
    server = PubsubServer(tmp_path / "pubsub", identity, usage=UsageLog(tmp_path / "usage", "pubsub"))
    server.start()
    server.create_topic("projects/tipoff-tests/topics/topic-one")
    client = publisher(server.endpoint)
    client.publish(topic="projects/tipoff-tests/topics/topic-one", messages=[{"data": b"x"}])
    client.publish(
        topic="projects/tipoff-tests/topics/topic-one", messages=[{"data": b"x" * 2000, "attributes": {"key": "value"}}]
    )
    server.stop()
    assert counted(tmp_path / "usage") == {"topic-one": {"pubsub_messages": 2, "pubsub_bytes": 1000 + 2000 + 8 + 40}}


def test_workflows_count_steps_and_only_calls_out_of_google_s_cloud_as_external(tmp_path: Path) -> None:
    source = json.dumps({"main": {"steps": [
        {"prepare": {"assign": [{"n": 1}]}},
        {"ours": {"try": {"call": "http.get", "args": {"url": '${sys.get_env("URL_F") + "/x"}'}},
                  "except": {"as": "e", "steps": [{"seen": {"assign": [{"n": 2}]}}]}}},
        {"others": {"try": {"call": "http.get", "args": {"url": "http://127.0.0.1:9/elsewhere"}},
                    "except": {"as": "e", "steps": [{"seen_too": {"assign": [{"n": 3}]}}]}}},
    ]}})  # fmt: skip
    name = "projects/p/locations/l/workflows/w"
    usage = UsageLog(tmp_path / "usage", "workflows")
    executor = Executor(Journal(tmp_path / "w"), _Signer(), None, Clock(0), "1", usage=usage)
    record = WorkflowRecord(name=name, revision_id="1", source=source, created_s=1, updated_s=1)
    record.env["URL_F"] = "http://127.0.0.1:9"
    executor.store.put_workflow(record)
    assert executor.wait(executor.start(name, "{}").name, 20).state == "SUCCEEDED"
    steps = counted(tmp_path / "usage")["w"]
    assert steps["workflow_external_steps"] == 0, "both addresses are those of a function of the workflow"
    assert steps["workflow_steps"] >= 5


class _Signer:
    def sign(self, audience: str, email: str) -> str:
        return f"{email}->{audience}"


def test_requests_that_overlap_share_the_time_of_their_instance(tmp_path: Path) -> None:
    instance = InstanceUsage(FUNCTION, LogFile(tmp_path / "f.log"), UsageLog(tmp_path / "usage", "functions"))
    instance.begin()
    instance.begin()
    time.sleep(0.02)
    (tmp_path / "f.log").write_text("a line\n")
    instance.end("daily-local")
    instance.end("collect-local")
    used = counted(tmp_path / "usage")
    assert used["daily-local"] == {
        "requests": 1, "vcpu_seconds": 0, "gib_seconds": 0, "log_bytes": REQUEST_LOG_BYTES + 7
    }  # fmt: skip
    assert used["collect-local"]["vcpu_seconds"] == pytest.approx(0.2)  # 100 ms of two CPUs
    assert used["collect-local"]["gib_seconds"] == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("agent", "body", "cause"),
    [
        ("daily-dev GoogleCloudWorkflows; (+https://cloud.google.com/workflows/docs)", b"", "daily-dev"),
        ("CloudPubSub-Google", b'{"message":{},"subscription":"projects/p/subscriptions/ingest-dev"}', "ingest-dev"),
        ("CloudPubSub-Google", b"no JSON", ""),
        ("curl/8", b"", ""),
    ],
)
def test_a_request_says_what_caused_it(agent: str, body: bytes, cause: str) -> None:
    assert cause_of(Request("POST", "/", {"user-agent": agent}, body)) == cause
