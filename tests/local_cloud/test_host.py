"""The function host behaves like Cloud Run: identity, isolation, limits, unchanged bytes, CloudEvents."""

import base64
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import jwt
import pytest

from tipoff_local.host import FunctionHost, HostedFunction
from tipoff_local.http1 import Client, Response
from tipoff_local.identity import Identity
from tipoff_local.processes import ChildFailed

CALLER = "push-ingest@tipoff-tests.iam.gserviceaccount.com"
SHARED = """
import functions_framework, json, os, sys
import library

MAIN = sys.modules["main"]
LOADED_WITH = os.environ["OWN"]

@functions_framework.http
def main(request):
    if request.path == "/die":
        os._exit(3)
    import lately
    return json.dumps({
        "main": __file__, "loaded_with": LOADED_WITH, "environment": dict(os.environ), "pid": os.getpid(),
        "library": id(library), "lately": lately.WHO, "own": MAIN.LOADED_WITH,
    })
"""
MAIN = """
import base64, json, os, signal, sys, time
import functions_framework
import library

@functions_framework.http
def main(request):
    if request.path == "/die":
        os.kill(os.getpid(), signal.SIGKILL)
    if request.path == "/slow":
        time.sleep(5)
    if request.path == "/greedy":
        kept = bytearray(400 << 20)
        time.sleep(5)
    if request.path == "/bug":
        raise ValueError("a bug")
    return json.dumps({
        "library": library.WHO, "main": __file__, "path": request.path, "query": dict(request.args),
        "body": base64.b64encode(request.get_data()).decode(), "environment": dict(os.environ),
        "headers": {name.lower(): value for name, value in request.headers.items()}, "pid": os.getpid(),
    })
"""


def build(folder: Path, name: str, main: str = MAIN) -> Path:
    archive = folder / f"{name}.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("main.py", main)
        zipped.writestr("library.py", f"WHO = {name!r}")
    return archive


def function(folder: Path, name: str, **changes: Any) -> HostedFunction:
    settings: dict[str, Any] = {
        "name": name, "zip": str(build(folder, name)), "env": {"OWN": name}, "service": f"nba-{name}",
        "invokers": frozenset({CALLER}), "timeout_s": 20.0, "concurrency": 2,
    }  # fmt: skip
    return HostedFunction(**(settings | changes))


class Caller:
    """Calls hosted functions as one account."""

    def __init__(self, host: FunctionHost, identity: Identity) -> None:
        self.host, self.identity, self.client = host, identity, Client(host.url, 30)

    def post(self, path: str, body: bytes = b"{}", token: str | None = None, **headers: str) -> Response:
        audience = f"{self.host.url}/{path.lstrip('/').removeprefix('eventarc/').split('/')[0].split('?')[0]}"
        token = self.identity.sign(audience, CALLER) if token is None else token
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"} | headers
        return self.client.request("POST", path, headers, body)


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    folder = tmp_path_factory.mktemp("host")
    identity = Identity(folder / "identity")
    deployed = {"PROJECT_NUMBER": "123", "REGION": "us-west2", "OWN": "analyze"}
    host = FunctionHost([
        function(folder, "ingest"),
        function(folder, "analyze", env=deployed),
        function(folder, "hasty", timeout_s=0.5, memory="300Mi", concurrency=1),
    ], identity)  # fmt: skip
    host.start()
    yield Caller(host, identity)
    host.stop()


def test_a_request_arrives_byte_for_byte_without_the_signature(caller: Caller) -> None:
    body = bytes(range(256)) * 40
    answer = caller.post("/nba-ingest/a%20b/c?x=1&y=%2F", body, **{"X-Custom": "kept"})
    seen = json.loads(answer.body)
    assert answer.status == 200
    assert (seen["path"], seen["query"]) == ("/a b/c", {"x": "1", "y": "/"})
    assert base64.b64decode(seen["body"]) == body
    assert seen["headers"]["x-custom"] == "kept"
    token = seen["headers"]["authorization"].removeprefix("Bearer ")
    assert token.endswith(".SIGNATURE_REMOVED_BY_GOOGLE")
    assert jwt.decode(token, options={"verify_signature": False})["email"] == CALLER


def test_each_function_has_its_own_process_modules_and_environment(caller: Caller) -> None:
    """Two functions named `main` in one process would collide in sys.modules."""
    ingest, analyze = (json.loads(caller.post(f"/nba-{name}").body) for name in ("ingest", "analyze"))
    assert (ingest["library"], analyze["library"]) == ("ingest", "analyze")
    assert ingest["pid"] != analyze["pid"]
    assert (ingest["environment"]["OWN"], analyze["environment"]["OWN"]) == ("ingest", "analyze")
    assert ingest["environment"]["K_SERVICE"] == "nba-ingest"
    assert "REGION" not in ingest["environment"]


def test_identity_is_checked_before_a_function_gets_the_request(caller: Caller) -> None:
    own = f"{caller.host.url}/nba-ingest"
    sign = caller.identity.sign
    assert caller.client.request("POST", "/nba-ingest", {}, b"").status == 403
    assert caller.post("/nba-ingest", token="").status == 403
    assert caller.post("/nba-ingest", token=sign(own, CALLER)[:-4] + "AAAA").status == 401
    assert caller.post("/nba-ingest", token=sign(f"{caller.host.url}/nba-analyze", CALLER)).status == 401
    assert caller.post("/nba-ingest", token=sign(own, "somebody@else")).status == 403
    forged = jwt.encode({"aud": own, "email": CALLER}, "", algorithm="none")
    assert caller.post("/nba-ingest", token=forged).status == 401
    assert caller.post("/nba-unknown").status == 404
    assert caller.post("/nba-ingest").status == 200


def test_the_deterministic_url_is_an_audience_too(caller: Caller) -> None:
    deployed = caller.identity.sign("https://nba-analyze-123.us-west2.run.app", CALLER)
    assert caller.post("/nba-analyze", token=deployed).status == 200
    other = caller.identity.sign("https://nba-ingest-123.us-west2.run.app", CALLER)
    assert caller.post("/nba-analyze", token=other).status == 401


def test_the_key_is_published(caller: Caller) -> None:
    answer = caller.client.request("GET", "/.well-known/jwks.json", {}, b"")
    assert json.loads(answer.body) == caller.identity.jwks()


def test_a_function_that_ends_is_503_once_and_back_at_the_next_request(caller: Caller) -> None:
    before = json.loads(caller.post("/nba-ingest").body)["pid"]
    assert caller.post("/nba-ingest/die").status == 503
    after = json.loads(caller.post("/nba-ingest").body)["pid"]
    assert before != after
    assert "signal 9; restarting" in caller.host.log("nba-ingest")


def test_timeout_and_memory_limit_are_those_of_the_mesh(caller: Caller) -> None:
    assert caller.post("/nba-hasty/slow").status == 504
    assert caller.post("/nba-hasty/greedy").status in (503, 504)
    while "Memory limit of 300Mi exceeded" not in caller.host.log("nba-hasty"):
        pass
    assert caller.post("/nba-ingest").status == 200


def test_an_uncaught_exception_is_500_and_leaves_its_traceback_in_the_log(caller: Caller) -> None:
    assert caller.post("/nba-ingest/bug").status == 500
    assert "ValueError: a bug" in caller.host.log("nba-ingest")


def pushed(data: bytes, attributes: dict[str, str]) -> bytes:
    message = {
        "messageId": "7", "publishTime": "2025-01-01T00:00:00Z", "attributes": attributes,
        "data": base64.b64encode(data).decode(),
    }  # fmt: skip
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()


def test_a_storage_push_becomes_the_cloud_event_that_eventarc_sends(caller: Caller) -> None:
    resource = b'{"bucket": "b", "name": "nba-com/x.json"}'
    attributes = {"eventType": "OBJECT_FINALIZE", "bucketId": "b", "objectId": "nba-com/x.json"}
    seen = json.loads(caller.post("/eventarc/nba-ingest", pushed(resource, attributes)).body)
    assert base64.b64decode(seen["body"]) == resource
    assert {name: seen["headers"][name] for name in seen["headers"] if name.startswith("ce-")} == {
        "ce-id": "7", "ce-specversion": "1.0", "ce-time": "2025-01-01T00:00:00Z",
        "ce-type": "google.cloud.storage.object.v1.finalized", "ce-subject": "objects/nba-com/x.json",
        "ce-source": "//storage.googleapis.com/projects/_/buckets/b", "ce-bucket": "b",
    }  # fmt: skip


def test_any_other_push_becomes_message_published(caller: Caller) -> None:
    body = pushed(b"hello", {"k": "v"})
    topic = "projects/tipoff-tests/topics/raw-ready"
    seen = json.loads(caller.post(f"/eventarc/nba-ingest?topic={topic}", body).body)
    assert base64.b64decode(seen["body"]) == body
    assert seen["headers"]["ce-type"] == "google.cloud.pubsub.topic.v1.messagePublished"
    assert seen["headers"]["ce-source"] == f"//pubsub.googleapis.com/{topic}"
    assert caller.post("/eventarc/nba-ingest", body).status == 400
    assert caller.post("/eventarc/nba-ingest", b"\xff not a push").status == 400


@pytest.mark.parametrize(("main", "complaint"), [
    ("import msgspec\n1 / 0", "ZeroDivisionError"),
    ("import tipoff_local", "No module named 'tipoff_local'"),
    ("import tipoff", "No module named 'tipoff'"),
    ("def other(request): ...", "main"),
])  # fmt: skip
def test_a_zip_that_cannot_be_loaded_stops_the_start_with_its_reason(tmp_path: Path, main: str, complaint: str) -> None:
    identity = Identity(tmp_path)
    broken = HostedFunction(
        name="x", zip=str(build(tmp_path, "x", main)), env={}, service="nba-x", invokers=frozenset())  # fmt: skip
    with pytest.raises(ChildFailed, match=complaint):
        FunctionHost([broken], identity).start()


def share(folder: Path, name: str, who: str = "all") -> HostedFunction:
    archive = folder / f"{name}.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("main.py", SHARED)
        zipped.writestr("library.py", f"WHO = {who!r}")
        zipped.writestr(f"{name}_only.py", "")
        zipped.writestr("lately.py", f"WHO = {who!r}")
    env = {"OWN": name, "EVERYBODYS": "yes"}
    return HostedFunction(
        name=name, zip=str(archive), env=env, service=f"nba-{name}", invokers=frozenset({CALLER}))  # fmt: skip


def test_the_instances_of_a_function_take_requests_side_by_side(tmp_path: Path) -> None:
    """Each process takes one request at a time, so two concurrent answers come from two processes."""
    identity = Identity(tmp_path / "identity")
    host = FunctionHost([function(tmp_path, "ingest", concurrency=1, max_instances=2, instances=2)], identity)
    host.start()
    meet = Barrier(2)

    def ask(_: int) -> int:
        caller = Caller(host, identity)
        meet.wait(10)
        return int(json.loads(caller.post("/nba-ingest/").body)["pid"])

    with ThreadPoolExecutor(2) as pool:
        seen = {pid for _ in range(20) for pid in pool.map(ask, range(2))}
    host.stop()
    assert len(seen) == 2


COUNTING = """
import json, threading, time
import functions_framework

LOCK, RUNNING, SEEN = threading.Lock(), [0], [0]

@functions_framework.http
def main(request):
    with LOCK:
        RUNNING[0] += 1
        SEEN[0] = max(SEEN[0], RUNNING[0])
    time.sleep(0.3)
    with LOCK:
        RUNNING[0] -= 1
    return json.dumps(SEEN[0])
"""


@pytest.mark.parametrize(("changes", "at_once", "let_in"), [
    ({"env": {"THREADS": "6"}, "concurrency": 6}, 6, 6),
    ({"env": {"THREADS": "2"}, "concurrency": 6}, 2, 6),
    ({"env": {"THREADS": "6"}, "concurrency": 6, "max_instances": 2}, 6, 12),
])  # fmt: skip
def test_requests_at_once_are_those_of_the_cloud(
    tmp_path: Path, changes: dict[str, Any], at_once: int, let_in: int
) -> None:
    """THREADS bounds what a process runs, concurrency x max_instances what is let in; another request gets 429."""
    identity = Identity(tmp_path / "identity")
    counting = function(tmp_path, "ingest", zip=str(build(tmp_path, "counting", COUNTING)), **changes)
    host = FunctionHost([counting], identity, pending_s=0.05)
    host.start()
    with ThreadPoolExecutor(14) as pool:
        answers = list(pool.map(lambda _: Caller(host, identity).post("/nba-ingest/"), range(14)))
    host.stop()
    served = [answer for answer in answers if answer.status == 200]
    assert max(json.loads(answer.body) for answer in served) == at_once
    assert len(served) == let_in
    assert {answer.status for answer in answers if answer not in served} == {429}


def test_functions_that_share_a_process_keep_their_own_main_and_settings(tmp_path: Path) -> None:
    """Two functions named `main` in one process would collide in sys.modules."""
    identity = Identity(tmp_path)
    host = FunctionHost([share(tmp_path, "ingest"), share(tmp_path, "analyze")], identity, isolate=False)
    host.start()
    try:
        caller = Caller(host, identity)
        ingest, analyze = (json.loads(caller.post(f"/nba-{name}").body) for name in ("ingest", "analyze"))
        assert ingest["pid"] == analyze["pid"] == host.pids["ingest"] == host.pids["analyze"]
        assert (ingest["loaded_with"], analyze["loaded_with"]) == ("ingest", "analyze")
        assert (ingest["own"], analyze["own"]) == ("ingest", "analyze")
        assert ingest["main"] != analyze["main"]
        assert ingest["library"] == analyze["library"]
        assert ingest["lately"] == "all"
        assert ingest["environment"]["EVERYBODYS"] == "yes"
        assert not {"OWN", "K_SERVICE", "PORT"} & ingest["environment"].keys(), (
            "a shared process must not show the variable of one function"
        )
        assert caller.post("/nba-ingest", token=identity.sign(f"{host.url}/nba-analyze", CALLER)).status == 401
        assert caller.post("/nba-ingest/die").status == 503
        assert json.loads(caller.post("/nba-analyze").body)["pid"] != analyze["pid"]
        assert "exit code 3; restarting" in host.log("nba-analyze")
    finally:
        host.stop()


def test_zips_of_two_releases_cannot_share_a_process(tmp_path: Path) -> None:
    functions = [share(tmp_path, "ingest"), share(tmp_path, "analyze", "another release")]
    for _ in range(2):
        with pytest.raises(ChildFailed, match="py differ: .*isolate"):
            FunctionHost(functions, Identity(tmp_path), isolate=False).start()
