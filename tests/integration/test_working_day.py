"""The working day: late outputs are noticed, ranges are rebuilt by one command, and the operator is told why.

A league of its own years, since other tests share the warehouse.
"""

import json
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.integration.operator_session import OperatorSession, operator_session

from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.function_call import call_function
from tipoff_ops.local.upload import Upload, Uploader
from tipoff_ops.operate.reprocess import run as reprocess_run
from tipoff_sim import SMALL, Kind, League

START, DAYS = date(2021, 10, 28), 4
ODDS_START, ODDS_DAYS, ODDS_OBJECTS = date(2023, 11, 1), 19, 434

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def operator(mesh: LocalMesh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorSession]:
    """A session with the first days of a league landed, final box scores included."""
    with operator_session(mesh, tmp_path_factory.mktemp("operator"), 88, START, DAYS) as found:
        yield found


def reconciled(operator: OperatorSession, as_of: datetime, day: date, *, start_missing: bool = False) -> Any:
    dates = {"as_of": as_of.isoformat(), "start_date": str(day), "end_date": str(day)}
    found = operator.execute("reconcile", {**dates, "start_missing": start_missing})
    assert found.state == "SUCCEEDED", found.error
    return json.loads(found.result)


def test_a_late_output_alerts_once_and_nothing_stays_open(operator: OperatorSession) -> None:
    day = operator.dates[0]
    (first,) = operator.rows("SELECT MIN(g.tipoff_at) AS at FROM nba_raw.games AS g WHERE g.game_date = @d", d=day)
    before, after = first["at"] - timedelta(minutes=30), first["at"] + timedelta(days=12)
    told = reconciled(operator, before, day)
    assert told["alerts"] == [f"{day}:upcoming_player_game_context"]
    assert reconciled(operator, before + timedelta(minutes=15), day)["alerts"] == []
    code, answer = operator.tipoff("explain", str(day))
    assert code == 1 and answer["cause"].startswith("upcoming_player_game_context: ")
    assert answer["command"].startswith("tipoff reprocess --from")
    told = reconciled(operator, after, day)
    assert not {"EXPECTED", "LATE"} & set(told["states"])
    sql = "SELECT DISTINCT e.state FROM nba_ops.expected_outputs AS e WHERE e.game_date = @d"
    assert not {"EXPECTED", "LATE"} & {row["state"] for row in operator.rows(sql, d=day)}


def states(operator: OperatorSession, day: date) -> dict[str, str]:
    sql = "SELECT e.output, e.state FROM nba_ops.expected_outputs AS e WHERE e.game_date = @d"
    return {row["output"]: row["state"] for row in operator.rows(sql, d=day)}


@pytest.mark.slow
def test_reconcile_starts_a_cancelled_day_and_closes_it(operator: OperatorSession) -> None:
    """The incident: `daily` never got anywhere. Nobody types a command; the next rounds of reconcile mend the day."""
    day = operator.dates[-1]  # each of its teams has played before, so that players are known
    (tip,) = operator.rows("SELECT MIN(g.tipoff_at) AS at FROM nba_raw.games AS g WHERE g.game_date = @d", d=day)
    started = operator.start("daily", {"game_date": str(day), "collect": False})
    operator.cancel(started)
    assert operator.ended(started).state == "CANCELLED"
    late = tip["at"] - timedelta(minutes=45)
    assert reconciled(operator, late, day, start_missing=True)["started"] == [f"daily:{day}"]
    assert states(operator, day)["player_prop_predictions"] == "LATE"
    assert {operator.ended(name).state for name in operator.running("daily")} == {"SUCCEEDED"}
    told = reconciled(operator, late + timedelta(minutes=15), day, start_missing=True)
    assert (told["started"], told["alerts"]) == ([], [])
    assert states(operator, day)["player_prop_predictions"] == "COMPLETE"
    results_due = tip["at"] + timedelta(days=2)
    assert reconciled(operator, results_due, day, start_missing=True)["started"] == [f"postgame:{day}"]
    assert {operator.ended(name).state for name in operator.running("postgame")} == {"SUCCEEDED"}
    told = reconciled(operator, results_due + timedelta(minutes=15), day, start_missing=True)
    assert told["started"] == []
    assert set(states(operator, day).values()) == {"COMPLETE"}


@pytest.mark.slow
def test_the_named_command_rebuilds_the_range_and_can_be_killed_and_repeated(operator: OperatorSession) -> None:
    """Started, abandoned as by kill -9, started again: one as-of, no step twice over any date."""
    work = reprocess_run.ReprocessRange(operator.dates[0], operator.dates[-1])
    abandoned = reprocess_run.start_or_resume(operator.target, work, reprocess_run.new_as_of())
    code, told = operator.tipoff("reprocess", "--from", str(work.start_date), "--to", str(work.end_date))
    assert (code, told["state"], told["result"].get("outcome")) == (0, "SUCCEEDED", "ok"), told
    assert told["done"] == told["total"]
    assert datetime.fromisoformat(told["as_of"]) == abandoned.as_of
    runs = operator.rows(
        """SELECT u.step, MAX(u.n) AS n FROM (
            SELECT r.step, d, COUNT(*) AS n FROM nba_ops.run_history AS r
            CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(r.start_date, r.end_date)) AS d
            WHERE r.as_of = @a GROUP BY 1, 2
        ) AS u GROUP BY u.step""",
        a=abandoned.as_of,
    )
    assert runs and {row["n"] for row in runs} == {1}
    sql = "SELECT b.state, b.done = b.total AS whole FROM nba_ops.backfill_progress AS b WHERE b.backfill_id = @id"
    assert operator.rows(sql, id=work.name) == [{"state": "done", "whole": True}]


@pytest.mark.slow
def test_the_repaired_day_is_complete_and_the_commands_say_so(operator: OperatorSession) -> None:
    day = operator.dates[-1]
    code, answer = operator.tipoff("explain", str(day))
    stands = {line.partition(":")[0]: line for line in answer["told"]}
    for output in ("player_game_summary", "ml_feature_store_v2", "player_prop_predictions"):
        assert "COMPLETE" in stands[output], answer
    sql = """SELECT p.game_date, COUNT(*) AS n, COUNTIF(p.cutoff_at >= g.tipoff_at) AS too_late
        FROM nba_predictions.player_prop_predictions AS p
        JOIN nba_raw.games AS g ON g.nba_game_id = p.nba_game_id
        WHERE p.game_date BETWEEN @first AND @last GROUP BY 1 ORDER BY 1"""
    predicted = operator.rows(sql, first=operator.dates[0], last=day)
    # On the opening night of a league nobody has played yet, so none but players of earlier leagues are on a slate.
    assert {*operator.dates[1:]} <= {row["game_date"] for row in predicted} <= {*operator.dates}
    assert not any(row["too_late"] for row in predicted)
    code, plan = operator.tipoff("plan", "--from", str(operator.dates[0]), "--to", str(day))
    assert not [each for each in plan if "rows when built" in each["why"]]
    code, trace = operator.tipoff("trace", operator.object_name)
    assert code == 0 and {"receipt", "run"} <= {each["kind"] for each in trace}
    assert operator.tipoff("trace", "nba-com/nothing")[0] == 1


@pytest.mark.slow
def test_a_player_is_explained(operator: OperatorSession) -> None:
    day = operator.dates[-1]
    (row,) = operator.rows(
        "SELECT o.player_lookup AS name FROM nba_predictions.prediction_outcomes AS o "
        "WHERE o.game_date = @d AND o.state = 'predicted' ORDER BY 1 LIMIT 1", d=day,
    )  # fmt: skip
    assert operator.tipoff("explain", row["name"], str(day))[1]["state"] == "predicted"
    assert operator.tipoff("explain", str(day), "nobody")[1]["state"] == "unknown_player"


@pytest.mark.slow
def test_a_late_document_makes_what_was_built_stale(operator: OperatorSession) -> None:
    """Issue 6: inputs changed after an output was built."""
    day = operator.dates[-1]
    sql = "SELECT r.source_object AS name FROM nba_ops.object_receipts AS r WHERE r.source_object = @n"
    landed = operator.rows(sql, n=operator.object_name)
    account = call_function(operator.mesh, "reprocess", "/replay", {"object": landed[0]["name"], "force": True})
    assert (account["listed"], account["loaded"]) == (1, 1)
    Uploader(operator.mesh).wait()
    code, plan = operator.tipoff("plan", "--from", str(day), "--to", str(operator.dates[-1]))
    assert code == 1 and "player_game_summary" not in {each["output"] for each in plan}, "analyze has heard of it"
    assert "ml_feature_store_v2" in {each["output"] for each in plan if "rows when built" in each["why"]}


def test_status_and_doctor_find_no_fault(operator: OperatorSession) -> None:
    code, found = operator.tipoff("status", str(operator.dates[-1]))
    assert {each["output"] for each in found["outputs"]} >= {"player_prop_predictions", "nbac_player_boxscores"}
    assert found["steps"]
    code, findings = operator.tipoff("doctor")
    assert [each for each in findings if each["needed"] and not each["good"]] == []
    assert code == 0


def test_reading_commands_ask_the_cloud_of_the_folder(operator: OperatorSession) -> None:
    """The SQL of `explain`, `sql` and `quarantine` on the tables as they are."""
    day = operator.dates[-1]
    code, rows = operator.tipoff(
        "sql", f"SELECT g.home_team_abbr AS team FROM nba_raw.games AS g WHERE g.game_date = '{day}'"
    )
    assert code == 0 and rows
    code, game = operator.tipoff("explain", str(day), rows[0]["team"].lower())
    assert rows[0]["team"] in game["subject"] and game["cause"]
    (player,) = operator.rows("SELECT MIN(p.player_name) AS name FROM nba_raw.players AS p WHERE p.is_primary")
    code, found = operator.tipoff("explain", str(day), player["name"])
    assert found["subject"] == f"{player['name']} on {day}" and found["cause"]
    assert operator.tipoff("explain", str(day), "nobody at all")[1]["state"] == "unknown_player"
    assert operator.tipoff("quarantine", "ls", "--code", "no_such_code") == (0, [])
    code, answer = operator.tipoff("quarantine", "replay", "--code", "no_such_code")
    assert (code, answer["status"]) == (0, "nothing_held")


@pytest.mark.slow
def test_434_unprocessed_objects_are_loaded_by_one_request(operator: OperatorSession) -> None:
    """The original's backlog; the function is killed in the middle of it, and the workflow goes on."""
    season = League(89).season(ODDS_START, 60, SMALL)
    odds = [found for found in season if found.kind in (Kind.PLAYER_PROPS, Kind.GAME_LINES)][:ODDS_OBJECTS]
    assert len(odds) == ODDS_OBJECTS
    schedule = next(found for found in season if found.kind is Kind.SCHEDULE)
    uploader = Uploader(operator.mesh)
    uploader.upload([Upload(found.object_name, found.body) for found in [schedule, *odds]], lambda _: None)
    uploader.wait()
    request = {"objects": [found.object_name for found in odds], "force": True}
    plan = call_function(operator.mesh, "reprocess", "/reprocess", request | {"dry_run": True})
    assert (plan["status"], plan["listed"], plan["todo"]) == ("planned", ODDS_OBJECTS, ODDS_OBJECTS)
    assert plan["rows"] > ODDS_OBJECTS and plan["game_dates"] and 0 < plan["estimated_usd"] < 0.01
    since = datetime.now(UTC)
    started = call_function(operator.mesh, "reprocess", "/reprocess", request)
    assert started["status"] == "started" and started["execution"]
    _kill_in_the_middle(operator, since)
    found = operator.ended(started["execution"])
    assert found.state == "SUCCEEDED", found.error
    assert json.loads(found.result)["steps"] == ["ingest"]
    sql = "SELECT r.outcome, COUNT(*) AS n FROM nba_ops.object_receipts AS r WHERE r.received_at >= @since GROUP BY 1"
    assert operator.rows(sql, since=since) == [{"outcome": "accepted", "n": ODDS_OBJECTS}]
    (progress,) = operator.rows(
        "SELECT b.state, b.total, b.done FROM nba_ops.backfill_progress AS b WHERE b.backfill_id = @id",
        id=started["execution"].rpartition("/")[2],
    )
    assert progress["state"] == "done" and progress["done"] == progress["total"]


def _kill_in_the_middle(operator: OperatorSession, since: datetime) -> None:
    sql = "SELECT COUNT(*) AS n FROM nba_ops.object_receipts AS r WHERE r.received_at >= @since"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not operator.rows(sql, since=since)[0]["n"]:
        time.sleep(0.05)
    os.kill(operator.mesh.host.pids["reprocess"], signal.SIGKILL)
