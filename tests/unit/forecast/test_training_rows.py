"""Rows of the feature store become the arrays of training, or are refused."""

from datetime import date

import numpy as np
import pytest

from tipoff.core.errors import ContractViolation
from tipoff.forecast.training import TrainingTable
from tipoff.forecast.training_rows import RowColumns, pack

NAMES = ("a", "b")
KNOWN = {"points": 12.0, "minutes": 30.0, "line_pts": 11.5, "over_american": -120.0, "under_american": -110.0}


def packed(
    players: list[int], books: list[str | None] | None = None, names: tuple[str, ...] = NAMES, **changed: list[float]
) -> TrainingTable:
    """One row per player. `changed` gives the values of a column."""
    n = len(players)
    numbers = {name: np.array(changed.get(name, [value] * n), dtype=np.float64) for name, value in KNOWN.items()}
    columns = RowColumns(
        dates=np.full(n, date(2024, 11, 5).toordinal()),
        seasons=np.full(n, 2024),
        game_ids=np.full(n, "0022400123"),
        player_ids=np.array(players, dtype=np.int64),
        features=np.ones((n, 2), dtype=np.float32),
        quality=np.full(n, 90.0),
        playoffs=np.zeros(n, dtype=bool),
        bookmakers=np.array(books or ["draftkings"] * n, dtype=np.object_),
        last_10_pts=np.full(n, np.nan),
        **numbers,
    )
    return pack(columns, names)


def test_rows_are_ordered_and_what_is_missing_is_nan_not_zero() -> None:
    nan = float("nan")
    table = packed([7, 3, 5], points=[12, nan, 12], line_pts=[11.5, 11.5, nan], over_american=[-120, -120, nan])
    assert table.player_ids.tolist() == [3, 5, 7]
    assert table.appeared.tolist() == [False, True, True]
    assert np.isnan(table.points[0])
    assert np.isnan(table.line_prob_over[1])
    assert table.line_prob_over[2] == pytest.approx(0.5454 / (0.5454 + 0.5238), abs=1e-3)


def test_a_zero_point_game_is_an_appearance_and_dfs_is_no_sportsbook() -> None:
    table = packed([1, 2], books=["draftkings", "prizepicks"], points=[0.0, 12.0])
    assert table.appeared.all()  # docs/pitfalls.md#34
    assert table.sportsbook.tolist() == [True, False]


def test_two_rows_of_one_key_or_another_width_are_refused() -> None:
    with pytest.raises(ContractViolation, match="training_key_repeats"):
        packed([1, 1])
    with pytest.raises(ContractViolation, match="feature_names_differ"):
        packed([1], names=(*NAMES, "c"))
    with pytest.raises(ContractViolation, match="no_training_rows"):
        packed([])
