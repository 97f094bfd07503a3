"""Odds: docs/domain.md#odds, and the odds rows of docs/domain.md#signs."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.core import odds
from tipoff.core.odds import Format, Price, Result

AMERICAN = st.one_of(st.integers(100, 100_000), st.integers(-100_000, -101))
DECIMAL = st.floats(1.01, 50, allow_nan=False)


@given(AMERICAN)
def test_american_prices_are_equal_after_decimal_and_back(price: int) -> None:
    assert odds.american_from_decimal(odds.decimal_from_american(price)) == price


def test_plus_and_minus_100_are_the_same_price() -> None:
    assert odds.decimal_from_american(100) == odds.decimal_from_american(-100) == 2.0
    assert odds.american_from_decimal(1.91) == -110
    assert odds.american_from_decimal(1.5) == -200


@pytest.mark.parametrize(("american", "percent"), [(-110, 52.38), (-115, 53.49), (-117, 53.92), (-137, 57.81)])
def test_break_even_of_common_prices(american: int, percent: float) -> None:
    assert round(100 * odds.break_even(odds.decimal_from_american(american)), 2) == percent


@pytest.mark.parametrize("bad", [0, 1, -1, 99.9, -99.9, math.inf, -math.inf, math.nan])
def test_no_price_lies_between_minus_and_plus_hundred(bad: float) -> None:
    with pytest.raises(ValueError):
        Price.read(bad, Format.AMERICAN)


@pytest.mark.parametrize("bad", [1, 0, -2.5, math.inf, math.nan, 1e9])
def test_a_decimal_price_is_above_one(bad: float) -> None:
    with pytest.raises(ValueError):
        Price.read(bad, Format.DECIMAL)


@pytest.mark.parametrize(
    ("prices", "style"),
    [
        ([-110, -110], "american"),
        ([150, 120], "american"),
        ([1.91, 1.91], "decimal"),
        ([1.01, 251.0], "decimal"),
        ([0, 0.5], "american"),
        ([], "american"),
    ],
)
def test_the_format_is_the_document_s(prices: list[float], style: str) -> None:
    assert odds.detect_format(prices) == style


def test_signs_of_both_formats_are_refused() -> None:
    with pytest.raises(ValueError):
        odds.detect_format([-110, 1.91])


@given(DECIMAL, DECIMAL)
def test_without_margin_the_two_sides_sum_to_one(over: float, under: float) -> None:
    for method in (odds.devig_multiplicative, odds.devig_power):
        assert math.isclose(method(over, under) + method(under, over), 1, abs_tol=1e-9)
        assert method(over, under) == pytest.approx(0.5) if over == under else True


@given(DECIMAL, DECIMAL)
def test_the_shorter_price_is_the_likelier_side(over: float, under: float) -> None:
    for method in (odds.devig_multiplicative, odds.devig_power):
        assert (method(over, under) - 0.5) * (under - over) >= -1e-9


def test_money() -> None:
    assert [odds.profit(1.91, result) for result in Result] == [pytest.approx(0.91), -1, 0, 0]
    assert odds.expected_value(0.5, 2.0) == 0
    assert odds.expected_value(0.5, 2.0, push_probability=0.1) == pytest.approx(0.1)
    assert odds.edge(0.55, 2.0) == pytest.approx(0.05)


@given(st.floats(150, 300), st.floats(-30, 30))
def test_both_teams_totals_sum_to_the_game_s(total: float, spread: float) -> None:
    assert math.isclose(odds.implied_team_total(total, spread) + odds.implied_team_total(total, -spread), total)
