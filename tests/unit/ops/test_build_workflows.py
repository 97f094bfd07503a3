"""A composed workflow has each subworkflow that it calls, once, and no other."""

import pytest
import yaml

from tipoff_ops.build import find_project
from tipoff_ops.build.workflows import compose_workflow

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
