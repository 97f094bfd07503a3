"""Odds: American and decimal prices, implied probabilities without the vig, and expected value.

Formulas: docs/domain.md#odds. Probabilities are in [0, 1]. Prices are per unit staked.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

MAX_AMERICAN = 1_000_000


class Format(StrEnum):
    """The notation of a document's prices."""

    AMERICAN = "american"
    DECIMAL = "decimal"


def detect_format(prices: Sequence[float]) -> Format:
    """Format of one document's prices.

    Any price <= -100 means American. Otherwise any price in (1, 100) means decimal, for all prices. Otherwise American.

    Raises:
        ValueError: the prices contain signs of both formats.
    """
    american = any(price <= -100 for price in prices)
    decimal = any(1 < price < 100 for price in prices)
    if american and decimal:
        raise ValueError("one document states all prices in one format")
    return Format.DECIMAL if decimal else Format.AMERICAN


def decimal_from_american(american: float) -> float:
    """Decimal odds: 1 + a/100 for a > 0, 1 + 100/|a| for a < 0.

    Raises:
        ValueError: |a| < 100.
    """
    if not abs(american) >= 100 or not math.isfinite(american):
        raise ValueError("an American price is at least 100 away from zero")
    return 1 + american / 100 if american > 0 else 1 + 100 / -american


def american_from_decimal(decimal: float) -> int:
    """American odds, rounded to the integer half away from zero: (d-1) 100 for d >= 2, else -100/(d-1).

    Raises:
        ValueError: d <= 1.
    """
    if not decimal > 1 or not math.isfinite(decimal):
        raise ValueError("a decimal price is above 1")
    profit = Fraction(str(decimal)) - 1
    exact = profit * 100 if profit >= 1 else -100 / profit
    return round_half_away(exact)


def round_half_away(value: Fraction) -> int:
    """Nearest integer, halves away from zero."""
    magnitude = math.floor(abs(value) + Fraction(1, 2))
    return magnitude if value >= 0 else -magnitude


@dataclass(frozen=True, slots=True)
class Price:
    """One price in both forms: `american` an integer, `decimal` = 1 + profit per unit."""

    american: int
    decimal: float

    @classmethod
    def read(cls, value: float, style: Format) -> "Price":
        """The price that a document states.

        Raises:
            ValueError: not a price of that format, or one of a million or more.
        """
        if style is Format.DECIMAL:
            american = american_from_decimal(value)
            decimal = float(value)
        else:
            decimal = decimal_from_american(value)
            american = round_half_away(Fraction(str(value)))
        if abs(american) > MAX_AMERICAN:
            raise ValueError("a price is below one million")
        return cls(american, decimal)


def implied(decimal: float) -> float:
    """Implied probability 1/d. It is also the break-even probability of that side."""
    return 1 / decimal


def devig_multiplicative(over_decimal: float, under_decimal: float) -> float:
    """Probability of Over after proportional removal of the vig: p_over / (p_over + p_under)."""
    over, under = implied(over_decimal), implied(under_decimal)
    return over / (over + under)


def expected_value(probability: float, decimal: float, push_probability: float = 0.0) -> float:
    """Expected profit per unit on a side that wins with `probability` and pushes with `push_probability`."""
    return probability * (decimal - 1) - (1 - probability - push_probability)
