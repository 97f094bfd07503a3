"""Grading in plain Python, by docs/domain.md#grading. Tests compare the SQL of grading with it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tipoff.core.odds import decimal_from_american

type Participation = Literal["played", "dnp_injury_confirmed", "dnp_late_scratch", "dnp_unknown"]

type Outcome = Literal["win", "loss", "push", "void", "pass"]
type Cells = dict[str, object]

BETS = ("OVER", "UNDER")


@dataclass(frozen=True)
class Published:
    """A prediction as it was published before tip-off: points, a published line in points, American prices."""

    predicted_points: float
    mean_pts: float
    confidence_score: float
    recommendation: str
    line: float | None
    over_american: int | None
    under_american: int | None


@dataclass(frozen=True)
class Happened:
    """What a final game says of the player.

    Attributes:
        box: his participation by the box score, None if it does not list him.
        points: his points, None unless he played.
        injury_status: his status at tip-off, None if no report listed him.
    """

    box: Participation | None
    points: int | None
    injury_status: str | None


def participation(happened: Happened) -> Participation:
    """Whether he played, and if not, why."""
    if happened.box == "played":
        return "played"
    if happened.box == "dnp_injury_confirmed" or happened.injury_status == "Out":
        return "dnp_injury_confirmed"
    return "dnp_unknown" if happened.injury_status is None else "dnp_late_scratch"


def outcome(published: Published, points: int | None) -> Outcome:
    """Of the published recommendation against the published line; `points` is None of who did not play."""
    if points is None:
        return "void"
    if published.recommendation not in BETS or published.line is None:
        return "pass"
    if points == published.line:
        return "push"
    went = "OVER" if points > published.line else "UNDER"
    return "win" if went == published.recommendation else "loss"


def profit_units(published: Published, result: Outcome) -> float | None:
    """Per unit staked; None where nothing was staked."""
    price = {"OVER": published.over_american, "UNDER": published.under_american}.get(published.recommendation)
    if price is None:
        return None
    if result == "win":
        return decimal_from_american(price) - 1
    return -1.0 if result == "loss" else 0.0


def grade(published: Published, happened: Happened) -> Cells:
    """The row of `prediction_accuracy`, by column, without keys and copied columns."""
    took_part = participation(happened)
    points = happened.points if took_part == "played" else None
    result = outcome(published, points)
    line, predicted = published.line, published.predicted_points
    error = None if points is None else predicted - points
    return {
        "participation": took_part,
        "actual_points": points,
        "outcome": result,
        "prediction_correct": {"win": True, "loss": False}.get(result),
        "is_push": result == "push",
        "is_voided": result == "void",
        "void_reason": took_part if result == "void" else None,
        "signed_error": error,
        "absolute_error": None if error is None else abs(error),
        "mean_error": None if points is None else published.mean_pts - points,
        "line_error": None if points is None or line is None else line - points,
        "predicted_margin": None if line is None else predicted - line,
        "actual_margin": None if points is None or line is None else points - line,
        "within_3_points": None if error is None else abs(error) <= 3,
        "within_5_points": None if error is None else abs(error) <= 5,
        "profit_units": profit_units(published, result),
        "confidence_decile": min(10, math.floor(10 * published.confidence_score) + 1),
    }


def daily(published: Sequence[Published], grades: Sequence[Cells]) -> Cells:
    """The row of `system_daily_performance` of these predictions and their grades, without its keys."""
    rows = list(zip(published, grades, strict=True))
    played = [(p, g) for p, g in rows if not g["is_voided"]]
    lined = [(p, g) for p, g in played if p.line is not None]
    sure = [(p, g) for p, g in rows if p.confidence_score >= 0.6]
    over = [(p, g) for p, g in played if p.recommendation == "OVER"]
    under = [(p, g) for p, g in played if p.recommendation == "UNDER"]
    wins, losses = _count(rows, "win"), _count(rows, "loss")
    squares = [_number(g["mean_error"]) ** 2 for _, g in played]
    return {
        "predictions_count": len(rows),
        "graded_count": len(played),
        "recommendations_count": wins + losses + _count(rows, "push"),
        "correct_count": wins,
        "incorrect_count": losses,
        "push_count": _count(rows, "push"),
        "pass_count": _count(rows, "pass"),
        "void_count": _count(rows, "void"),
        "win_rate": _share(wins, wins + losses),
        "profit_units": sum(_number(g["profit_units"] or 0.0) for _, g in rows),
        "mae": _mean([_number(g["absolute_error"]) for _, g in played]),
        "avg_bias": _mean([_number(g["mean_error"]) for _, g in played]),
        "rmse": None if not squares else math.sqrt(sum(squares) / len(squares)),
        "line_rows": len(lined),
        "mae_on_line_rows": _mean([_number(g["absolute_error"]) for _, g in lined]),
        "line_mae": _mean([abs(_number(g["line_error"])) for _, g in lined]),
        "over_count": len(over),
        "over_correct": _count(over, "win"),
        "over_win_rate": _share(_count(over, "win"), _count(over, "win") + _count(over, "loss")),
        "under_count": len(under),
        "under_correct": _count(under, "win"),
        "under_win_rate": _share(_count(under, "win"), _count(under, "win") + _count(under, "loss")),
        "within_3_count": sum(g["within_3_points"] is True for _, g in rows),
        "within_3_pct": _share(100 * sum(g["within_3_points"] is True for _, g in rows), len(played)),
        "within_5_count": sum(g["within_5_points"] is True for _, g in rows),
        "within_5_pct": _share(100 * sum(g["within_5_points"] is True for _, g in rows), len(played)),
        "avg_confidence": _mean([p.confidence_score for p, _ in played]),
        "high_confidence_count": _count(sure, "win") + _count(sure, "loss"),
        "high_confidence_correct": _count(sure, "win"),
        "high_confidence_win_rate": _share(_count(sure, "win"), _count(sure, "win") + _count(sure, "loss")),
    }


def _count(rows: Sequence[tuple[Published, Cells]], result: Outcome) -> int:
    return sum(g["outcome"] == result for _, g in rows)


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
