"""The handoff's commands, typed as a person types them: curl with a token, bq, gcloud workflows and scheduler.

gcloud and bq are optional tools: their tests say so where they are missing.
"""

import json
from datetime import date

import pytest
from tests.integration.shell import BQ, CURL, GCLOUD, Shell

from tipoff_ops.landing import Lander, Upload
from tipoff_ops.local import OPERATOR, LocalMesh
from tipoff_ops.run import PUSHED
from tipoff_sim import SMALL, Kind, League

# A season of its own, of which only the schedule lands: other tests share the warehouse.
START, GAME_DAY, DAY_OFF = date(2012, 10, 30), "2012-10-30", "2012-08-01"

pytestmark = pytest.mark.timeout(600)

HANDOFF_QUERIES = {
    "lines": """SELECT game_date, COUNT(*) FROM nba_raw.odds_api_game_lines
        WHERE game_date >= "2025-12-01" GROUP BY 1 ORDER BY 1""",
    "context": """SELECT game_date, COUNT(*) FROM nba_analytics.upcoming_player_game_context
        WHERE game_date >= "2025-12-01" GROUP BY 1 ORDER BY 1""",
    "freshness": """SELECT "player_daily_cache" as tbl, MAX(cache_date) FROM nba_precompute.player_daily_cache
        UNION ALL SELECT "ml_feature_store_v2", MAX(game_date) FROM nba_predictions.ml_feature_store_v2""",
    "predictions": "SELECT MAX(game_date) FROM nba_predictions.player_prop_predictions",
    "quality": """SELECT game_date, COUNT(*), AVG(feature_quality_score) FROM nba_predictions.ml_feature_store_v2
        WHERE game_date >= "2025-12-01" GROUP BY 1""",
}


@pytest.fixture(scope="module")
def shell(mesh: LocalMesh, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell on a mesh that knows a season's schedule."""
    season = League(77).season(START, 2, SMALL)
    schedule = next(found for found in season if found.kind is Kind.SCHEDULE)
    lander = Lander(mesh)
    lander.land([Upload(schedule.object_name, schedule.body)], lambda _: None)
    lander.wait(PUSHED)
    return Shell(mesh, tmp_path_factory.mktemp("shell"))


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
def test_the_four_curl_calls_answer_as_the_handoff_says(shell: Shell) -> None:
    over = {"start_date": DAY_OFF, "end_date": DAY_OFF, "processors": ["PlayerGameSummaryProcessor"]}
    status, answer = shell.curl("analyze", "/process-date-range", over | {"backfill_mode": True})
    assert (status, answer["status"], answer["date_range"]) == (200, "completed", f"{DAY_OFF} to {DAY_OFF}")
    assert answer["results"] and {result["status"] for result in answer["results"]} <= {"success", "unchanged"}
    status, answer = shell.curl("precompute", "/process-date", {"analysis_date": DAY_OFF, "backfill_mode": True})
    assert (status, answer["status"]) == (200, "completed")
    status, answer = shell.curl("predict_start", "/start", {"game_date": DAY_OFF, "force": True})
    assert (status, answer["status"]) == (200, "no_games")
    status, answer = shell.curl("predict_start", "/status")
    assert status == 200 and answer["status"] in ("no_active_batch", "in_progress", "complete")


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
def test_what_the_handoff_got_silently_wrong_is_refused(shell: Shell) -> None:
    """An unknown processor was dropped, a missing date defaulted, a missing token let in."""
    unknown = {"start_date": DAY_OFF, "end_date": DAY_OFF, "processors": ["NoSuchProcessor"]}
    assert shell.curl("analyze", "/process-date-range", unknown)[0] == 400
    assert shell.curl("analyze", "/process-date-range", {"start_date": DAY_OFF})[0] == 400
    assert shell.curl("predict_start", "/status?batch_id=batch_2012-08-01_1")[0] == 404
    assert shell.curl("analyze", "/process-date-range", unknown, token="forged")[0] == 401
    url = shell.mesh.names.functions["grade"].url
    operator = shell.mesh.identity.sign(url, OPERATOR)
    assert shell.curl("grade", "/grade", {}, token=operator)[0] == 403, "its ingress is internal"


@pytest.mark.skipif(BQ is None, reason="bq is not installed")
@pytest.mark.parametrize("query", HANDOFF_QUERIES.values(), ids=HANDOFF_QUERIES)
def test_bq_answers_the_handoffs_queries(shell: Shell, query: str) -> None:
    out = shell.run(str(BQ), "query", "--use_legacy_sql=false", "--format=json", query)
    assert isinstance(json.loads(out or "[]"), list)


@pytest.mark.skipif(GCLOUD is None, reason="gcloud is not installed")
def test_gcloud_runs_the_reprocessing_of_a_range(shell: Shell) -> None:
    """As the README has it: two dates and nothing else (here without games; test_interrupted_backfill has some)."""
    result = shell.workflow("reprocess", {"start_date": "2012-08-01", "end_date": "2012-08-03"})
    assert (result["outcome"], result["steps"]) == ("ok", ["analyze", "precompute", "predict", "grade"])
    assert result["batches"] == {"2012-08-01": "no_games", "2012-08-02": "no_games", "2012-08-03": "no_games"}
    result = shell.workflow("reprocess", {"start_date": GAME_DAY, "end_date": GAME_DAY, "to_step": "analyze"})
    assert result["steps"] == ["analyze"]


@pytest.mark.skipif(GCLOUD is None, reason="gcloud is not installed")
def test_gcloud_runs_a_scheduled_job_out_of_turn(shell: Shell) -> None:
    """The job calls Executions with OAuth; the execution is there afterwards."""
    names = shell.mesh.names
    listed = json.loads(shell.run(str(GCLOUD), "scheduler", "jobs", "list", "--location=us-west2", "--format=json"))
    assert {job["name"].rpartition("/")[2] for job in listed} == {found.name for found in names.schedules.values()}
    workflow = names.workflows["postgame"].name
    before = json.loads(shell.run(str(GCLOUD), "workflows", "executions", "list", workflow, "--format=json"))
    shell.run(str(GCLOUD), "scheduler", "jobs", "run", names.schedules["postgame"].name, "--location=us-west2")
    after = json.loads(shell.run(str(GCLOUD), "workflows", "executions", "list", workflow, "--format=json"))
    assert len(after) == len(before) + 1
