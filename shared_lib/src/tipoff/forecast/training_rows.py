"""Rows of the feature store with what became of them, gathered into the arrays that training reads.

One `TrainingRow` per slate player and game, as a query delivers it; `gather` checks and packs them.
"""

from collections.abc import Iterable
from datetime import date

import msgspec
import numpy as np

from tipoff.core.errors import ContractViolation
from tipoff.forecast.distributions import Floats
from tipoff.forecast.lines import break_even
from tipoff.forecast.training import TrainingTable

DFS_OPERATORS = frozenset({"prizepicks", "underdog", "pick6", "betr", "sleeper"})


class TrainingRow(msgspec.Struct, frozen=True):
    """One slate row. `feature_values` stands in the order of `feature_names` of the store.

    `points` and `minutes` are None where the player did not appear; the line is the main line before the
    cutoff, None without one; prices American.
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


def gather(rows: Iterable[TrainingRow], feature_names: tuple[str, ...]) -> TrainingTable:
    """The rows as arrays, ordered by (date, game, player).

    Raises:
        ContractViolation: no rows, a row with another number of features, or two rows of one key.
    """
    ordered = sorted(rows, key=lambda row: (row.game_date, row.nba_game_id, row.player_id))
    _check(ordered, feature_names)
    features = np.array([row.feature_values for row in ordered], dtype=np.float32)
    points = _numbers([row.points for row in ordered])
    return TrainingTable(
        dates=np.array([row.game_date.toordinal() for row in ordered], dtype=np.int64),
        seasons=np.array([row.season_year for row in ordered], dtype=np.int64),
        game_ids=np.array([row.nba_game_id for row in ordered]),
        player_ids=np.array([row.player_id for row in ordered], dtype=np.int64),
        names=feature_names,
        features=features,
        quality=np.array([row.feature_quality_score for row in ordered], dtype=np.float64),
        points=points,
        minutes=_numbers([row.minutes for row in ordered]),
        appeared=np.isfinite(points),
        playoffs=np.array([row.is_playoffs for row in ordered], dtype=bool),
        line_pts=_numbers([row.line_pts for row in ordered]),
        line_prob_over=np.array([_fair(row) for row in ordered], dtype=np.float64),
        over_american=_numbers([row.over_american for row in ordered]),
        under_american=_numbers([row.under_american for row in ordered]),
        sportsbook=np.array(
            [row.bookmaker is not None and row.bookmaker not in DFS_OPERATORS for row in ordered], dtype=bool
        ),
    )


def _check(rows: list[TrainingRow], feature_names: tuple[str, ...]) -> None:
    if not rows:
        raise ContractViolation("no_training_rows", "the query delivered no slate rows")
    if len({(row.nba_game_id, row.player_id, row.game_date) for row in rows}) < len(rows):
        raise ContractViolation("training_key_repeats", "two slate rows for one player and game")
    if any(len(row.feature_values) != len(feature_names) for row in rows):
        raise ContractViolation("feature_names_differ", "a row carries another number of features")


def _fair(row: TrainingRow) -> float:
    """De-vigged P(over | no push), NaN without a two-sided quote."""
    if row.over_american is None or row.under_american is None:
        return float("nan")
    over, under = break_even(row.over_american), break_even(row.under_american)
    return over / (over + under)


def _numbers(values: list[float | None] | list[int | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
