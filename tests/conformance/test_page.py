"""Every row of differences.yaml names a scenario that exists. `make generate` writes docs/conformance.md from it."""

import re
from pathlib import Path

from tipoff_ops.pages.conformance import TITLES, read_differences

HERE = Path(__file__).parent


def test_every_row_is_about_a_scenario_that_exists() -> None:
    sources = "".join(path.read_text() for path in HERE.rglob("test_*_scenarios.py"))
    scenarios = set(re.findall(r"^def (test_\w+)", sources, re.MULTILINE))
    for row in read_differences(HERE / "differences.yaml"):
        assert row.scenario.partition("[")[0] in scenarios
        assert row.server in TITLES and row.page.startswith("https://cloud.google.com/")
