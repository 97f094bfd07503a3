"""A day on which every downstream service fails: how often each step is tried, and the cost at list prices."""

from collections import Counter
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml
from cronsim import CronSim

from tests.workflows.deployed_workflows import ROOT, Answers, DeployedWorkflows, Scenario, refused
from tests.workflows.scenarios import CHAINS
from tipoff import sources
from tipoff.core.collect.model import Game
from tipoff.core.game_date import eastern_instant
from tipoff.core.timetable import timetable
from tipoff.prices import Standing, Usage, call, messages, table_reads
from tipoff.steps.reconcile import STARTS_PER_DATE
from tipoff_ops.local.declared import SCHEDULE_RETRY

MESH = yaml.safe_load((ROOT / "terraform" / "mesh.yaml").read_text(encoding="utf-8"))
EASTERN = ZoneInfo(MESH["time_zone"])
DAY = datetime(2024, 12, 5, tzinfo=EASTERN)
DAYS_OF_MONTH = 30
ATTEMPTS = 5  # of one call: the first attempt and four retries
# Limit of attempts of a step on such a day; a step that follows the windows of the sources has a larger limit.
BUDGET = {"collect/due": 100 * ATTEMPTS}
SECONDS_PER_ATTEMPT = 0.5  # a refusal takes milliseconds; a generous assumption
TABLES_PER_ATTEMPT = 20  # tables in the queries before the failure, each billed at 10 MB
PUSHED_FACTS = 400  # documents of a full slate
# A message that ingest refuses becomes a dead letter. The other topics stay empty: who refuses publishes nothing.
REFUSING = ("ingest", "dead-letter")


def firings(schedule: str) -> int:
    """How often a schedule fires on the day."""
    entry = MESH["schedules"][schedule]
    found = 0
    for at in CronSim(entry["cron"], DAY - timedelta(seconds=1)):
        if at >= datetime.combine(DAY.date() + timedelta(days=1), time(0), EASTERN):
            return found
        found += 1
    return found


GAMES = [
    Game(f"00{day.day}{hour}", day, "2024-25", "BOS", "NYK", eastern_instant(day, hour, 40))
    for day in (DAY.date() - timedelta(days=1), DAY.date())
    for hour in range(12, 23)
]
STARTS: Counter[str] = Counter()
STARTS.update(
    entry.workflow for entry in timetable(DAY.date(), GAMES, sources.WINDOWS, sources.EXPECTED_OUTPUTS).entries
)
STARTS.update(
    {schedule["workflow"]: firings(key) for key, schedule in MESH["schedules"].items() if "workflow" in schedule}
)
# Executions that reconcile may start in addition to the schedule; a changed report starts at most one per hour.
STARTS.update({"daily": STARTS_PER_DATE, "postgame": STARTS_PER_DATE, "predict": 24, "reprocess": 1})


@pytest.fixture(scope="module")
def attempts(deployed: DeployedWorkflows) -> dict[str, Counter[str]]:
    """Calls by workflow in one execution, when every function always answers 503."""
    found = {}
    for workflow, chain in CHAINS.items():
        down: dict[str, Answers] = {step: [refused(503)] for step in chain}
        ended = deployed.run(Scenario(workflow, _argument(workflow), down, "FAILED", ""))
        assert ended.state == "FAILED"
        found[workflow] = Counter(ended.asked)
    return found


def _argument(workflow: str) -> dict[str, str]:
    day = str(DAY.date())
    return {"start_date": day, "end_date": day} if workflow == "reprocess" else {"game_date": day}


def test_a_failing_execution_tries_one_step_and_no_other(attempts: dict[str, Counter[str]]) -> None:
    for workflow, asked in attempts.items():
        assert len(asked) == 1, f"{workflow} went on after {asked}"
        assert sum(asked.values()) == ATTEMPTS


def test_the_day_stays_within_its_budget_of_attempts(attempts: dict[str, Counter[str]]) -> None:
    """The original made 720,630 runs without a success (docs/pitfalls.md#41)."""
    total: Counter[str] = Counter()
    for workflow, asked in attempts.items():
        for step, times in asked.items():
            total[step] += times * STARTS[workflow]
    assert all(times <= BUDGET.get(step, 500) for step, times in total.items()), total
    assert total["train/train"] == 0, "it is a Thursday"


def test_the_day_costs_less_than_a_dollar(attempts: dict[str, Counter[str]]) -> None:
    day = Usage()
    for workflow, asked in attempts.items():
        calls = sum(asked.values()) * STARTS[workflow]
        day += (call(SECONDS_PER_ATTEMPT, 1.0) + Usage(workflow_steps=1)).times(calls)
        day += Usage(workflow_steps=40).times(STARTS[workflow])
    day += call(SECONDS_PER_ATTEMPT, 0.5).times(firings("tick") * (1 + SCHEDULE_RETRY.retry_count))
    # A step may read before it fails: once in each execution.
    day += table_reads(TABLES_PER_ATTEMPT).times(sum(STARTS.values()))
    for subscription in REFUSING:
        given_up = MESH["subscriptions"][subscription]["attempts"] * PUSHED_FACTS
        day += (call(SECONDS_PER_ATTEMPT, 0.5) + messages(1)).times(given_up)
    scheduler = Standing(scheduler_jobs=len(MESH["schedules"])).dollars / DAYS_OF_MONTH
    assert 0.1 < day.dollars + scheduler < 1.0, day
