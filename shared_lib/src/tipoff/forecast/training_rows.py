"""Packs rows of the feature store and their outcomes into the arrays of training."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tipoff.core.errors import ContractViolation
from tipoff.forecast.distributions import Floats
from tipoff.forecast.systems.system import Mask
from tipoff.forecast.training import Integers, TrainingTable

DFS_OPERATORS = frozenset({"prizepicks", "underdog", "pick6", "betr", "sleeper"})


@dataclass(frozen=True, slots=True)
class RowColumns:
    """Slate rows as columns, in any order. NULL is NaN; a missing bookmaker is None.

    `dates` are ordinals. `features` has the shape (rows, features), in the order of the store's `feature_names`.
    `points` and `minutes` are NaN if the player did not appear. The line is the reference line at the cutoff, and its
    prices are American. `last_10_pts` is the plain mean of the last ten appearances this season.
    """

    dates: Integers
    seasons: Integers
    game_ids: NDArray[np.str_]
    player_ids: Integers
    features: NDArray[np.float32]
    quality: Floats
    playoffs: Mask
    points: Floats
    minutes: Floats
    line_pts: Floats
    over_american: Floats
    under_american: Floats
    bookmakers: NDArray[np.object_]
    last_10_pts: Floats


def pack(columns: RowColumns, feature_names: tuple[str, ...]) -> TrainingTable:
    """The columns as a training table, ordered by date, game and player.

    Raises:
        ContractViolation: no rows, another number of features, or two rows with the same key.
    """
    _check(columns, feature_names)
    table = TrainingTable(
        dates=columns.dates,
        seasons=columns.seasons,
        game_ids=columns.game_ids,
        player_ids=columns.player_ids,
        names=feature_names,
        features=columns.features,
        quality=columns.quality,
        points=columns.points,
        minutes=columns.minutes,
        appeared=np.isfinite(columns.points),
        playoffs=columns.playoffs,
        line_pts=columns.line_pts,
        line_prob_over=_fair(columns.over_american, columns.under_american),
        over_american=columns.over_american,
        under_american=columns.under_american,
        last_10_pts=columns.last_10_pts,
        sportsbook=np.array([b is not None and b not in DFS_OPERATORS for b in columns.bookmakers], dtype=bool),
    )
    return table.take(np.lexsort((columns.player_ids, columns.game_ids, columns.dates)))


def _check(columns: RowColumns, feature_names: tuple[str, ...]) -> None:
    if not len(columns.dates):
        raise ContractViolation("no_training_rows", "there are no slate rows")
    keys = zip(columns.dates.tolist(), columns.game_ids.tolist(), columns.player_ids.tolist(), strict=True)
    if len(set(keys)) < len(columns.dates):
        raise ContractViolation("training_key_repeats", "two slate rows for one player and game")
    if columns.features.shape[1:] != (len(feature_names),):
        raise ContractViolation("feature_names_differ", "the rows have another number of features")


def _fair(over_american: Floats, under_american: Floats) -> Floats:
    """De-vigged P(over | no push); NaN without prices of both sides."""
    over, under = _break_even(over_american), _break_even(under_american)
    return over / (over + under)


def _break_even(american: Floats) -> Floats:
    """Break-even probability at these prices: |a| / (|a| + 100), or 100 / (a + 100) for a > 0."""
    return np.where(american > 0, 100.0, np.abs(american)) / (np.abs(american) + 100.0)
