"""`moving_average`: 0.5 last five games + 0.3 last ten + 0.2 season, plus factors.

Base: docs/domain.md#systems. The factors' weights are fitted on the training window (docs/domain.md#factors).
No weight is negative: a weaker opposing defence, a faster opponent or a fresher player never lowers the forecast.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.columns import Columns
from tipoff.forecast.distributions import Floats
from tipoff.forecast.systems.least_squares import non_negative
from tipoff.forecast.systems.system import Estimate, ForecastInput, TrainingInput

WINDOWS = (("points_avg_last_5", 0.5), ("points_avg_last_10", 0.3), ("points_avg_season", 0.2))
EFFECTS = ("recent scoring", "opposing defence", "pace", "home", "freshness")


class MovingAverageParams(msgspec.Struct, frozen=True):
    """Weights in points per unit. Defaults: the effects measured in docs/domain.md#factors."""

    level: float = 1.0
    per_def_rating: float = 0.048
    per_pace_score: float = 0.192
    home_pts: float = 0.18
    per_fatigue_adjustment: float = 0.0
    league_def_rating: float = 113.4


def fatigue_adjustment(fatigue_score: Floats) -> Floats:
    """(score - 100) / 20: 0 when fresh (100), -3.5 when exhausted (30)."""
    return np.asarray((fatigue_score - 100.0) / 20.0)


def base_points(columns: Columns) -> Floats:
    """0.5 L5 + 0.3 L10 + 0.2 season, in points."""
    parts = [weight * columns.get(name) for name, weight in WINDOWS]
    return np.asarray(np.sum(parts, axis=0), dtype=np.float64)


def factors(columns: Columns, league_def_rating: float) -> Floats:
    """Defence, pace, home and fatigue, shape (rows, 4). Positive values raise the forecast."""
    parts = (
        columns.get("opponent_def_rating") - league_def_rating,
        columns.get("pace_score"),
        columns.get("home_away") - 0.5,
        fatigue_adjustment(columns.get("fatigue_score")),
    )
    return np.asarray(np.column_stack(parts), dtype=np.float64)


def _weights(params: MovingAverageParams) -> Floats:
    signed = (params.per_def_rating, params.per_pace_score, params.home_pts, params.per_fatigue_adjustment)
    return np.maximum(np.array(signed, dtype=np.float64), 0.0)


@dataclass(frozen=True, slots=True)
class MovingAverage:
    """The baseline for the other systems."""

    system_id: str = "moving_average"
    needs: tuple[str, ...] = ()
    shape_id: str = "moving_average"

    def fit(self, training: TrainingInput) -> MovingAverageParams:
        """Level and factor weights by non-negative least squares."""
        league = float(training.columns.get("opponent_def_rating").mean())
        design = np.column_stack((base_points(training.columns), factors(training.columns, league)))
        level, defence, pace, home, fatigue = (float(w) for w in non_negative(design, training.points))
        return MovingAverageParams(level, defence, pace, home, fatigue, league)

    def ready(self, bundle: ModelBundle) -> bool:
        """Always. Untrained, it uses the measured effects."""
        return True

    def estimate(self, inputs: ForecastInput) -> Estimate:
        """Base plus factors."""
        params = inputs.bundle.part(self.system_id, MovingAverageParams)
        base = params.level * base_points(inputs.columns)
        terms = factors(inputs.columns, params.league_def_rating) * _weights(params)
        mean = np.maximum(base + terms.sum(axis=1), 0.0)
        return Estimate(np.ones(len(mean), dtype=bool), mean, EFFECTS, np.column_stack((base, terms)))
