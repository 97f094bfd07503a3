"""`zone_matchup`: the season's level, corrected by the player's shot zones and the opponent's defence there.

mean = level * season average + weight * sum over zones of zone share x (opponent zone vs league), per shot. Zone values
are percentage points of field-goal percentage allowed above the league. Positive means a weaker defence
(docs/domain.md#signs), so a weaker zone defence never lowers the forecast.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.columns import Columns
from tipoff.forecast.distributions import Floats
from tipoff.forecast.systems.least_squares import non_negative
from tipoff.forecast.systems.system import Estimate, ForecastInput, TrainingInput

ZONES = (
    ("paint", "pct_paint", "opponent_paint_vs_league", 2.0),
    ("mid-range", "pct_mid_range", "opponent_mid_range_vs_league", 2.0),
    ("three", "pct_three", "opponent_three_vs_league", 3.0),
)
LEVELS = ("points_avg_season", "points_ewma")
EFFECTS = ("season scoring", "recent scoring", *(f"opponent's {zone[0]} defence" for zone in ZONES))


class ZoneMatchupParams(msgspec.Struct, frozen=True):
    """Weights of the two levels, and of the zones' expected points (1 = all of them are added)."""

    season: float = 0.5
    recent: float = 0.5
    zone: float = 0.5


def zone_points(columns: Columns) -> Floats:
    """Expected extra points per zone at the player's own volume, shape (rows, 3).

    attempts x zone share x shot value x (percentage points above the league) / 100.
    """
    attempts = columns.get("fga_avg_last_10")
    parts = [attempts * columns.get(share) * value * columns.get(vs) / 100.0 for _, share, vs, value in ZONES]
    return np.asarray(np.column_stack(parts), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class ZoneMatchup:
    """The model of shot zones."""

    system_id: str = "zone_matchup"
    needs: tuple[str, ...] = ()
    shape_id: str = "zone_matchup"

    def fit(self, training: TrainingInput) -> ZoneMatchupParams:
        """Three weights by non-negative least squares."""
        zones = zone_points(training.columns).sum(axis=1)
        design = np.column_stack((training.columns.select(LEVELS), zones))
        return ZoneMatchupParams(*(float(w) for w in non_negative(design, training.points)))

    def ready(self, bundle: ModelBundle) -> bool:
        """Always. Untrained, it halves the zones' effect, because of regression to the mean."""
        return True

    def estimate(self, inputs: ForecastInput) -> Estimate:
        """The levels plus the zones' effects."""
        params = inputs.bundle.part(self.system_id, ZoneMatchupParams)
        levels = inputs.columns.select(LEVELS) * np.array([params.season, params.recent])
        zones = max(params.zone, 0.0) * zone_points(inputs.columns)
        effects = np.column_stack((levels, zones))
        mean = np.maximum(effects.sum(axis=1), 0.0)
        return Estimate(np.ones(len(mean), dtype=bool), mean, EFFECTS, effects)
