"""docs/conformance.md says exactly what differences.yaml says, and every row names a scenario that exists.

`TIPOFF_WRITE_DOCS=1 pytest tests/conformance/test_page.py` writes the page.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "conformance.md"
TITLES = {
    "tipoff_local": "tipoff_local (ours)",
    "pubsub-emulator": "Google's Pub/Sub emulator",
    "fake-gcs-server": "fake-gcs-server (filesystem backend)",
}
INTRODUCTION = """# Conformance of the local cloud

One suite of scenarios (`tests/conformance`) runs against `tipoff_local` always, against Google's Pub/Sub emulator
where the Google Cloud SDK has it, and against fake-gcs-server where its wheel is installed. A server meets every
scenario that is not in its table below; what is in a table is proved on each run, since a scenario expected to
fail that passes is an error. The last column names the documentation that decides which behaviour is right.

Written by the suite from `tests/conformance/differences.yaml`; do not edit.
"""


def rows() -> list[dict[str, str]]:
    loaded: list[dict[str, str]] = yaml.safe_load((HERE / "differences.yaml").read_text())
    return loaded


def words(scenario: str) -> str:
    """`test_a_name_is_any_text[x]` as `a name is any text (x)`."""
    name, _, case = scenario.removeprefix("test_").partition("[")
    return name.replace("_", " ") + (f" ({case.rstrip(']')})" if case else "")


def lines() -> Iterator[str]:
    yield INTRODUCTION
    for server, title in TITLES.items():
        yield f"## {title}\n\n| scenario | what it does instead | decided by |\n|---|---|---|"
        for row in rows():
            if row["server"] == server:
                yield f"| {words(row['scenario'])} | {row['does']} | <{row['page']}> |"
        yield ""


def test_the_page_is_current() -> None:
    expected = "\n".join(lines())
    if os.environ.get("TIPOFF_WRITE_DOCS"):
        PAGE.write_text(expected)
    assert PAGE.read_text() == expected


def test_every_row_is_about_a_scenario_that_exists() -> None:
    sources = "".join(path.read_text() for path in HERE.rglob("test_*_scenarios.py"))
    scenarios = set(re.findall(r"^def (test_\w+)", sources, re.MULTILINE))
    for row in rows():
        assert row["scenario"].partition("[")[0] in scenarios
        assert row["server"] in TITLES and row["page"].startswith("https://cloud.google.com/")
