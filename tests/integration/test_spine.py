"""The way of the data, end to end: a simulated league's documents become predictions before tip-off, then grades."""

import base64
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from google.cloud import pubsub_v1
from google.pubsub_v1 import types
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from rich.console import Console

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.clients.channels import channel
from tipoff.cloud.clients.storage import storage_client
from tipoff.cloud.workflows import Execution
from tipoff.core import contracts
from tipoff.core.contracts import Parsed
from tipoff.core.messages import PredictionRequest
from tipoff_local.host import FunctionHost, HostedFunction
from tipoff_ops.landing import Lander
from tipoff_ops.local import OPERATOR, PROJECT_ID, LocalMesh
from tipoff_ops.local_state import exports
from tipoff_ops.run import PUSHED, Runner, Story
from tipoff_sim import SMALL, Kind, League

# Dates and players of its own: other tests share the warehouse.
SEED, TEAMS, START, DAYS, PREDICTED = 419, 16, date(2019, 10, 22), 12, 2
GCLOUD = shutil.which("gcloud")

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]


class _Count(msgspec.Struct, frozen=True):
    n: int


class _Row(msgspec.Struct, frozen=True):
    row: str


class Watched(Runner):
    """Plays the story and looks around the daily workflow, where what comes too late would show."""

    def __init__(self, mesh: LocalMesh, story: Story) -> None:
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
    runner: Watched
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


@pytest.fixture(scope="module")
def played(mesh: LocalMesh, ward: "Ward") -> Played:
    # The ward is started first: it needs the very zips of this mesh, and a build elsewhere may replace them.
    assert ward.mesh is mesh
    season = League(SEED, TEAMS).season(START, DAYS, SMALL)
    dates = season.game_dates[-PREDICTED:]
    watch = f"projects/{PROJECT_ID}/subscriptions/test-watches-requests"
    topic = mesh.names.topic_path("prediction-request")
    mesh.pubsub.ensure_subscription(types.Subscription(name=watch, topic=topic, ack_deadline_seconds=600))
    runner = Watched(mesh, Story("spine", tuple(season), dates, before_first_tipoff=True))
    runner.play()
    pulled = subscriber(mesh).pull(subscription=watch, max_messages=100, timeout=20)
    return Played(mesh, runner, dates, [found.message for found in pulled.received_messages])


def test_the_days_end_ok(played: Played) -> None:
    outcomes = {key: result["outcome"] for key, result in played.runner.results.items()}
    assert set(outcomes.values()) == {"ok"}
    assert len(outcomes) == 2 * PREDICTED


def test_every_slate_player_ends_in_a_named_state(played: Played) -> None:
    candidates = "nba_predictions.prediction_outcomes AS o WHERE o.game_date BETWEEN @first AND @last"
    assert played.count(candidates) > 100
    assert played.count(f"{candidates} AND o.state = 'predicted'") > 100
    assert played.count(f"{candidates} AND o.state NOT IN ('predicted', 'skipped')") == 0
    assert played.count(f"{candidates} AND o.state = 'skipped' AND o.reason IS NULL") == 0


def test_predictions_exist_before_any_box_score_landed(played: Played) -> None:
    """Pitfall 29, the catch-22: predictions that wait for the game to be over."""
    for day in map(str, played.dates):
        assert played.runner.boxes_at_daily[day] == 0
        assert played.runner.predictions_at_daily[day] > 50


def test_postgame_before_the_finals_is_not_ready(played: Played) -> None:
    assert set(played.runner.too_early.values()) == {"not_ready"}


def test_every_prediction_is_graded_voided_or_open(played: Played) -> None:
    active = "nba_predictions.player_prop_predictions AS p"
    when = "p.game_date BETWEEN @first AND @last AND p.is_active"
    graded = (
        f"{active} JOIN nba_predictions.prediction_accuracy AS a ON a.prediction_id = p.prediction_id "
        f"AND a.game_date = p.game_date WHERE {when} AND (a.is_voided OR a.absolute_error IS NOT NULL)"
    )
    final = "SELECT b.nba_game_id FROM nba_raw.nbac_player_boxscores AS b WHERE b.game_date BETWEEN @first AND @last"
    is_open = f"{active} WHERE {when} AND p.nba_game_id NOT IN ({final})"
    assert played.count(graded) > 100
    assert played.count(graded) + played.count(is_open) == played.count(f"{active} WHERE {when}")


def test_nothing_after_the_cutoff_is_used(played: Played) -> None:
    all_of = "nba_predictions.player_prop_predictions AS p WHERE p.game_date BETWEEN @first AND @last"
    assert played.count(f"{all_of} AND p.has_prop_line") > 50
    assert played.count(f"{all_of} AND NOT COALESCE(p.cutoff_at < p.tipoff_at, FALSE)") == 0
    assert (
        played.count(f"{all_of} AND p.has_prop_line AND NOT COALESCE(p.line_snapshot_timestamp < p.cutoff_at, FALSE)")
        == 0
    )


def test_exactly_one_prediction_is_active_per_game_player_and_system(played: Played) -> None:
    grouped = (
        "(SELECT COUNTIF(p.is_active) AS active FROM nba_predictions.player_prop_predictions AS p "
        "WHERE p.game_date BETWEEN @first AND @last GROUP BY p.nba_game_id, p.player_id, p.system_id) AS g"
    )
    assert played.count(grouped) > 100
    assert played.count(f"{grouped} WHERE g.active != 1") == 0


def test_redelivered_requests_change_no_view(played: Played) -> None:
    before = played.digest()
    assert len(played.requests) >= PREDICTED
    for message in played.requests:
        played.mesh.pubsub.publish(played.mesh.names.topic_path("prediction-request"), message.data, message.attributes)
    Lander(played.mesh).wait(PUSHED)
    assert played.digest() == before


def test_a_batch_is_started_once(played: Played) -> None:
    argument = played.runner.arguments[str(played.dates[-1])]
    body = {name: argument[name] for name in ("game_date", "as_of", "lead_minutes")}
    before = played.digest()
    status, answer = played.call("predict_start", "/start", body)
    assert (status, answer["code"]) == (409, "ALREADY_RUNNING")
    assert played.digest() == before


def test_an_old_batch_is_known_after_its_function_was_killed(played: Played) -> None:
    """A coordinator that kept its batches in memory forgot them at each restart."""
    batch_id = played.runner.results["daily", str(played.dates[0])]["predicted"]["batch_id"]
    before = played.call("predict_start", f"/status?batch_id={batch_id}")
    os.kill(played.mesh.host.pids["predict_start"], signal.SIGKILL)
    status, answer = _when_back(played, batch_id)
    assert (status, answer["state"], answer["summary"]) == (200, "complete", before[1]["summary"])
    assert played.call("predict_start", "/status?batch_id=batch_2019-10-22_1")[0] == 404


def _when_back(played: Played, batch_id: str) -> tuple[int, Any]:
    deadline = time.monotonic() + 30
    while True:
        try:
            found = played.call("predict_start", f"/status?batch_id={batch_id}")
        except (OSError, ValueError):
            found = 0, None
        if found[0] == 200 or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def test_a_date_without_games_ends_no_games(played: Played) -> None:
    day = played.dates[-1] + timedelta(days=1)
    result = played.runner.run("daily", {"game_date": str(day), "as_of": f"{day}T16:00:00Z"})
    assert result["outcome"] == "no_games"


@pytest.mark.skipif(GCLOUD is None, reason="gcloud is not installed")
def test_gcloud_runs_the_same_daily(played: Played, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same as-of names the same batch, which is found complete: nothing is predicted twice."""
    before = played.digest()
    folder = tmp_path_factory.mktemp("gcloud")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "CLOUDSDK_CONFIG": str(folder / "config")}
    argument = played.runner.arguments[str(played.dates[-1])]
    workflow = played.mesh.names.workflows["daily"].name
    done = subprocess.run(
        [str(GCLOUD), "workflows", "run", workflow, f"--data={json.dumps(argument)}", "--format=json"],
        env=environment | exports(played.mesh),
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    execution = json.loads(done.stdout)
    assert execution["state"] == "SUCCEEDED"
    assert json.loads(execution["result"])["outcome"] == "ok"
    assert played.digest() == before


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


class _Player(msgspec.Struct, frozen=True):
    player_id: int


class _Box(msgspec.Struct, frozen=True):
    player_id: int
    points: int | None


@dataclass(frozen=True)
class Ward:
    """Copies of `ingest` and `predict`, one for each point at which it is to die, and a healthy one of each."""

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


@pytest.fixture(scope="module")
def ward(mesh: LocalMesh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """The armed ingests read a bucket without notifications, so that nobody else takes their objects in."""
    storage_client(mesh.settings).create_bucket(BUCKET)
    functions = [
        _armed(mesh, function, point)
        for function, points in (("ingest", INGEST_POINTS), ("predict", PREDICT_POINTS))
        for point in (HEALTHY, *points)
    ]
    host = FunctionHost(functions, mesh.identity, folder=tmp_path_factory.mktemp("ward"))
    host.start()
    yield Ward(host, mesh)
    host.stop()


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


@pytest.mark.parametrize("number", range(len(INGEST_POINTS)), ids=INGEST_POINTS)
def test_ingest_killed_between_two_writes_loses_and_doubles_nothing(ward: Ward, number: int) -> None:
    document = list(League(SEED, TEAMS).season(date(2018, 10, 16), 1, SMALL).documents({Kind.BOXSCORE}))[number]
    blob = storage_client(ward.mesh.settings).bucket(BUCKET).blob(document.object_name)
    blob.upload_from_string(document.body, content_type="application/json")
    attributes = {"eventType": "OBJECT_FINALIZE", "bucketId": BUCKET, "objectId": document.object_name,
                  "objectGeneration": str(blob.generation)}  # fmt: skip
    data = msgspec.json.encode({"size": str(len(document.body))})
    parsed = contracts.read(document.object_name, document.body, None, document.observed_at)
    assert ward.deliver("ingest", INGEST_POINTS[number], data, attributes) >= 500
    assert ward.deliver("ingest", HEALTHY, data, attributes) == 204
    truth = {(row.player_id, row.points) for row in _boxes(parsed)}
    assert _landed(ward, document.object_name) == truth
    assert ward.deliver("ingest", HEALTHY, data, attributes) == 204
    assert _landed(ward, document.object_name) == truth


def _boxes(parsed: Parsed) -> tuple[Any, ...]:
    return next(part.rows for part in parsed.tables if part.table == "nbac_player_boxscores")


def _landed(ward: Ward, object_name: str) -> set[tuple[int, int | None]]:
    """What readers see of a box score; a player seen twice fails here."""
    rows = Warehouse(ward.mesh.settings, []).rows(
        "SELECT b.player_id, b.points FROM nba_raw.nbac_player_boxscores AS b "
        "WHERE b.source_object = @name AND b.game_date BETWEEN '2018-10-01' AND '2018-11-01'",
        {"name": object_name},
        _Box,
    )
    assert len({row.player_id for row in rows}) == len(rows)
    return {(row.player_id, row.points) for row in rows}


@pytest.mark.slow
def test_predict_killed_between_two_writes_loses_and_doubles_nothing(played: Played, ward: Ward) -> None:
    """A date that nobody has predicted; each quarter of its players meets a worker that dies elsewhere."""
    day = played.dates[0] - timedelta(days=1)
    as_of = f"{day}T16:00:00Z"
    argument: dict[str, str | int] = {
        "start_date": str(day),
        "end_date": str(day),
        "as_of": as_of,
        "to_step": "precompute",
    }
    assert played.runner.run("reprocess", argument | {"game_date": str(day)})["outcome"] == "ok"
    players = played.runner.warehouse.rows(
        "SELECT f.player_id FROM nba_predictions.ml_feature_store_v2 AS f WHERE f.game_date = @day",
        {"day": day},
        _Player,
    )
    ids = tuple(sorted(player.player_id for player in players))
    requests = [
        PredictionRequest(f"batch_{day}_1", day, datetime.fromisoformat(as_of), 60, ids[n::4]) for n in range(4)
    ]
    for point, request in zip(PREDICT_POINTS, requests, strict=True):
        data = msgspec.json.encode(request)
        assert ward.deliver("predict", point, data, {}) >= 500
        assert ward.deliver("predict", HEALTHY, data, {}) == 204
    predicted = _predicted(played, day)
    assert {player for player, *_ in predicted} == set(ids)
    for request in requests:
        assert ward.deliver("predict", HEALTHY, msgspec.json.encode(request), {}) == 204
    assert _predicted(played, day) == predicted


class _Predicted(msgspec.Struct, frozen=True):
    player_id: int
    system_id: str
    predicted_points: float
    is_active: bool


def _predicted(played: Played, day: date) -> set[tuple[int, str, float]]:
    rows = played.runner.warehouse.rows(
        "SELECT p.player_id, p.system_id, p.predicted_points, p.is_active "
        "FROM nba_predictions.player_prop_predictions AS p WHERE p.game_date = @day",
        {"day": day},
        _Predicted,
    )
    found = {(row.player_id, row.system_id, row.predicted_points) for row in rows}
    assert len({(player, system) for player, system, _ in found}) == len(rows)
    assert all(row.is_active for row in rows)
    return found
