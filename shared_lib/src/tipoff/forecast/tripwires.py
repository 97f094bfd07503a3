"""Tripwires: tests that fire when a leak makes forecasts too good, and which must fire for which leak.

Clean values and limits: docs/forecasting.md#tripwires. `leak_matrix.json` is the matrix, as data: a
test plants every leak and compares.
"""

from dataclasses import dataclass
from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray

from tipoff.forecast.distributions import Floats

MIN_MAE_ALL = 4.30
MAX_GAIN_OVER_LINE = 0.10
MAX_CORRELATION_RISE = 0.04
CLEAN_CORRELATION = {"points_avg_last_5": 0.66, "points_avg_last_10": 0.68}
REGULAR_MINUTES = 15.0
MIN_ROWS = 500
MAX_HIT_RATE = 0.57
MIN_PICKS = 500


@dataclass(frozen=True, slots=True)
class Wire:
    """One wire's verdict: what it measured, the limit, and whether it fired (None: too few rows to say)."""

    name: str
    value: float
    limit: float
    fired: bool | None


class LeakMatrix(msgspec.Struct, frozen=True):
    """`must_fire` maps leak to the wires that must fire for it; all others must stay silent."""

    wires: tuple[str, ...]
    must_fire: dict[str, tuple[str, ...]]


def leak_matrix() -> LeakMatrix:
    """The matrix shipped with the package."""
    text = files("tipoff.forecast").joinpath("leak_matrix.json").read_bytes()
    return msgspec.json.decode(text, type=LeakMatrix)


def mae_too_good(predicted: Floats, actual: Floats) -> Wire:
    """Fires when the all-rows MAE lies below 4.30: no honest forecast of players who appeared got there."""
    return _wire("mae_floor", float(np.mean(np.abs(predicted - actual))), MIN_MAE_ALL, len(actual), below=True)


def beats_the_line(predicted: Floats, line_pts: Floats, actual: Floats) -> Wire:
    """Fires when the MAE is better than the line's by more than 0.10 on rows with a line."""
    rows = np.isfinite(line_pts)
    if not rows.any():
        return Wire("line_gain", float("nan"), MAX_GAIN_OVER_LINE, None)
    gain = np.abs(line_pts - actual)[rows] - np.abs(predicted - actual)[rows]
    return _wire("line_gain", float(gain.mean()), MAX_GAIN_OVER_LINE, int(rows.sum()), below=False)


def average_knows_the_game(name: str, average: Floats, minutes_last_10: Floats, actual: Floats) -> Wire:
    """Fires when a recent average correlates with the target by more than 0.04 above its clean value.

    `name` is one of CLEAN_CORRELATION; rows are players of 15 minutes or more over their last ten games.
    """
    rows = minutes_last_10 >= REGULAR_MINUTES
    limit = CLEAN_CORRELATION[name] + MAX_CORRELATION_RISE
    if rows.sum() < MIN_ROWS:
        return Wire(f"correlation_{name}", float("nan"), limit, None)
    correlation = float(np.corrcoef(average[rows], actual[rows])[0, 1])
    return _wire(f"correlation_{name}", correlation, limit, int(rows.sum()), below=False)


def wins_too_often(wins: int, losses: int) -> Wire:
    """Fires above 57 % over more than 500 decided picks."""
    picks = wins + losses
    return _wire("hit_rate", wins / picks if picks else float("nan"), MAX_HIT_RATE, picks, below=False)


def features_moved(before: Floats, after: Floats) -> Wire:
    """Fires when features rebuilt after altering every later source row differ anywhere, bit for bit.

    The primary wire, and the only one that sees a whole-season average (which hides at MAE 4.47).
    """
    moved = int((before.view(np.uint8) != after.view(np.uint8)).sum()) if before.shape == after.shape else 1
    return Wire("perturbation", float(moved), 0.0, moved > 0)


def cutoffs_hold(trained_before: NDArray[np.int64], dates: NDArray[np.int64]) -> Wire:
    """Fires when any row was predicted by a bundle whose training window reaches its own date or beyond."""
    late = int((trained_before > dates).sum())
    return Wire("cutoff", float(late), 0.0, late > 0)


def fired(wires: list[Wire]) -> tuple[str, ...]:
    """Names of the wires that fired, in order."""
    return tuple(wire.name for wire in wires if wire.fired)


def _wire(name: str, value: float, limit: float, rows: int, *, below: bool) -> Wire:
    if rows < MIN_ROWS:
        return Wire(name, value, limit, None)
    return Wire(name, value, limit, value < limit if below else value > limit)
