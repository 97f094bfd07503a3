"""Rows as a query delivers them become the arrays of training, or are refused."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from tipoff.core.errors import ContractViolation
from tipoff.forecast.training_rows import TrainingRow, gather

NAMES = ("a", "b")


def row(player_id: int, **changed: object) -> TrainingRow:
    known = {"points": 12.0, "minutes": 30.0, "line_pts": 11.5, "over_american": -120, "under_american": -110}
    fields: dict[str, Any] = {"bookmaker": "draftkings", **known, **changed}
    return TrainingRow(date(2024, 11, 5), 2024, "0022400123", player_id, (1.0, 2.0), 90.0, False, **fields)


def test_rows_are_ordered_and_what_is_missing_is_nan_not_zero() -> None:
    table = gather([row(7), row(3, points=None, minutes=None), row(5, line_pts=None, over_american=None)], NAMES)
    assert table.player_ids.tolist() == [3, 5, 7]
    assert table.appeared.tolist() == [False, True, True]
    assert np.isnan(table.points[0])
    assert np.isnan(table.line_prob_over[1])
    assert table.line_prob_over[2] == pytest.approx(0.5454 / (0.5454 + 0.5238), abs=1e-3)


def test_a_zero_point_game_is_an_appearance_and_dfs_is_no_sportsbook() -> None:
    table = gather([row(1, points=0.0, minutes=6.0), row(2, bookmaker="prizepicks")], NAMES)
    assert table.appeared.all()  # docs/pitfalls.md#34
    assert table.sportsbook.tolist() == [True, False]


def test_two_rows_of_one_key_or_another_width_are_refused() -> None:
    with pytest.raises(ContractViolation, match="training_key_repeats"):
        gather([row(1), row(1)], NAMES)
    with pytest.raises(ContractViolation, match="feature_names_differ"):
        gather([row(1)], (*NAMES, "c"))
    with pytest.raises(ContractViolation, match="no_training_rows"):
        gather([], NAMES)
