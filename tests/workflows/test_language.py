"""The Workflows language: data files of sources with their documented result or refusal.

Every group cites its documentation page. A case gives an expression (`x`) or a `source`, and one of: `is` (result),
`raises` (tag of the error map), `raised` (the raised value itself), `refused` (deploy error, with optional `line` and
`step`), `unimplemented` (deploy error that the service answers with 501).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tipoff_local.workflows.language.errors import DeployError

CASES = Path(__file__).parent / "cases"
PRELUDE = {
    "n": 3,
    "d": 2.5,
    "s": "abc",
    "l": [1, 2, 3],
    "m": {"a": 1, "k-2": 2, "inner": {"deep": [10, 20]}},
    "t": True,
    "z": None,
    "b": '${text.encode("hi")}',
}
ARGUMENT = {"one": {"a": {"x": 1}, "b": 2}, "two": {"a": {"y": 3}}}


def _cases() -> list[Any]:
    found = []
    for file in sorted(CASES.glob("*.yaml")):
        for group in yaml.safe_load(file.read_text()):
            assert group["page"].startswith("https://cloud.google.com/workflows/"), f"{file}: cite the page"
            for case in group.get("expressions", []) + group.get("cases", []):
                name = case.get("x") or case["name"]
                found.append(pytest.param(case, id=f"{file.stem}: {name}"))
    return found


ALL = _cases()


def _source(case: dict[str, Any]) -> str:
    if "source" in case:
        return str(case["source"])
    steps = [
        {"given": {"assign": [{key: value} for key, value in PRELUDE.items()]}},
        {"it": {"return": "${" + case["x"] + "}"}},
    ]
    return yaml.safe_dump({"main": {"params": ["args"], "steps": steps}}, sort_keys=False)


@pytest.mark.parametrize("case", ALL)
def test_case(case: dict[str, Any], run: Callable[..., Any], endpoint: Any, exactly: Callable[[Any], str]) -> None:
    endpoint.script = list(case.get("http", []))
    argument = case.get("argument", ARGUMENT)
    if endpoint.script:
        argument = argument | {"url": endpoint.url}
    refusal = case.get("refused") or case.get("unimplemented")
    if refusal:
        with pytest.raises(DeployError) as refused:
            run(_source(case), argument)
        assert refusal in str(refused.value)
        assert refused.value.unimplemented == ("unimplemented" in case)
        assert case.get("step", refused.value.location.step) == refused.value.location.step
        assert case.get("line", refused.value.location.line) == refused.value.location.line
        return
    ran = run(_source(case), argument)
    if "raises" in case:
        assert isinstance(ran.error, dict), f"ended with {ran.result!r}, {ran.error!r}"
        assert case["raises"] in ran.error["tags"]
    elif "raised" in case:
        assert exactly(ran.error) == exactly(case["raised"])
    else:
        assert ran.error is None
        assert exactly(ran.result) == exactly(case["is"])
    if "waits" in case:
        assert ran.world.waits == pytest.approx(case["waits"], abs=0.2)
    if "requests" in case:
        assert len(endpoint.requests) == case["requests"]


def test_there_are_at_least_200_cases() -> None:
    assert len(ALL) >= 200
