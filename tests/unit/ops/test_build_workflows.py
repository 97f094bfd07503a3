"""A composed workflow has each subworkflow that it calls, once, and no other."""

import re

import pytest
import yaml

from tipoff.sources import COLLECTIONS
from tipoff_ops.build import find_project
from tipoff_ops.build.workflows import compose_stages, compose_workflow

LIBRARY = {
    "tell": "tell:\n  steps:\n    - log:\n        call: write\n",
    "write": "write:\n  steps:\n    - done:\n        return: 1\n",
    "unused": "unused:\n  steps:\n    - done:\n        return: 2\n",
}


def test_subworkflows_are_joined_with_those_that_they_call() -> None:
    calls = "".join(f"    - step_{name[:3]}:\n        call: {name}\n" for name in ("sys.log", "tell"))
    text = f"main:\n  steps:\n{calls * 2}"
    composed = compose_workflow(text, LIBRARY)
    assert composed.startswith(text)
    assert composed.count("\ntell:") == 1
    assert list(yaml.safe_load(composed)) == ["main", "tell", "write"]


def test_a_call_of_an_unknown_subworkflow_is_refused() -> None:
    with pytest.raises(ValueError, match="no subworkflow is called tel"):
        compose_workflow("main:\n  steps:\n    - tell:\n        call: tel\n", LIBRARY)


def test_no_workflow_defines_what_the_library_has() -> None:
    folder = find_project().root / "workflows"
    shared = {path.stem for path in (folder / "lib").glob("*.yaml")}
    assert shared == {"step", "alert"}
    for path in folder.glob("*.yaml"):
        assert not shared & yaml.safe_load(path.read_text("utf-8")).keys(), path.name


def test_a_workflow_gets_the_sources_that_state_a_stage_of_it() -> None:
    text = (find_project().root / "workflows" / "daily.yaml").read_text("utf-8")
    composed = compose_stages("daily", text, COLLECTIONS)
    stages = yaml.safe_load(re.search(r"stages:\n(?: +- .*\n)+", composed).group())["stages"]  # type: ignore[union-attr]
    assert [[one["source"] for one in stage] for stage in stages] == [
        ["nbac_schedule"],
        ["nbac_injury_report_pdf", "nbac_roster", "odds_api_game_lines"],
        ["odds_api_player_props"],
    ]


def test_a_host_is_asked_once_in_a_stage() -> None:
    lines = COLLECTIONS["odds_api_game_lines"]
    twice = {"one": lines, "other": lines}
    with pytest.raises(ValueError, match="asks api.the-odds-api.com twice"):
        compose_stages("daily", "stages: []  # make build: them\n", twice)
