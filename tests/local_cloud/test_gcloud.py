"""The unmodified gcloud against our servers; skipped if it is not installed."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tipoff_local.identity import Identity
from tipoff_local.pubsub import PubsubServer
from tipoff_local.storage import StorageServer

GCLOUD = shutil.which("gcloud")
pytestmark = pytest.mark.skipif(GCLOUD is None, reason="gcloud is not installed")
BUCKET = "gs://tipoff-tests-landing"


class Gcloud:
    """Runs gcloud with its endpoints overridden."""

    def __init__(self, folder: Path, storage_url: str, pubsub_url: str) -> None:
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "CLOUDSDK_CONFIG": str(folder / "gcloud"),
            "CLOUDSDK_CORE_PROJECT": "tipoff-tests", "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{storage_url}/storage/v1/",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB": f"{pubsub_url}/",
        }  # fmt: skip

    def __call__(self, *arguments: str) -> str:
        command = [str(GCLOUD), *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def gcloud(tmp_path: Path, identity: Identity) -> Iterator[Gcloud]:
    pubsub = PubsubServer(tmp_path / "pubsub", identity)
    storage = StorageServer(tmp_path / "storage", pubsub.publish)
    pubsub.start()
    storage.start()
    yield Gcloud(tmp_path, storage.url, pubsub.rest_url)
    storage.stop()
    pubsub.stop()


def test_an_object_copied_in_is_announced_and_pulled(gcloud: Gcloud, tmp_path: Path) -> None:
    """The whole chain with gcloud: bucket, topic, subscription, notification, copy, pull, read, remove."""
    small, large = tmp_path / "small.json", tmp_path / "large.bin"
    small.write_bytes(b'{"a": 1}')
    large.write_bytes(os.urandom(9_000_000))
    gcloud("storage", "buckets", "create", BUCKET)
    gcloud("pubsub", "topics", "create", "landing-objects-dev")
    gcloud("pubsub", "subscriptions", "create", "hold-dev", "--topic=landing-objects-dev", "--ack-deadline=60")
    gcloud("storage", "buckets", "notifications", "create", BUCKET, "--topic=landing-objects-dev",
           "--event-types=OBJECT_FINALIZE", "--skip-topic-setup")  # fmt: skip
    gcloud("storage", "cp", str(small), str(large), f"{BUCKET}/in/")
    gcloud("storage", "cp", f"{BUCKET}/in/large.bin", str(tmp_path / "back.bin"))
    assert (tmp_path / "back.bin").read_bytes() == large.read_bytes()
    pulled = json.loads(gcloud("pubsub", "subscriptions", "pull", "hold-dev", "--auto-ack", "--limit=10",
                               "--format=json"))  # fmt: skip
    assert {entry["message"]["attributes"]["objectId"] for entry in pulled} == {
        "in/small.json",
        "in/large.bin",
    }
    assert gcloud("storage", "cat", f"{BUCKET}/in/small.json") == '{"a": 1}'
    gcloud("storage", "rm", f"{BUCKET}/in/small.json")
    assert gcloud("storage", "ls", f"{BUCKET}/in/").split() == [f"{BUCKET}/in/large.bin"]
