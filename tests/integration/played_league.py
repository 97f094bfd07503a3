"""A simulated league that runs once per test session, and functions that crash at chosen failpoints."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from google.cloud import pubsub_v1
from google.pubsub_v1 import types
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from rich.console import Console

from tipoff.cloud.clients.channels import channel
from tipoff.cloud.clients.storage import storage_client
from tipoff.cloud.workflows import Execution
from tipoff_local.host import FunctionHost, HostedFunction
from tipoff_local.iam.grants import Grant
from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.project import OPERATOR, PROJECT_ID
from tipoff_ops.run.runner import Runner
from tipoff_ops.run.scenario import Scenario
from tipoff_sim import SMALL, League

# Dates and players of its own: other tests share the warehouse.
SEED, TEAMS, START, DAYS, PREDICTED = 419, 16, date(2019, 10, 22), 12, 2

# A crash before and after each write; `#n` is the n-th of its kind.
INGEST_POINTS = (
    "bigquery.append:before#1",
    "bigquery.append:after#1",
    "bigquery.append:after#2",
    "pubsub.publish:after",
)
PREDICT_POINTS = (
    "bigquery.append:before#1",
    "bigquery.append:after#1",
    "pubsub.publish:before",
    "pubsub.publish:after",
)
HEALTHY = "healthy"
BUCKET = "test-spine-landing"


class _Count(msgspec.Struct, frozen=True):
    n: int


class _Row(msgspec.Struct, frozen=True):
    row: str


class WatchedRunner(Runner):
    """Plays the days and takes counts at each daily workflow, which show data that arrived too late."""

    def __init__(self, mesh: LocalMesh, story: Scenario) -> None:
        super().__init__(mesh, story, Console(quiet=True))
        self.arguments: dict[str, dict[str, str | int]] = {}
        self.results: dict[tuple[str, str], Any] = {}
        self.boxes_at_daily: dict[str, int] = {}
        self.predictions_at_daily: dict[str, int] = {}
        self.too_early: dict[str, str] = {}

    def count(self, what: str, **parameters: object) -> int:
        """COUNT(*) of a FROM clause."""
        return self.warehouse.rows(f"SELECT COUNT(*) AS n FROM {what}", parameters, _Count)[0].n

    def _execute(self, key: str, argument: dict[str, str | int]) -> Execution:
        ended = super()._execute(key, argument)
        day = str(argument["game_date"])
        self.results[key, day] = json.loads(ended.result)
        if key == "daily":
            self.arguments[day] = argument
            where = {"day": date.fromisoformat(day)}
            self.boxes_at_daily[day] = self.count(
                "nba_raw.nbac_player_boxscores AS b WHERE b.game_date = @day", **where
            )
            self.predictions_at_daily[day] = self.count(
                "nba_predictions.player_prop_predictions AS p WHERE p.game_date = @day AND p.is_active", **where
            )
            early = super()._execute("postgame", {"game_date": day, "as_of": argument["as_of"], "waits": 0})
            self.too_early[day] = json.loads(early.result)["outcome"]
        return ended

    def run(self, key: str, argument: dict[str, str | int]) -> Any:
        """One more execution; its result."""
        return json.loads(super()._execute(key, argument).result)


@dataclass
class Played:
    """The league after its last day, with every prediction request that was published."""

    mesh: LocalMesh
    runner: WatchedRunner
    dates: tuple[date, ...]
    requests: list[types.PubsubMessage] = field(default_factory=list)

    @property
    def between(self) -> dict[str, date]:
        return {"first": self.dates[0], "last": self.dates[-1]}

    def count(self, what: str) -> int:
        return self.runner.count(what, **self.between)

    def digest(self) -> list[str]:
        """Every prediction and outcome of the dates, without the instants of writing."""
        rows = self.runner.warehouse.rows(_STATE, self.between, _Row)
        return [found.row for found in rows]

    def call(self, function: str, path: str, body: object | None = None) -> tuple[int, Any]:
        """What a person's request gets."""
        url = self.mesh.names.functions[function].url
        data = None if body is None else msgspec.json.encode(body)
        request = urllib.request.Request(
            url + path, data, {"Content-Type": "application/json"} | self.mesh.identity.authorization(url, OPERATOR)
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


_STATE = """
SELECT TO_JSON_STRING(STRUCT(
  p.prediction_id, p.batch_id, p.player_id, p.system_id, p.cutoff_at, p.predicted_points, p.prob_over, p.is_active
)) AS row
FROM nba_predictions.player_prop_predictions AS p
WHERE p.game_date BETWEEN @first AND @last
UNION ALL
SELECT TO_JSON_STRING(STRUCT(o.player_id, o.nba_game_id, o.state, o.reason, o.systems)) AS row
FROM nba_predictions.prediction_outcomes AS o
WHERE o.game_date BETWEEN @first AND @last
ORDER BY row
"""


def subscriber(mesh: LocalMesh) -> pubsub_v1.SubscriberClient:
    return pubsub_v1.SubscriberClient(transport=SubscriberGrpcTransport(channel=channel(mesh.pubsub.endpoint)))


@dataclass(frozen=True)
class FailpointHost:
    """Copies of `ingest` and `predict`: one for each failpoint, and one of each without a failpoint."""

    host: FunctionHost
    mesh: LocalMesh

    def deliver(self, function: str, point: str, data: bytes, attributes: dict[str, str]) -> int:
        """Push one message as the subscription would; the status of the answer."""
        message = {"data": base64.b64encode(data).decode(), "attributes": attributes, "messageId": "1"}
        url = f"{self.host.url}/{_service(function, point)}"
        headers = self.mesh.identity.authorization(url, "test-push@tipoff.example")
        request = urllib.request.Request(url, msgspec.json.encode({"message": message}), headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


def _service(function: str, point: str) -> str:
    return f"{function}-{''.join(c if c.isalnum() else '-' for c in point)}"


def play(mesh: LocalMesh) -> Played:
    """Play the league's days; predict and grade the last of them."""
    season = League(SEED, TEAMS).season(START, DAYS, SMALL)
    dates = season.game_dates[-PREDICTED:]
    watch = f"projects/{PROJECT_ID}/subscriptions/test-watches-requests"
    topic = mesh.names.topic_path("prediction-request")
    mesh.pubsub.ensure_subscription(types.Subscription(name=watch, topic=topic, ack_deadline_seconds=600))
    runner = WatchedRunner(mesh, Scenario("spine", tuple(season), dates, before_first_tipoff=True))
    runner.play()
    pulled = subscriber(mesh).pull(subscription=watch, max_messages=100, timeout=20)
    return Played(mesh, runner, dates, [found.message for found in pulled.received_messages])


@contextmanager
def failpoint_host(mesh: LocalMesh, folder: Path) -> Iterator[FailpointHost]:
    """These copies of `ingest` read a bucket without notifications, so that no other function loads their objects."""
    storage_client(mesh.settings).create_bucket(BUCKET)
    reads = Grant(f"storage_bucket:{BUCKET}", "roles/storage.objectViewer", f"serviceAccount:{_email(mesh, 'ingest')}")
    policy = mesh.iam.read()
    mesh.iam.write(msgspec.structs.replace(policy, grants=(*policy.grants, reads)))
    functions = [
        _armed(mesh, function, point)
        for function, points in (("ingest", INGEST_POINTS), ("predict", PREDICT_POINTS))
        for point in (HEALTHY, *points)
    ]
    host = FunctionHost(functions, mesh.identity, folder=folder)
    host.start()
    yield FailpointHost(host, mesh)
    host.stop()


def _email(mesh: LocalMesh, function: str) -> str:
    return mesh.names.functions[function].email


def _armed(mesh: LocalMesh, function: str, point: str) -> HostedFunction:
    hosted = mesh._hosted(mesh.names, function)
    extra = {} if point == HEALTHY else {"TIPOFF_FAILPOINT": point}
    return msgspec.structs.replace(
        hosted,
        name=_service(function, point),
        service=_service(function, point),
        invokers=frozenset({"test-push@tipoff.example"}),
        env=hosted.env | extra | ({"BUCKET_LANDING": BUCKET} if function == "ingest" else {}),
    )
