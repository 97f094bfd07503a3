"""The original's incident, cause by cause: each is impossible now, and here is the check that stops it.

Nineteen days of odds had never been processed, because of a topic's name, a column that did not exist and a package
that was not deployed; and once they were, the date's features waited for results that could only come after its games.

A column that does not exist is refused by the analyzer (test_a_column_that_does_not_exist in
tests/sql/statements/test_lint.py). A package that is imported and not deployed is found by tests/contract/test_zips.py.
The other causes are planted here.
The days that are healed by the documented command, and end with predictions before tip-off, are played in
tests/integration/test_working_day.py.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.contract.source_tree import ROOT
from tipoff.cloud.storage import ObjectName
from tipoff.core.errors import ConfigInvalid
from tipoff.core.expected import GameDay, assess, new_incidents
from tipoff.runtime.settings import IngestSettings, load
from tipoff.sources import EXPECTED_OUTPUTS, object_name
from tipoff.steps.reprocess import BEFORE_ALL, to_do
from tipoff_local import mesh

DAYS, OBJECTS = 19, 434
FIRST = date(2024, 12, 1)


def test_a_wrong_topic_name_is_refused_before_anything_is_deployed(tmp_path: Path) -> None:
    text = (ROOT / "terraform" / "mesh.yaml").read_text(encoding="utf-8")
    wrong = tmp_path / "mesh.yaml"
    wrong.write_text(text.replace("publish: [raw-ready, alerts]", "publish: [raw-reddy, alerts]"), encoding="utf-8")
    with pytest.raises(mesh.MeshError, match="raw-reddy"):
        mesh.load(wrong)


def test_a_function_without_its_topic_does_not_start() -> None:
    """Not even by a default that points to a topic nobody reads."""
    with pytest.raises(ConfigInvalid, match="TOPIC_RAW_READY"):
        load(IngestSettings, {"PROJECT_ID": "p"})


def test_objects_that_no_message_announced_are_found_by_listing() -> None:
    """Whether an object was processed is asked of receipts, so that a lost message loses nothing."""
    listed = [ObjectName(_odds(number % DAYS, number), 1, 2_000) for number in range(OBJECTS)]
    assert len({found.name for found in listed}) == OBJECTS
    assert to_do(listed, {}, force=False, since=BEFORE_ALL) == listed


def _odds(day: int, number: int) -> str:
    at = datetime(2024, 12, 1, 17, tzinfo=UTC) + timedelta(days=day, seconds=number)
    teams = {"away": "LAL", "home": "BOS"}
    return object_name(
        "odds_api_game_lines", date=FIRST + timedelta(days=day), event_id=f"{number:032x}", ts=at, **teams
    )


def test_each_of_the_days_would_have_raised_one_alert_on_the_day() -> None:
    received = {"nbac_injury_report": 5, "odds_api_player_points_props": 5}
    for day in (FIRST + timedelta(days=number) for number in range(DAYS)):
        tip = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
        games = GameDay(day, 5, 0, tip, tip, season_known=True, in_season=True)
        rows = assess(EXPECTED_OUTPUTS, games, received, tip - timedelta(minutes=110), {})
        assert [row.output for row in new_incidents(rows, {})] == ["odds_api_game_lines"], day


def test_nothing_for_before_the_game_waits_for_its_results() -> None:
    """The catch-22: tonight's features needed tonight's box scores."""
    needed = {name for output in EXPECTED_OUTPUTS if output.part == "before" for name in output.reads}
    assert not [output.name for output in EXPECTED_OUTPUTS if output.name in needed and output.part == "after"]
