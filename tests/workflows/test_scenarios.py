"""The workflows on the local engine, through the official clients: every step, switch arm and `except` is run.

A scripted server answers for the functions. A scenario says what each of them answers, and how the execution must end.
No scenario in which a step failed may end SUCCEEDED.
"""

import json

import msgspec
import pytest

from tests.workflows.coverage import covered
from tests.workflows.deployed_workflows import BATCH, KEYS, PARENT, DeployedWorkflows, Ended, Scenario, source
from tests.workflows.replay import replay
from tests.workflows.scenarios import BY_CHILD, CHAINS, DATE, FAILURES, RETRIED, SCENARIOS, SUBJECTS
from tipoff.steps.grade import Graded
from tipoff.steps.predict_start import Started
from tipoff.steps.publish import Published
from tipoff.steps.rebuild.process import Processed
from tipoff.steps.reconcile import Reconciled
from tipoff.steps.replay import Replayed
from tipoff.steps.reprocess import ReprocessPlan
from tipoff.steps.train import Trained
from tipoff_local.workflows.engine.recorder import Diverged


@pytest.fixture(scope="module")
def results(deployed: DeployedWorkflows) -> dict[str, Ended]:
    """The end of every scenario. Each runs once."""
    return {title: deployed.run(scenario) for title, scenario in SCENARIOS.items()}


def test_each_scenario_ends_as_expected(results: dict[str, Ended]) -> None:
    wrong = {
        title: (ended.state, ended.result, ended.error)
        for title, ended in results.items()
        if ended.state != SCENARIOS[title].state
        or (ended.state == "SUCCEEDED" and ended.result["outcome"] != SCENARIOS[title].ending)
        or (ended.state == "FAILED" and SCENARIOS[title].ending not in ended.error)
    }
    assert not wrong


def test_every_step_arm_and_except_is_executed(deployed: DeployedWorkflows, results: dict[str, Ended]) -> None:
    reports = {key: covered(deployed.server.journal, _workflow_path(deployed, key)) for key in KEYS}
    assert results
    assert not [f"{key}: {report.text()}" for key, report in reports.items() if report.missing]
    assert all(len(report.points) > 10 for report in reports.values())


def _workflow_path(deployed: DeployedWorkflows, key: str) -> str:
    return f"{PARENT}/workflows/{deployed.names.workflows[key].name}"


FAILING = [
    title
    for title, scenario in SCENARIOS.items()
    if scenario.state == "FAILED" and scenario.answers and scenario.argument.get("end_date", DATE) == DATE
]


def test_no_branch_ends_succeeded_after_a_failure(results: dict[str, Ended]) -> None:
    """A chain once went on, or said success, after a step had failed (docs/pitfalls.md#37)."""
    assert len(FAILING) > 100
    for title in FAILING:
        scenario, ended = SCENARIOS[title], results[title]
        (broken,) = scenario.answers
        chain = CHAINS[scenario.workflow]
        after = chain[chain.index(broken) + 1 :]
        assert ended.state == "FAILED", title
        assert not set(after) & set(ended.asked), f"{title}: the chain went on"


def test_daily_predicts_without_its_sources_and_says_partial(results: dict[str, Ended]) -> None:
    """A blocked source once stopped every prediction of the day. The workflow `collect` alerts, once."""
    broken = [title for title in SCENARIOS if title.startswith("daily: collect/collect answers ")]
    assert len(broken) == len(FAILURES)
    for title in broken:
        assert set(CHAINS["daily"]) <= set(results[title].asked), title
        assert list(results[title].alerts) == [f"workflow_failed:collect:{DATE}"], title
    unknown = results["daily: its sources fail, and no schedule is known"]
    assert "predict_start/start" not in unknown.asked


def test_each_failed_workflow_sends_one_alert(results: dict[str, Ended]) -> None:
    for title in FAILING:
        scenario, ended = SCENARIOS[title], results[title]
        (broken,) = scenario.answers
        expected = [f"workflow_failed:{SUBJECTS[scenario.workflow]}"]
        child = BY_CHILD.get(broken, scenario.workflow)
        if child != scenario.workflow:
            expected.insert(0, f"workflow_failed:{child}:{DATE}")
        assert list(ended.alerts) == expected, title


def test_an_alert_names_its_cause(deployed: DeployedWorkflows) -> None:
    deployed.run(SCENARIOS["postgame: grade/grade answers 422"])
    ((topic, data, attributes),) = deployed.published
    alert = json.loads(data)
    assert topic == deployed.names.topic_path("alerts")
    assert attributes == {"dedupe_key": f"workflow_failed:postgame:{DATE}"}
    assert (alert["kind"], alert["subject"]) == ("workflow_failed", f"postgame:{DATE}")
    assert json.loads(alert["message"])["body"]["code"] == "some_code"


def test_only_transient_failures_are_retried(results: dict[str, Ended]) -> None:
    """A retry budget: five attempts of what may pass, one of what cannot."""
    for title in [title for title in FAILING if " answers " in title]:
        (broken,) = SCENARIOS[title].answers
        how = title.partition(" answers ")[2]
        attempts = results[title].times(broken)
        expected = 1 if how not in RETRIED else 6 if broken == "predict_start/status" else 5
        expected += 2 * (title.startswith("postgame: collect/") and title.endswith("with 200"))  # both fallbacks
        assert attempts == expected, (title, attempts)


def test_not_ready_is_asked_four_times_and_stops_the_chain(results: dict[str, Ended]) -> None:
    never = [title for title in SCENARIOS if title.endswith("is never ready")]
    assert len(never) == 26 - 3
    for title in never:
        scenario, ended = SCENARIOS[title], results[title]
        (late,) = scenario.answers
        chain = CHAINS[scenario.workflow]
        assert ended.times(late) == 4, title
        assert not set(chain[chain.index(late) + 1 :]) & set(ended.asked), f"{title}: the chain went on"
        assert not ended.alerts


def test_it_waits_longer_each_time(deployed: DeployedWorkflows, results: dict[str, Ended]) -> None:
    calls = deployed.recording(results["train: train/train is never ready"]).calls
    waits = [json.loads(call.arguments) for call in calls if call.call == "sys.sleep"]
    assert [wait["seconds"] for wait in waits] == [10, 20, 40]
    assert [call.call for call in calls].count("sys.log") == 1


def test_waits_0_turns_waiting_off(deployed: DeployedWorkflows) -> None:
    scenario = SCENARIOS["postgame: grade/grade is never ready"]
    without_waits = Scenario(
        scenario.workflow, {**scenario.argument, "waits": 0}, scenario.answers, scenario.state, scenario.ending
    )
    ended = deployed.run(without_waits)
    assert (ended.result["outcome"], ended.times("grade/grade")) == ("not_ready", 1)


def test_reprocess_counts_only_what_was_done(results: dict[str, Ended]) -> None:
    """A step that was not ready is not done, and what follows it is not tried."""
    order = ("ingest", "analyze", "precompute", "predict", "grade", "publish")
    first_calls = [call for call in CHAINS["reprocess"] if call != "predict_start/status"]
    for number, call in enumerate(first_calls):
        result = results[f"reprocess: {call} is never ready"].result
        assert result["steps"] == list(order[:number])
        assert result["stopped_at"]["outcome"] == "not_ready"
    assert results["reprocess: all is well"].result["steps"] == list(order)
    assert results["reprocess: only grade"].asked == ("grade/grade",)
    assert results["reprocess: planned"].asked == ("reprocess/reprocess",)


def test_a_range_is_rebuilt_block_by_block_and_predicted_day_by_day(results: dict[str, Ended]) -> None:
    ended = results["reprocess: blocks of a day"]
    assert [ended.times(call) for call in ("analyze/process-date-range", "grade/grade", "publish/publish")] == [3, 3, 3]
    assert ended.result["batches"] == {"2024-11-01": "ok", "2024-11-02": "ok", "2024-11-03": "ok"}


def test_no_further_day_is_begun_after_one_that_failed(results: dict[str, Ended]) -> None:
    """Otherwise a range of days against a service that is down is a storm of calls (docs/pitfalls.md#41)."""
    assert results["reprocess: eight days, one fails"].times("predict_start/start") <= 6


def test_the_fallbacks_are_asked_when_the_box_scores_have_failed(
    results: dict[str, Ended], deployed: DeployedWorkflows
) -> None:
    """Their documents land; the workflow still fails, for no table is built from them."""
    ended = deployed.run(SCENARIOS["postgame: the fallbacks have what NBA.com lacks"])
    bodies = [body["source"] for call, body in deployed.functions.seen if call == "collect/collect"]
    assert bodies == ["nbac_boxscore", "nbac_gamelog", "bdl_player_boxscores"]
    assert (ended.state, ended.times("grade/grade")) == ("FAILED", 0)
    assert results["postgame: all is well"].times("collect/collect") == 2


def test_a_batch_that_was_started_before_is_watched(results: dict[str, Ended]) -> None:
    """The answer to /start may get lost; its repetition must find the batch, not give up on it."""
    ended = results["predict: its own batch runs"]
    assert ended.result["batch_id"] == BATCH
    assert ended.times("predict_start/status") == 2


def test_context_that_is_not_ready_starts_no_batch(results: dict[str, Ended]) -> None:
    for call in ("analyze/process-date-range", "precompute/process-date"):
        assert "predict_start/start" not in results[f"predict: {call} is never ready"].asked


def test_a_call_that_times_out_is_a_failure(deployed: DeployedWorkflows) -> None:
    """Time-out: the same source with a shorter patience, since nobody waits half an hour here."""
    deployed.deploy("train", source("train").replace("timeout: 1800", "timeout: 0.05"), "short-timeout")
    deployed.functions.slow_s = 0.2
    ended = deployed.run(SCENARIOS["train: all is well"], "short-timeout")
    deployed.functions.slow_s = 0.0
    assert ended.state == "FAILED"
    assert "TimeoutError" in ended.error
    assert ended.alerts == (f"workflow_failed:train:{DATE}",)


def test_all_steps_get_the_same_as_of(deployed: DeployedWorkflows) -> None:
    """A step that takes its own `now` sees other data (docs/pitfalls.md#30)."""
    for key in ("daily", "predict", "postgame"):
        deployed.run(SCENARIOS[f"{key}: all is well"])
        steps = set(CHAINS[key]) - {"collect/collect"}  # asked first, so that all others see what it brought
        instants = {body["as_of"] for call, body in deployed.functions.seen if call in steps and "as_of" in body}
        assert len(instants) == 1, key


@pytest.mark.parametrize(
    "answer", [Processed, Graded, Published, Started, Reconciled, ReprocessPlan, Replayed, Trained]
)
def test_every_answer_says_its_status(answer: type[msgspec.Struct]) -> None:
    """The workflows take an answer without `status` for a failure."""
    assert "status" in answer.__struct_fields__


def test_a_recorded_execution_replays(deployed: DeployedWorkflows, results: dict[str, Ended]) -> None:
    for title in ("daily: all is well", "reprocess: blocks of a day", "predict: batch stalled"):
        key = SCENARIOS[title].workflow
        replay(deployed.recording(results[title]), source(key))


CHANGES = {
    "another call": ("path: /publish", "path: /print"),
    "another argument": ('"look_back_days"), 3)', '"look_back_days"), 4)'),
    "another outcome": ("          - outcome: ok\n", "          - outcome: fine\n"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_source_does_not_replay(deployed: DeployedWorkflows, results: dict[str, Ended], change: str) -> None:
    was, becomes = CHANGES[change]
    assert source("daily").count(was) == 1
    with pytest.raises(Diverged):
        replay(deployed.recording(results["daily: all is well"]), source("daily").replace(was, becomes))
