"""Grading: what a published prediction was worth once the game is final. Rules: domain reference section 11."""

import math
from dataclasses import dataclass
from enum import StrEnum

from tipoff.core.odds import Result, profit


class Recommendation(StrEnum):
    """What a prediction advised at its published line."""

    OVER = "OVER"
    UNDER = "UNDER"
    PASS = "PASS"  # noqa: S105
    NO_LINE = "NO_LINE"


class Participation(StrEnum):
    """Whether a slate player appeared in a final game, and if not, why."""

    PLAYED = "played"
    DNP_INJURY_CONFIRMED = "dnp_injury_confirmed"
    DNP_LATE_SCRATCH = "dnp_late_scratch"
    DNP_UNKNOWN = "dnp_unknown"


class OverUnder(StrEnum):
    """Where the points ended against a line."""

    OVER = "OVER"
    UNDER = "UNDER"
    PUSH = "PUSH"


@dataclass(frozen=True, slots=True)
class Published:
    """A prediction as it was published before tip-off.

    Attributes:
        predicted_points: the forecast in points.
        recommendation: the advice.
        line: published line in points; None without one. Never a later quote.
        price_decimal: decimal price of the recommended side; None if unknown.
        confidence_score: probability in [0, 1].
    """

    predicted_points: float
    recommendation: Recommendation
    line: float | None
    price_decimal: float | None
    confidence_score: float


@dataclass(frozen=True, slots=True)
class Grade:
    """One row of prediction_accuracy, without its keys; NULL (None) where a value has no meaning.

    Attributes:
        prediction_correct: None for push, pass, no line and void.
        signed_error: predicted - actual points; None if void.
        predicted_margin, actual_margin: predicted - line, actual - line.
        profit: per unit staked: d - 1, -1, or 0; None without a price or without a recommendation.
    """

    actual_points: int | None
    prediction_correct: bool | None
    is_push: bool
    is_voided: bool
    void_reason: str | None
    absolute_error: float | None
    signed_error: float | None
    predicted_margin: float | None
    actual_margin: float | None
    line_error: float | None
    within_3_points: bool | None
    within_5_points: bool | None
    profit: float | None
    confidence_decile: int


def participation(
    seconds_tenths: int | None, counted_anything: bool, injury_status: str | None, in_box: bool
) -> Participation:
    """Participation of a slate player in a final game.

    Args:
        seconds_tenths: time played, None if the source has none.
        counted_anything: any counting statistic above zero.
        injury_status: his last status before tip-off, None if never listed.
        in_box: the box score lists him at all.
    """
    if in_box and ((seconds_tenths or 0) > 0 or (seconds_tenths is None and counted_anything)):
        return Participation.PLAYED
    if injury_status in ("Out", "Doubtful"):
        return Participation.DNP_INJURY_CONFIRMED
    return Participation.DNP_LATE_SCRATCH if injury_status == "Questionable" else Participation.DNP_UNKNOWN


def over_under(points: int, line: float) -> OverUnder:
    """OVER above the line, UNDER below it, PUSH on it."""
    if points == line:
        return OverUnder.PUSH
    return OverUnder.OVER if points > line else OverUnder.UNDER


def confidence_decile(confidence: float) -> int:
    """1 to 10: min(10, floor(10 c) + 1).

    Raises:
        ValueError: outside [0, 1].
    """
    if not 0 <= confidence <= 1:
        raise ValueError(f"a confidence is a probability: {confidence!r}")
    return min(10, math.floor(10 * confidence) + 1)


def grade(published: Published, took_part: Participation, actual_points: int | None) -> Grade:
    """Grade of a prediction for a player of a final game (a game that is not final has no grade).

    Args:
        published: the prediction row.
        took_part: his participation.
        actual_points: his points; ignored unless he played.

    Raises:
        ValueError: he played and has no points, or a confidence outside [0, 1].
    """
    if took_part is not Participation.PLAYED:
        return _void(published, took_part)
    if actual_points is None:
        raise ValueError("who played has points")
    result = _result(published, actual_points)
    error = published.predicted_points - actual_points
    line = published.line
    return Grade(
        actual_points=actual_points,
        prediction_correct={Result.WIN: True, Result.LOSS: False}.get(result) if result else None,
        is_push=result is Result.PUSH,
        is_voided=False,
        void_reason=None,
        absolute_error=abs(error),
        signed_error=error,
        predicted_margin=None if line is None else published.predicted_points - line,
        actual_margin=None if line is None else actual_points - line,
        line_error=None if line is None else line - actual_points,
        within_3_points=abs(error) <= 3,
        within_5_points=abs(error) <= 5,
        profit=_money(published, result),
        confidence_decile=confidence_decile(published.confidence_score),
    )


def _result(published: Published, points: int) -> Result | None:
    """Result of the recommended side; None if nothing was recommended."""
    if published.line is None or published.recommendation not in (Recommendation.OVER, Recommendation.UNDER):
        return None
    side = over_under(points, published.line)
    if side is OverUnder.PUSH:
        return Result.PUSH
    return Result.WIN if side.value == published.recommendation.value else Result.LOSS


def _money(published: Published, result: Result | None) -> float | None:
    if result is None or published.price_decimal is None:
        return None
    return profit(published.price_decimal, result)


def _void(published: Published, took_part: Participation) -> Grade:
    """Void: no error, no hit, the stake is returned."""
    staked = published.recommendation in (Recommendation.OVER, Recommendation.UNDER)
    margin = None if published.line is None else published.predicted_points - published.line
    return Grade(
        actual_points=None,
        prediction_correct=None,
        is_push=False,
        is_voided=True,
        void_reason=took_part.value,
        absolute_error=None,
        signed_error=None,
        predicted_margin=margin,
        actual_margin=None,
        line_error=None,
        within_3_points=None,
        within_5_points=None,
        profit=0.0 if staked and published.price_decimal is not None else None,
        confidence_decile=confidence_decile(published.confidence_score),
    )
