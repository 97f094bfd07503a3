"""The original system's commands, typed as a person types them: curl with a token, bq, gcloud workflows and scheduler.

gcloud and bq are optional tools: their tests say so where they are missing.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import fmean
from typing import Any

import msgspec
import pytest
from tests.integration.played_league import DAYS, PREDICTED, SEED, TEAMS, Played
from tests.integration.played_league import START as STORY_START
from tests.integration.shell import BQ, CURL, GCLOUD, Shell

from tipoff.sources import read
from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.project import OPERATOR
from tipoff_ops.local.upload import Upload, Uploader
from tipoff_sim import SMALL, Kind, League, Season

# A season of its own, of which only the schedule lands: other tests share the warehouse.
START, GAME_DAY, DAY_OFF = date(2025, 10, 30), "2025-10-30", "2025-08-01"

pytestmark = pytest.mark.timeout(600)

# The original text, with the played league's dates for its 2025-12-01: other leagues share the warehouse.
HANDOFF_QUERIES = {
    "lines": """SELECT game_date, COUNT(*) FROM nba_raw.odds_api_game_lines
        WHERE game_date >= "{first}" AND game_date <= "{last}" GROUP BY 1 ORDER BY 1""",
    "context": """SELECT game_date, COUNT(*) FROM nba_analytics.upcoming_player_game_context
        WHERE game_date >= "{first}" AND game_date <= "{last}" GROUP BY 1 ORDER BY 1""",
    "freshness": """SELECT "player_daily_cache" as tbl, MAX(cache_date) FROM nba_precompute.player_daily_cache
        WHERE cache_date <= "{last}"
        UNION ALL SELECT "ml_feature_store_v2", MAX(game_date) FROM nba_predictions.ml_feature_store_v2
        WHERE game_date <= "{last}" """,
    "predictions": """SELECT MAX(game_date) FROM nba_predictions.player_prop_predictions
        WHERE game_date <= "{last}" """,
    "quality": """SELECT game_date, COUNT(*), AVG(feature_quality_score) FROM nba_predictions.ml_feature_store_v2
        WHERE game_date >= "{first}" AND game_date <= "{last}" GROUP BY 1 ORDER BY 1""",
}


@pytest.fixture(scope="module")
def shell(mesh: LocalMesh, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell on a mesh that knows a season's schedule."""
    season = League(77).season(START, 2, SMALL)
    schedule = next(found for found in season if found.kind is Kind.SCHEDULE)
    uploader = Uploader(mesh)
    uploader.upload([Upload(schedule.object_name, schedule.body)], lambda _: None)
    uploader.wait()
    return Shell(mesh, tmp_path_factory.mktemp("shell"))


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
def test_the_four_curl_calls_answer_as_the_original_did(shell: Shell) -> None:
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
def test_what_the_original_got_silently_wrong_is_refused(shell: Shell) -> None:
    """An unknown processor was dropped, a missing date defaulted, a missing token let in."""
    unknown = {"start_date": DAY_OFF, "end_date": DAY_OFF, "processors": ["NoSuchProcessor"]}
    assert shell.curl("analyze", "/process-date-range", unknown)[0] == 400
    assert shell.curl("analyze", "/process-date-range", {"start_date": DAY_OFF})[0] == 400
    assert shell.curl("predict_start", "/status?batch_id=batch_2025-08-01_1")[0] == 404
    assert shell.curl("analyze", "/process-date-range", unknown, token="forged")[0] == 401
    url = shell.mesh.names.functions["grade"].url
    operator = shell.mesh.identity.sign(url, OPERATOR)
    assert shell.curl("grade", "/grade", {}, token=operator)[0] == 403, "its ingress is internal"


@dataclass(frozen=True)
class Held:
    """What the league's own documents hold of its predicted dates, counted without the warehouse."""

    lines: dict[str, int]
    slate: dict[str, set[str]]
    out: dict[str, set[str]]


@pytest.fixture(scope="module")
def held(played: Played) -> Held:
    season = League(SEED, TEAMS).season(STORY_START, DAYS, SMALL)
    rows: dict[str, list[tuple[datetime, Any]]] = defaultdict(list)
    for document in season:
        for part in read(document.object_name, document.body, None).tables:
            rows[part.table].extend((document.observed_at, row) for row in part.rows)
    days = season.game_dates[-PREDICTED:]
    listed = {day: in_force(season, rows["nbac_injury_report"], day, told_at(played, day)) for day in days}
    return Held(
        {str(day): sum(row.game_date == day for _, row in rows["odds_api_game_lines"]) for day in days},
        {str(day): {*boxed(rows, day), *quoted(rows, day), *listed[day]} for day in days},
        {str(day): {player for player, status in listed[day].items() if status == "Out"} for day in days},
    )


def boxed(rows: dict[str, list[tuple[datetime, Any]]], day: date) -> set[str]:
    """Who is on his last list of a box score, whether he played or not, with a team that plays on the day, unless a
    report since says he was traded."""
    boxes = rows["nbac_player_boxscores"]
    teams = {row.team_abbr for _, row in boxes if row.game_date == day}
    seen = {row.player_lookup: row.team_abbr for row in in_order(boxes, day)}
    listings = [(at, row) for at, row in rows["nbac_injury_report"] if row.row_kind == "listing"]
    newest = {row.player_lookup: row.team_abbr for row in in_order([*boxes, *listings], day)}
    return {player for player, team in seen.items() if team in teams and newest[player] == team}


def in_order(rows: list[tuple[datetime, Any]], day: date) -> list[Any]:
    """Those of earlier dates, the newest observed last."""
    return [row for _, row in sorted(rows, key=lambda each: each[0]) if row.game_date < day]


def quoted(rows: dict[str, list[tuple[datetime, Any]]], day: date) -> set[str]:
    return {row.player_lookup for _, row in rows["odds_api_player_props"] if row.game_date == day}


def told_at(played: Played, day: date) -> datetime:
    """The instant the day's predictions were made for."""
    return datetime.fromisoformat(str(played.runner.arguments[str(day)]["as_of"]))


def in_force(season: Season, reports: list[tuple[datetime, Any]], day: date, as_of: datetime) -> dict[str, str]:
    """Status by player in the last report before each game's cutoff."""
    found: dict[str, str] = {}
    for game in (matchup.game for matchup in season.matchups if matchup.game.game_date == day):
        cutoff = min(as_of, game.tipoff_at - timedelta(minutes=30))
        known = [(at, row) for at, row in reports if row.game_date == day and at < cutoff]
        newest = max(at for at, _ in known)
        teams = {game.home.tricode, game.away.tricode}
        found |= {row.player_lookup: row.injury_status for at, row in known
                  if at == newest and row.team_abbr in teams and row.row_kind == "listing"}  # fmt: skip
    return found


@pytest.mark.skipif(BQ is None, reason="bq is not installed")
@pytest.mark.parametrize("query", HANDOFF_QUERIES)
def test_bq_answers_the_originals_queries(shell: Shell, played: Played, held: Held, query: str) -> None:
    sql = HANDOFF_QUERIES[query].format(**played.between)
    found = json.loads(shell.run(str(BQ), "query", "--use_legacy_sql=false", "--format=json", sql))
    last = str(played.dates[-1])
    told = {
        "lines": [{"game_date": day, "f0_": str(count)} for day, count in held.lines.items()],
        "context": [{"game_date": day, "f0_": str(len(names))} for day, names in held.slate.items()],
        "freshness": [{"tbl": name, "f0_": last} for name in ("player_daily_cache", "ml_feature_store_v2")],
        "predictions": [{"f0_": last}],
        "quality": [
            {"game_date": day, "f0_": str(len(names - held.out[day])), "f1_": pytest.approx(quality(played, day))}
            for day, names in held.slate.items()
        ],
    }
    found = [row | {"f1_": float(row["f1_"])} if "f1_" in row else row for row in found]
    assert found == told[query]


class _Quality(msgspec.Struct, frozen=True):
    score: float


def quality(played: Played, day: str) -> float:
    """The mean of what the score says it is: 100 times the mean quality of a row's features."""
    rows = played.runner.warehouse.rows(
        "SELECT (SELECT 100 * AVG(f.quality) FROM UNNEST(s.features) AS f) AS score "
        "FROM nba_predictions.ml_feature_store_v2 AS s WHERE s.game_date = @day",
        {"day": date.fromisoformat(day)},
        _Quality,
    )
    return fmean(row.score for row in rows)


@pytest.mark.skipif(GCLOUD is None, reason="gcloud is not installed")
def test_gcloud_runs_the_reprocessing_of_a_range(shell: Shell) -> None:
    """As the README has it: two dates and nothing else (here without games; test_interrupted_backfill has some)."""
    result = shell.workflow("reprocess", {"start_date": "2025-08-01", "end_date": "2025-08-03"})
    assert (result["outcome"], result["steps"]) == ("ok", ["analyze", "precompute", "predict", "grade", "publish"])
    assert result["batches"] == {"2025-08-01": "no_games", "2025-08-02": "no_games", "2025-08-03": "no_games"}
    result = shell.workflow("reprocess", {"start_date": GAME_DAY, "end_date": GAME_DAY, "to_step": "analyze"})
    assert result["steps"] == ["analyze"]


@pytest.mark.skipif(GCLOUD is None, reason="gcloud is not installed")
def test_gcloud_runs_a_scheduled_job_out_of_turn(shell: Shell) -> None:
    """The job calls Executions with OAuth; the execution is there afterwards."""
    names = shell.mesh.names
    listed = json.loads(shell.run(str(GCLOUD), "scheduler", "jobs", "list", "--location=us-west2", "--format=json"))
    assert {job["name"].rpartition("/")[2] for job in listed} == {found.name for found in names.schedules.values()}
    workflow = names.workflows["train"].name
    before = json.loads(shell.run(str(GCLOUD), "workflows", "executions", "list", workflow, "--format=json"))
    shell.run(str(GCLOUD), "scheduler", "jobs", "run", names.schedules["train"].name, "--location=us-west2")
    after = json.loads(shell.run(str(GCLOUD), "workflows", "executions", "list", workflow, "--format=json"))
    assert len(after) == len(before) + 1
