"""`similarity`: what the player himself scored in past games like this one.

Likeness = opponent tier 40 + rest 30 + venue 15 + form 15, games from 70 up, the best 20 (domain
reference, section 9); the feature store holds their weighted mean and their number. The mean is shrunk
towards the recent level by the number of games behind it; below five games the system is silent.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.distributions import Floats
from tipoff.forecast.linear import non_negative
from tipoff.forecast.system import Estimate, Lesson, Mask, Task

MIN_GAMES = 5
LEVEL = "points_ewma"
EFFECTS = ("recent scoring", "similar games", "opposing defence")


class SimilarityParams(msgspec.Struct, frozen=True):
    """Level, pull of similar games and of the defence; at `half_trust_games` games the pull is half."""

    level: float = 1.0
    similar: float = 0.3
    per_def_rating: float = 0.048
    league_def_rating: float = 113.4
    half_trust_games: float = 10.0


def _terms(task: Task | Lesson, params: SimilarityParams) -> Floats:
    """Level, trusted difference of similar games from it, defence above the league, shape (rows, 3)."""
    level = task.columns.get(LEVEL)
    games = task.columns.get("similar_games_count")
    trust = games / (games + params.half_trust_games)
    defence = task.columns.get("opponent_def_rating") - params.league_def_rating
    parts = (level, trust * (task.columns.get("similar_games_points_avg") - level), defence)
    return np.asarray(np.column_stack(parts), dtype=np.float64)


def _speaks(task: Task | Lesson) -> Mask:
    return np.asarray(task.columns.get("similar_games_count") >= MIN_GAMES)


@dataclass(frozen=True, slots=True)
class Similarity:
    """A player against his own past."""

    system_id: str = "similarity"
    needs: tuple[str, ...] = ()
    shape_id: str = "similarity"

    def fit(self, lesson: Lesson) -> SimilarityParams:
        """Three weights by least squares over rows with enough similar games, none negative."""
        league = float(lesson.columns.get("opponent_def_rating").mean())
        start = SimilarityParams(league_def_rating=league)
        rows = _speaks(lesson)
        level, similar, defence = non_negative(_terms(lesson, start)[rows], lesson.points[rows])
        return SimilarityParams(float(level), float(similar), float(defence), league)

    def ready(self, bundle: ModelBundle) -> bool:
        """Always."""
        return True

    def estimate(self, task: Task) -> Estimate:
        """Recent level pulled towards what he scored in games like this one."""
        params = task.bundle.part(self.system_id, SimilarityParams)
        weights = np.array([params.level, params.similar, max(params.per_def_rating, 0.0)])
        effects = _terms(task, params) * weights
        return Estimate(_speaks(task), np.maximum(effects.sum(axis=1), 0.0), EFFECTS, effects)
