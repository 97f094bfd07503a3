"""Tripwires: checks that fire when forecasts are too good to be true, which means a leak.

Clean values and limits: docs/forecasting.md#tripwires.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tipoff.forecast.distributions import Floats
from tipoff.forecast.metrics import date_block_interval

MIN_MAE_ALL = 4.30
MAX_GAIN_OVER_LINE = 0.10
MAX_CORRELATION_RISE = 0.04
CLEAN_CORRELATION = {"points_avg_last_5": 0.66, "points_avg_last_10": 0.68}
REGULAR_MINUTES = 15.0
MIN_ROWS = 500


@dataclass(frozen=True, slots=True)
class Wire:
    """The result of one tripwire: value, limit, and whether it fired (None: too few rows)."""

    name: str
    value: float
    limit: float
    fired: bool | None


def mae_too_good(predicted: Floats, actual: Floats, dates: NDArray[np.int64] | None = None) -> Wire:
    """Fires when the MAE of all rows is below 4.30. No forecast without a leak reached that over a season.

    With `dates` (ordinals) the rows are few weeks, and the upper end of the 95 % date-block interval must lie below.
    """
    errors = np.abs(predicted - actual)
    value = float(errors.mean()) if dates is None else date_block_interval(errors, dates).high
    return _wire("mae_floor", value, MIN_MAE_ALL, len(actual), below=True)


def beats_the_line(predicted: Floats, line_pts: Floats, actual: Floats, dates: NDArray[np.int64] | None = None) -> Wire:
    """Fires when the MAE on rows with a line is better than the line's by more than 0.10.

    With `dates` (ordinals) the lower end of the 95 % date-block interval must lie above.
    """
    rows = np.isfinite(line_pts)
    if not rows.any():
        return Wire("line_gain", float("nan"), MAX_GAIN_OVER_LINE, None)
    gain = np.abs(line_pts - actual)[rows] - np.abs(predicted - actual)[rows]
    value = float(gain.mean()) if dates is None else date_block_interval(gain, dates[rows]).low
    return _wire("line_gain", value, MAX_GAIN_OVER_LINE, int(rows.sum()), below=False)


def average_knows_the_game(name: str, average: Floats, minutes_last_10: Floats, actual: Floats) -> Wire:
    """Fires when a recent average correlates with the target by more than 0.04 above its clean value.

    `name` is one of CLEAN_CORRELATION. Only players with 15 minutes or more over their last ten games count.
    """
    rows = minutes_last_10 >= REGULAR_MINUTES
    limit = CLEAN_CORRELATION[name] + MAX_CORRELATION_RISE
    if rows.sum() < MIN_ROWS:
        return Wire(f"correlation_{name}", float("nan"), limit, None)
    correlation = float(np.corrcoef(average[rows], actual[rows])[0, 1])
    return _wire(f"correlation_{name}", correlation, limit, int(rows.sum()), below=False)


def cutoffs_hold(trained_before: NDArray[np.int64], dates: NDArray[np.int64]) -> Wire:
    """Fires when the training window of a row's bundle includes the row's date or a later one."""
    late = int((trained_before > dates).sum())
    return Wire("cutoff", float(late), 0.0, late > 0)


def _wire(name: str, value: float, limit: float, rows: int, *, below: bool) -> Wire:
    if rows < MIN_ROWS:
        return Wire(name, value, limit, None)
    return Wire(name, value, limit, value < limit if below else value > limit)
