"""What must exist by when: every incident is named at its root, found once, and ends in a closed state."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest

from tipoff.core.expected import (
    Expected,
    GameDay,
    assess,
    changed_rows,
    deadline_of,
    gives_up_at,
    missing_steps,
    new_incidents,
)  # fmt: skip
from tipoff.sources import EXPECTED_OUTPUTS

DAY = date(2024, 12, 5)
TIP, LAST_TIP = datetime(2024, 12, 6, 0, 0, tzinfo=UTC), datetime(2024, 12, 6, 3, 0, tzinfo=UTC)
GAMES = 5
ALL = {output.name: GAMES for output in EXPECTED_OUTPUTS}
BEFORE = [output.name for output in EXPECTED_OUTPUTS if output.part != "after"]


def day(games: int = GAMES, postponed: int = 0, *, known: bool = True, going_on: bool = True) -> GameDay:
    first, last = (TIP, LAST_TIP) if games else (None, None)
    return GameDay(DAY, games, postponed, first, last, season_known=known, in_season=going_on)


def judged(counts: Mapping[str, int], now: datetime, of: GameDay | None = None, **why: str) -> dict[str, Expected]:
    return {row.output: row for row in assess(EXPECTED_OUTPUTS, of or day(), counts, now, why)}


def recorded(rows: Mapping[str, Expected]) -> dict[tuple[date, str], tuple[str, str, int]]:
    return {(row.game_date, row.output): (row.state, row.cause, row.actual_rows) for row in rows.values()}


def test_before_its_deadline_nothing_is_late() -> None:
    rows = judged({}, TIP - timedelta(hours=3))
    assert {row.state for row in rows.values()} == {"EXPECTED"}
    assert not new_incidents(tuple(rows.values()), {})


def test_a_date_whose_outputs_are_there_is_complete() -> None:
    assert {row.state for row in judged(ALL, TIP).values()} == {"COMPLETE"}


def test_an_incident_alerts_once_and_at_its_root() -> None:
    """One missing table must not raise eleven alerts, nor one alert every fifteen minutes (docs/pitfalls.md#55)."""
    now = TIP - timedelta(minutes=30)
    counts = {name: GAMES for name in BEFORE if name.startswith(("nbac", "odds"))}
    rows = judged(counts, now)
    assert rows["player_prop_predictions"].cause == "upstream:upcoming_player_game_context"
    found = new_incidents(tuple(rows.values()), {})
    assert [row.output for row in found] == ["upcoming_player_game_context"]
    later = judged(counts, now + timedelta(minutes=15))
    assert not new_incidents(tuple(later.values()), recorded(rows))
    assert not changed_rows(tuple(later.values()), recorded(rows))


def test_the_cause_is_what_receipts_say() -> None:
    rows = judged({}, TIP - timedelta(hours=1), upcoming_player_game_context="step_failed:CHECK_FAILED")
    assert rows["upcoming_player_game_context"].cause == "step_failed:CHECK_FAILED"
    assert rows["odds_api_game_lines"].cause == "not_received"
    assert judged(ALL | {"odds_api_game_lines": 3}, TIP)["odds_api_game_lines"].cause == "covers_3_of_5_games"


@pytest.mark.parametrize("counts", [{}, {name: 2 for name in ALL}, {name: GAMES for name in BEFORE}, ALL],
                         ids=["nothing", "a part of all", "no results", "everything"])  # fmt: skip
def test_no_incident_leaves_a_row_open(counts: dict[str, int]) -> None:
    rows = judged(counts, TIP + timedelta(days=10))
    assert not [row for row in rows.values() if row.open]


def test_what_never_came_is_failed_and_what_could_be_done_without_degraded() -> None:
    rows = judged({"odds_api_game_lines": 2}, LAST_TIP)
    assert rows["player_prop_predictions"].state == "FAILED"
    assert rows["odds_api_game_lines"].state == rows["nbac_injury_report"].state == "DEGRADED"
    assert rows["prediction_accuracy"].state == "EMPTY_OK", "nobody grades what was never predicted"


def test_a_repair_closes_a_failed_row_as_complete() -> None:
    failed = judged({}, TIP + timedelta(days=10))
    healed = judged(ALL, TIP + timedelta(days=11))
    changed = changed_rows(tuple(healed.values()), recorded(failed))
    assert {row.output for row in changed} == set(ALL)
    assert {row.state for row in changed} == {"COMPLETE"}


@pytest.mark.parametrize(
    ("of", "cause"),
    [
        (day(0), "no_games"),
        (day(0, going_on=False), "off_season"),
        (day(0, postponed=2), "postponed"),
    ],
    ids=["a day off", "summer", "all games put off"],
)
def test_a_date_without_games_needs_nothing_and_says_why(of: GameDay, cause: str) -> None:
    rows = judged({}, TIP + timedelta(days=1), of)
    assert {(row.state, row.cause) for row in rows.values()} == {("EMPTY_OK", cause)}


def test_a_season_without_a_schedule_is_one_incident_and_summer_is_none() -> None:
    unknown = judged({}, TIP, day(0, known=False, going_on=False))
    assert {row.cause for row in unknown.values()} == {"no_schedule"}
    assert len(new_incidents(tuple(unknown.values()), {})) == 1
    summer = GameDay(date(2024, 8, 5), 0, 0, None, None, season_known=False, in_season=False)
    assert {row.state for row in assess(EXPECTED_OUTPUTS, summer, {}, TIP, {})} == {"EMPTY_OK"}


def test_only_a_workflow_that_can_help_is_started() -> None:
    """Nothing is started against a missing input, nor predicted after the last tip-off."""
    late, evening = TIP - timedelta(minutes=30), LAST_TIP + timedelta(minutes=1)
    assert missing_steps(tuple(judged({}, late).values()), late, LAST_TIP) == ("daily",)
    morning = TIP + timedelta(hours=18)
    assert missing_steps(tuple(judged({n: GAMES for n in BEFORE}, morning).values()), morning, LAST_TIP) == ()
    boxes = {name: GAMES for name in [*BEFORE, "nbac_player_boxscores", "nbac_play_by_play"]}
    assert missing_steps(tuple(judged(boxes, morning).values()), morning, LAST_TIP) == ("postgame",)
    assert "daily" not in missing_steps(tuple(judged({}, evening).values()), evening, LAST_TIP)


def test_every_output_is_due_before_its_readers_and_given_up_after_it_was_due() -> None:
    due = {output.name: deadline_of(day(), output) for output in EXPECTED_OUTPUTS}
    for output in EXPECTED_OUTPUTS:
        assert all(due[name] <= due[output.name] for name in output.reads)
        assert gives_up_at(day(), output) > due[output.name]
