"""Grading: the table of domain reference section 11, and its signs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.core.grading import (
    Grade,
    OverUnder,
    Participation,
    Published,
    Recommendation,
    confidence_decile,
    grade,
    over_under,
    participation,
)

PLAYED = Participation.PLAYED


def published(advice: str, predicted: float = 22.0, line: float | None = 20.0) -> Published:
    return Published(predicted, Recommendation(advice), line, 1.91, 0.55)


def cells(one: Grade) -> tuple[object, ...]:
    return one.prediction_correct, one.is_push, one.is_voided, one.profit


@pytest.mark.parametrize(
    ("advice", "points", "expected"),
    [
        ("OVER", 21, (True, False, False, 0.91)),
        ("UNDER", 19, (True, False, False, 0.91)),
        ("OVER", 19, (False, False, False, -1.0)),
        ("UNDER", 21, (False, False, False, -1.0)),
        ("OVER", 20, (None, True, False, 0.0)),
        ("PASS", 25, (None, False, False, None)),
        ("NO_LINE", 25, (None, False, False, None)),
    ],
)
def test_the_table_of_cases(advice: str, points: int, expected: tuple[object, ...]) -> None:
    graded = grade(published(advice), PLAYED, points)
    assert cells(graded) == pytest.approx(expected)
    assert graded.absolute_error == abs(22 - points)


def test_zero_points_with_minutes_is_played_and_counts() -> None:
    assert participation(1, False, None, in_box=True) is PLAYED
    assert grade(published("OVER"), PLAYED, 0).signed_error == 22


@pytest.mark.parametrize(
    ("tenths", "counted", "status", "in_box", "expected"),
    [
        (0, False, "Out", True, "dnp_injury_confirmed"),
        (None, False, "Questionable", False, "dnp_late_scratch"),
        (None, False, None, False, "dnp_unknown"),
        (0, False, "Available", True, "dnp_unknown"),
        (None, True, None, True, "played"),
    ],
)
def test_who_did_not_appear_is_void_with_a_reason(
    tenths: int | None, counted: bool, status: str | None, in_box: bool, expected: str
) -> None:
    assert participation(tenths, counted, status, in_box) == expected


def test_a_void_enters_no_error_and_no_hit_rate() -> None:
    graded = grade(published("OVER"), Participation.DNP_LATE_SCRATCH, None)
    assert cells(graded) == (None, False, True, 0.0)
    assert (graded.absolute_error, graded.signed_error, graded.void_reason) == (None, None, "dnp_late_scratch")


@given(st.floats(0, 60), st.integers(0, 80), st.floats(0.5, 60))
def test_one_more_point_predicted_raises_error_and_margin_by_one(predicted: float, points: int, line: float) -> None:
    low, high = (grade(published("OVER", value, line), PLAYED, points) for value in (predicted, predicted + 1))
    assert high.signed_error == pytest.approx((low.signed_error or 0) + 1)
    assert high.predicted_margin == pytest.approx((low.predicted_margin or 0) + 1)
    assert (low.actual_margin, low.line_error) == (points - line, line - points)


def test_on_the_line_is_a_push_and_never_an_over() -> None:
    assert [over_under(points, 20.0) for points in (19, 20, 21)] == [OverUnder.UNDER, OverUnder.PUSH, OverUnder.OVER]


@given(st.floats(0, 1))
def test_confidence_has_ten_deciles(confidence: float) -> None:
    assert 1 <= confidence_decile(confidence) <= 10


def test_confidence_is_a_probability() -> None:
    assert [confidence_decile(value) for value in (0, 0.1, 0.95, 1)] == [1, 2, 10, 10]
    with pytest.raises(ValueError):
        confidence_decile(55)
