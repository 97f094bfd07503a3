"""`similarity`: the player's points in similar past games.

Likeness = opponent tier 40 + rest 30 + venue 15 + form 15. Of the last 60 games, the best 20 with at least 70 count
(docs/domain.md#systems). The bundle contains each player's past games, so all of them are before its training cutoff.
Their weighted mean corrects the recent level. With fewer than five such games there is no forecast.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.columns import Columns
from tipoff.forecast.distributions import Floats
from tipoff.forecast.systems.least_squares import non_negative
from tipoff.forecast.systems.system import Estimate, ForecastInput, TrainingInput

type Integers = NDArray[np.int64]

MIN_GAMES, MIN_LIKENESS, BEST, STORED_GAMES = 5, 70, 20, 60
FITTED_ROWS = 15_000
HALF_WEIGHT_GAMES = 10.0
TIER_POINTS = np.array([40, 20, 0])
REST_POINTS = np.array([30, 20, 10, 0])
LEVEL = "points_ewma"
EFFECTS = ("recent scoring", "similar games", "opposing defence")


class SimilarityParams(msgspec.Struct, frozen=True):
    """Weights of level, similar games and defence, and the games of each player id, oldest first.

    A game is five integers: opponent tier (-1, 0, 1), rest (0-3), home (0, 1), form (tenths of a point), points.
    """

    level: float = 1.0
    similar: float = 0.3
    per_def_rating: float = 0.048
    league_def_rating: float = 113.4
    games: dict[str, tuple[int, ...]] = {}


def situations(columns: Columns) -> Integers:
    """Tier, rest, home and form of each row, shape (rows, 4), which likeness compares.

    Tier: the opponent's defensive rating is more than 2 below (-1, strong) or above (1, weak) the league's. Rest: days
    since the last appearance minus one, at most 3. Form: last-5 average in tenths of a point.
    """
    relative = columns.get("opponent_def_rating") - columns.get("league_def_rating")
    tier = np.where(relative < -2.0, -1, np.where(relative > 2.0, 1, 0))
    rest = np.clip(columns.get("days_since_last_appearance") - 1.0, 0.0, 3.0)
    parts = (tier, np.rint(rest), columns.get("home_away"), np.rint(10.0 * columns.get("points_avg_last_5")))
    return np.asarray(np.column_stack(parts), dtype=np.int64)


def likeness(games: Integers, now: Integers) -> Integers:
    """Score 0-100 of each past game (games, 4 or more columns) against one situation (4,)."""
    apart = np.abs(games[:, :4] - now)
    form = np.where(apart[:, 3] <= 30, 15, np.where(apart[:, 3] <= 60, 8, 0))
    return np.asarray(TIER_POINTS[apart[:, 0]] + REST_POINTS[apart[:, 1]] + 15 * (apart[:, 2] == 0) + form)


def similar_points(games: Integers, now: Integers) -> tuple[float, int]:
    """Likeness-weighted mean points of the most similar games (newest first on ties), and their number."""
    recent = games[-STORED_GAMES:][::-1]
    score = likeness(recent, now)
    best = np.argsort(-score, kind="stable")[:BEST]
    best = best[score[best] >= MIN_LIKENESS]
    if not len(best):
        return 0.0, 0
    return float((score[best] * recent[best, 4]).sum() / score[best].sum()), len(best)


@dataclass(frozen=True, slots=True)
class Similarity:
    """The model of similar past games."""

    system_id: str = "similarity"
    needs: tuple[str, ...] = ()
    shape_id: str = "similarity"

    def fit(self, training: TrainingInput) -> SimilarityParams:
        """Stores the last games of each player, and fits three non-negative weights on the newest rows."""
        games = np.column_stack((situations(training.columns), np.rint(training.points))).astype(np.int64)
        league = float(training.columns.get("opponent_def_rating").mean())
        found = _from_earlier_rows(training.columns.player_ids, games)
        rows = found[:, 1] >= MIN_GAMES
        design = _terms(training.columns, found, league)[rows]
        if len(design) == 0:
            return SimilarityParams(league_def_rating=league)
        level, similar, defence = (float(w) for w in non_negative(design, training.points[rows]))
        return SimilarityParams(level, similar, defence, league, _last_games(training.columns.player_ids, games))

    def ready(self, bundle: ModelBundle) -> bool:
        """Only when trained."""
        return bundle.holds(self.system_id)

    def estimate(self, inputs: ForecastInput) -> Estimate:
        """Recent level, corrected by the points in similar games."""
        params = inputs.bundle.part(self.system_id, SimilarityParams)
        found = _from_bundle(params.games, inputs.columns)
        weights = np.array([params.level, params.similar, max(params.per_def_rating, 0.0)])
        effects = _terms(inputs.columns, found, params.league_def_rating) * weights
        return Estimate(found[:, 1] >= MIN_GAMES, np.maximum(effects.sum(axis=1), 0.0), EFFECTS, effects)


def _terms(columns: Columns, found: Floats, league_def_rating: float) -> Floats:
    """Level, shrunk difference of the similar games from it, and defence above the league, shape (rows, 3)."""
    level = columns.get(LEVEL)
    weight = found[:, 1] / (found[:, 1] + HALF_WEIGHT_GAMES)
    defence = columns.get("opponent_def_rating") - league_def_rating
    return np.column_stack((level, weight * (found[:, 0] - level), defence))


def _by_player(player_ids: Integers) -> dict[int, Integers]:
    """Row positions of each player, in row order."""
    order = np.argsort(player_ids, kind="stable")
    starts = np.flatnonzero(np.diff(player_ids[order], prepend=-1))
    return {int(player_ids[order[a]]): order[a:b] for a, b in pairwise([*starts, len(order)])}


def _from_earlier_rows(player_ids: Integers, games: Integers) -> Floats:
    """Similar points and their number for the newest rows, from the earlier rows of the player."""
    found = np.zeros((len(games), 2))
    first = len(games) - FITTED_ROWS
    for rows in _by_player(player_ids).values():
        for position in range(int(np.searchsorted(rows, first)), len(rows)):
            past = games[rows[max(0, position - STORED_GAMES) : position]]
            found[rows[position]] = similar_points(past, games[rows[position], :4])
    return found


def _last_games(player_ids: Integers, games: Integers) -> dict[str, tuple[int, ...]]:
    last = {player: games[rows[-STORED_GAMES:]] for player, rows in _by_player(player_ids).items()}
    return {str(player): tuple(int(value) for value in rows.ravel()) for player, rows in last.items()}


def _from_bundle(games: Mapping[str, tuple[int, ...]], columns: Columns) -> Floats:
    """Similar points and their number for each row, from the bundle's games."""
    past = {player: np.array(flat, dtype=np.int64).reshape(-1, 5) for player, flat in games.items()}
    nothing = np.zeros((0, 5), dtype=np.int64)
    now = situations(columns)
    found = [similar_points(past.get(str(p), nothing), now[i]) for i, p in enumerate(columns.player_ids)]
    return np.array(found, dtype=np.float64).reshape(len(now), 2)
