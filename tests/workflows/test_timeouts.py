"""A workflow that waits for another one waits longer than that one may take."""

import re
from pathlib import Path

import pytest
import yaml

from tests.workflows.deployed_workflows import ROOT

MESH = yaml.safe_load((ROOT / "terraform" / "mesh.yaml").read_text(encoding="utf-8"))
WORKFLOWS = sorted((ROOT / "workflows").glob("*.yaml"))
RUN = "call: googleapis.workflowexecutions.v1.projects.locations.workflows.executions.run"
# Of workflows/lib/step.yaml: five attempts with 2, 4, 8, 16 s between them; three further calls after 10, 20, 40 s.
ATTEMPTS, BETWEEN_S, CALLS, WAITS_S = 5, 30, 4, 70
POLLS, LONGEST_POLL_S, ANSWER_S = 121, 15, 5


def longest_predict_s() -> int:
    """The longest run of `predict` for a date: every call of `/start` but the last fails, and every poll is needed."""
    call_s = ATTEMPTS * MESH["functions"]["predict_start"]["timeout_s"] + BETWEEN_S
    polls_s = sum(min(number, LONGEST_POLL_S) + ANSWER_S for number in range(1, POLLS + 1))
    return int(CALLS * call_s + WAITS_S + polls_s)


@pytest.mark.parametrize("path", [path for path in WORKFLOWS if RUN in path.read_text("utf-8")], ids=lambda p: p.stem)
def test_a_child_execution_is_awaited_longer_than_it_may_take(path: Path) -> None:
    """https://cloud.google.com/workflows/docs/reference/googleapis: the default is 1800 s."""
    text = path.read_text(encoding="utf-8")
    timeouts = [int(found) for found in re.findall(r"connector_params:\n +timeout: (\d+)", text)]
    assert len(timeouts) == text.count(RUN)
    assert min(timeouts) > longest_predict_s() > 1800
