"""Odds: docs/domain.md#odds."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.core import odds
from tipoff.core.odds import Format, Price

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
    assert round(100 * odds.implied(odds.decimal_from_american(american)), 2) == percent


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
    fair = odds.devig_multiplicative
    assert math.isclose(fair(over, under) + fair(under, over), 1, abs_tol=1e-9)
    assert fair(over, under) == pytest.approx(0.5) if over == under else True


@given(DECIMAL, DECIMAL)
def test_the_shorter_price_is_the_likelier_side(over: float, under: float) -> None:
    assert (odds.devig_multiplicative(over, under) - 0.5) * (under - over) >= -1e-9


def test_expected_value_counts_pushes() -> None:
    assert odds.expected_value(0.5, 2.0) == 0
    assert odds.expected_value(0.5, 2.0, push_probability=0.1) == pytest.approx(0.1)
