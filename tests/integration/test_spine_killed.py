"""Processes killed before and after each of their writes: nothing is lost, nothing doubled.

Runs after test_spine.py: it rebuilds a date as an earlier instant knew it.
"""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.integration.played_league import (
    BUCKET,
    HEALTHY,
    INGEST_POINTS,
    PREDICT_POINTS,
    SEED,
    TEAMS,
    FailpointHost,
    Played,
)

from tipoff import sources
from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.clients.storage import storage_client
from tipoff.core.contracts.results import Parsed
from tipoff.core.messages import PredictionRequest
from tipoff_sim import SMALL, Kind, League

pytestmark = pytest.mark.timeout(600)


class _Player(msgspec.Struct, frozen=True):
    player_id: int


class _Box(msgspec.Struct, frozen=True):
    player_id: int
    points: int | None


@pytest.mark.parametrize("number", range(len(INGEST_POINTS)), ids=INGEST_POINTS)
def test_ingest_killed_between_two_writes_loses_and_doubles_nothing(failpoints: FailpointHost, number: int) -> None:
    document = list(League(SEED, TEAMS).season(date(2018, 10, 16), 1, SMALL).documents({Kind.BOXSCORE}))[number]
    blob = storage_client(failpoints.mesh.settings).bucket(BUCKET).blob(document.object_name)
    blob.upload_from_string(document.body, content_type="application/json")
    attributes = {"eventType": "OBJECT_FINALIZE", "bucketId": BUCKET, "objectId": document.object_name,
                  "objectGeneration": str(blob.generation)}  # fmt: skip
    data = msgspec.json.encode({"size": str(len(document.body))})
    parsed = sources.read(document.object_name, document.body, None, document.observed_at)
    assert failpoints.deliver("ingest", INGEST_POINTS[number], data, attributes) >= 500
    assert failpoints.deliver("ingest", HEALTHY, data, attributes) == 204
    truth = {(row.player_id, row.points) for row in _boxes(parsed)}
    assert _landed(failpoints, document.object_name) == truth
    assert failpoints.deliver("ingest", HEALTHY, data, attributes) == 204
    assert _landed(failpoints, document.object_name) == truth


def _boxes(parsed: Parsed) -> tuple[Any, ...]:
    return next(part.rows for part in parsed.tables if part.table == "nbac_player_boxscores")


def _landed(failpoints: FailpointHost, object_name: str) -> set[tuple[int, int | None]]:
    """What readers see of a box score; a player seen twice fails here."""
    rows = Warehouse(failpoints.mesh.settings, []).rows(
        "SELECT b.player_id, b.points FROM nba_raw.nbac_player_boxscores AS b "
        "WHERE b.source_object = @name AND b.game_date BETWEEN '2018-10-01' AND '2018-11-01'",
        {"name": object_name},
        _Box,
    )
    assert len({row.player_id for row in rows}) == len(rows)
    return {(row.player_id, row.points) for row in rows}


def test_predict_killed_between_two_writes_loses_and_doubles_nothing(played: Played, failpoints: FailpointHost) -> None:
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
        assert failpoints.deliver("predict", point, data, {}) >= 500
        assert failpoints.deliver("predict", HEALTHY, data, {}) == 204
    predicted = _predicted(played, day)
    assert {player for player, *_ in predicted} == set(ids)
    for request in requests:
        assert failpoints.deliver("predict", HEALTHY, msgspec.json.encode(request), {}) == 204
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
