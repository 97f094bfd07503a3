"""Rows of the feature store with what became of them, gathered into the arrays that training reads.

`pack` takes them column by column, as Arrow delivers them; `gather` row by row. Both check, and order the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from tipoff.core.errors import ContractViolation
from tipoff.forecast.distributions import Floats
from tipoff.forecast.system import Mask
from tipoff.forecast.training import Integers, TrainingTable

DFS_OPERATORS = frozenset({"prizepicks", "underdog", "pick6", "betr", "sleeper"})


class TrainingRow(msgspec.Struct, frozen=True):
    """One slate row. `feature_values` stands in the order of `feature_names` of the store.

    `points` and `minutes` are None where the player did not appear; the line is the reference line at the cutoff,
    None without one; prices American. `last_10_pts` is the plain mean of his last ten appearances this season.
    """

    game_date: date
    season_year: int
    nba_game_id: str
    player_id: int
    feature_values: tuple[float, ...]
    feature_quality_score: float
    is_playoffs: bool
    points: float | None = None
    minutes: float | None = None
    line_pts: float | None = None
    over_american: int | None = None
    under_american: int | None = None
    bookmaker: str | None = None
    last_10_pts: float | None = None


@dataclass(frozen=True, slots=True)
class RowColumns:
    """The same rows as columns, in any order; what is None in a row is NaN here, a missing bookmaker is None.

    `dates` are ordinals; `features` has the shape (rows, features), in the order of `feature_names` of the store.
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


def gather(rows: Iterable[TrainingRow], feature_names: tuple[str, ...]) -> TrainingTable:
    """The rows as arrays, ordered by (date, game, player); raises as `pack` does."""
    found = list(rows)
    if any(len(row.feature_values) != len(feature_names) for row in found):
        raise ContractViolation("feature_names_differ", "a row carries another number of features")
    columns = RowColumns(
        dates=np.array([row.game_date.toordinal() for row in found], dtype=np.int64),
        seasons=np.array([row.season_year for row in found], dtype=np.int64),
        game_ids=np.array([row.nba_game_id for row in found], dtype=np.str_),
        player_ids=np.array([row.player_id for row in found], dtype=np.int64),
        features=np.array([row.feature_values for row in found], dtype=np.float32),
        quality=np.array([row.feature_quality_score for row in found], dtype=np.float64),
        playoffs=np.array([row.is_playoffs for row in found], dtype=bool),
        points=_numbers([row.points for row in found]),
        minutes=_numbers([row.minutes for row in found]),
        line_pts=_numbers([row.line_pts for row in found]),
        over_american=_numbers([row.over_american for row in found]),
        under_american=_numbers([row.under_american for row in found]),
        bookmakers=np.array([row.bookmaker for row in found], dtype=np.object_),
        last_10_pts=_numbers([row.last_10_pts for row in found]),
    )
    return pack(columns, feature_names)


def pack(columns: RowColumns, feature_names: tuple[str, ...]) -> TrainingTable:
    """The columns as a training table, ordered by (date, game, player).

    Raises:
        ContractViolation: no rows, a row with another number of features, or two rows of one key.
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
        raise ContractViolation("no_training_rows", "the query delivered no slate rows")
    keys = zip(columns.dates.tolist(), columns.game_ids.tolist(), columns.player_ids.tolist(), strict=True)
    if len(set(keys)) < len(columns.dates):
        raise ContractViolation("training_key_repeats", "two slate rows for one player and game")
    if columns.features.shape[1:] != (len(feature_names),):
        raise ContractViolation("feature_names_differ", "a row carries another number of features")


def _fair(over_american: Floats, under_american: Floats) -> Floats:
    """De-vigged P(over | no push), NaN without a two-sided quote."""
    over, under = _break_even(over_american), _break_even(under_american)
    return over / (over + under)


def _break_even(american: Floats) -> Floats:
    """Win probability at which a bet at these prices pays nothing: |a| / (|a| + 100), or 100 / (a + 100) for a > 0."""
    return np.where(american > 0, 100.0, np.abs(american)) / (np.abs(american) + 100.0)


def _numbers(values: list[float | None] | list[int | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
