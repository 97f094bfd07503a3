"""`tipoff reprocess` interrupted in every way: the work goes on, the same command watches it, nothing is done twice.

The command runs in a process of its own against a real local cloud, and dies by real signals.
"""

import json
import signal
import subprocess
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.integration.operator_session import OperatorSession, operator_session
from tests.integration.shell import GCLOUD, Shell
from tests.support.table_digest import combined_digest, digest_query, digest_rows

from tipoff import tables
from tipoff_ops.local.cloud import LocalMesh

START, DAYS = date(2022, 12, 25), 3
PATIENCE_S = 240

pytestmark = [pytest.mark.timeout(900), pytest.mark.slow]


@pytest.fixture(scope="module")
def operator(mesh: LocalMesh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorSession]:
    with operator_session(mesh, tmp_path_factory.mktemp("interrupted"), 90, START, DAYS) as found:
        yield found


def command(operator: OperatorSession, first: date, last: date, steps: str) -> tuple[str, ...]:
    return "reprocess", "--from", str(first), "--to", str(last), "--steps", steps


def started(process: "subprocess.Popen[str]") -> str:
    """What the command says first: the execution that it has started or goes on with."""
    assert process.stderr is not None
    return process.stderr.readline().strip()


def answer(process: "subprocess.Popen[str]") -> Any:
    out, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out + errors
    return json.loads(out)


def runs(operator: OperatorSession, as_of: str) -> dict[str, int]:
    """By step, the most receipts of one date and one as-of."""
    sql = """SELECT u.step, MAX(u.n) AS n FROM (
            SELECT r.step, d, COUNT(*) AS n FROM nba_ops.run_history AS r
            CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(r.start_date, r.end_date)) AS d
            WHERE r.as_of = @a GROUP BY 1, 2
        ) AS u GROUP BY u.step"""
    return {row["step"]: row["n"] for row in operator.rows(sql, a=datetime.fromisoformat(as_of))}


def batches(operator: OperatorSession, as_of: str) -> list[int]:
    sql = "SELECT COUNT(*) AS n FROM nba_predictions.prediction_batches AS b WHERE b.as_of = @a GROUP BY b.game_date"
    return [row["n"] for row in operator.rows(sql, a=datetime.fromisoformat(as_of))]


def digest(operator: OperatorSession) -> str:
    """Everything that the steps derive over the dates."""
    over = {"start_date": operator.dates[0], "end_date": operator.dates[-1]}
    derived = [table for table in tables.lineage_order() if table.kind == "derived" and table.spec.partition]
    return combined_digest(digest_rows(table, operator.rows(digest_query(table), **over)) for table in derived)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
def test_a_command_that_ends_early_leaves_the_work_running_and_its_repetition_watches_it(
    operator: OperatorSession, how: signal.Signals
) -> None:
    last = operator.dates[-1] if how == signal.SIGINT else operator.dates[-2]  # another range is another run
    words = command(operator, operator.dates[0], last, "analyze..grade")
    first = operator.typed(*words)
    told = started(first)
    first.send_signal(how)
    _, said = first.communicate(timeout=PATIENCE_S)
    assert first.returncode == (1 if how == signal.SIGINT else -signal.SIGKILL)
    assert ("the workflow continues" in said) == (how == signal.SIGINT)
    (running,) = operator.running("reprocess")
    again = operator.typed(*words)
    assert told.partition(" ")[0] == "started"
    assert started(again) == f"continuing {running.rpartition('/')[2]}" == f"continuing {told.split()[1]}"
    result = answer(again)
    assert (result["state"], result["result"]["outcome"], result["done"]) == ("SUCCEEDED", "ok", result["total"])
    assert set(runs(operator, result["as_of"]).values()) == {1}
    assert set(batches(operator, result["as_of"])) == {1}


@pytest.mark.parametrize("point", ["workflows.start:before", "workflows.start:after"])
def test_killed_around_the_start_it_begins_once(operator: OperatorSession, point: str) -> None:
    """Between the start and its record only the execution itself knows of the run."""
    last = operator.dates[0] if point.endswith("before") else operator.dates[1]
    words = command(operator, operator.dates[0], last, "analyze..analyze")
    killed = operator.typed(*words, killed_at=point)
    _, said = killed.communicate(timeout=PATIENCE_S)
    assert killed.returncode == -signal.SIGKILL, said
    running = operator.running("reprocess")
    assert len(running) == (1 if point.endswith("after") else 0)
    again = operator.typed(*words)
    told = started(again)
    assert told.startswith("continuing ") and (not running or told.endswith(running[0].rpartition("/")[2]))
    result = answer(again)
    assert result["result"]["outcome"] == "ok"
    assert set(runs(operator, result["as_of"]).values()) == {1}


def test_an_interrupted_run_leaves_what_an_undisturbed_one_leaves(operator: OperatorSession) -> None:
    words = command(operator, operator.dates[0], operator.dates[-1], "analyze..precompute")
    first = operator.typed(*words)
    name = started(first).split()[1]
    first.kill()
    first.communicate(timeout=PATIENCE_S)
    (running,) = operator.running("reprocess")
    assert running.endswith(name)
    operator.cancel(running)
    assert operator.ended(running).state == "CANCELLED"
    result = answer(operator.typed(*words))
    disturbed = digest(operator)
    argument = {"start_date": str(operator.dates[0]), "end_date": str(operator.dates[-1]), "to_step": "precompute"}
    undisturbed = operator.execute("reprocess", argument | {"as_of": result["as_of"], "force": True})
    assert undisturbed.state == "SUCCEEDED", undisturbed.error
    assert digest(operator) == disturbed


@pytest.mark.skipif(GCLOUD is None, reason="gcloud is not installed")
def test_gcloud_rebuilds_dates_with_games(operator: OperatorSession, tmp_path: Path) -> None:
    """The README's line: two dates and nothing else."""
    over = {"start_date": str(operator.dates[1]), "end_date": str(operator.dates[2])}
    result = Shell(operator.mesh, tmp_path).workflow("reprocess", over)
    assert (result["outcome"], result["steps"]) == ("ok", ["analyze", "precompute", "predict", "grade"])
    assert result["batches"] == dict.fromkeys(over.values(), "ok")
