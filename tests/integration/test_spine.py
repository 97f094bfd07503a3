"""The way of the data, end to end: a simulated league's documents become predictions before tip-off, then grades."""

import json
import os
import shutil
import signal
import subprocess
import time
from datetime import timedelta
from typing import Any

import pytest
from tests.integration.played_league import PREDICTED, Played

from tipoff_ops.local.state import exports
from tipoff_ops.local.upload import Uploader

GCLOUD = shutil.which("gcloud")

pytestmark = pytest.mark.timeout(600)


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
    """The catch-22: predictions that wait for the game to be over (docs/pitfalls.md#29)."""
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
    """None is active if the player's newest result is a skip: the skip is newer than each of his predictions."""
    grouped = (
        "(SELECT COUNTIF(p.is_active) AS active, LOGICAL_AND(p.skipped_later IS NOT NULL) AS skipped "
        "FROM nba_predictions.player_prop_predictions AS p "
        "WHERE p.game_date BETWEEN @first AND @last GROUP BY p.nba_game_id, p.player_id, p.system_id) AS g"
    )
    assert played.count(f"{grouped} WHERE NOT g.skipped") > 100
    assert played.count(f"{grouped} WHERE g.active != IF(g.skipped, 0, 1)") == 0


def test_redelivered_requests_change_no_view(played: Played) -> None:
    before = played.digest()
    assert len(played.requests) >= PREDICTED
    for message in played.requests:
        played.mesh.pubsub.publish(played.mesh.names.topic_path("prediction-request"), message.data, message.attributes)
    Uploader(played.mesh).wait()
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
    # Another test has rebuilt the date for another as-of and lead: this one restores it.
    played.runner.run("daily", played.runner.arguments[str(played.dates[-1])])
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
