"""Each leak is planted in a simulated league. The tripwires of its list must fire, and no others."""

from dataclasses import dataclass

import numpy as np
import pytest

from tipoff.forecast import tripwires
from tipoff.forecast.distributions import Floats
from tipoff.forecast.metrics import mae

PLAYERS, GAMES, TRAINED = 500, 70, 35
MAE, LINE, LAST_5, LAST_10, PERTURBED = (
    "mae_floor",
    "line_gain",
    "correlation_points_avg_last_5",
    "correlation_points_avg_last_10",
    "perturbation",
)
MUST_FIRE = {
    "none": (),
    "last_5_includes_the_game": (MAE, LINE, LAST_5, PERTURBED),
    "last_10_includes_the_game": (MAE, LINE, LAST_10, PERTURBED),
    "all_windows_include_the_game": (MAE, LINE, LAST_5, LAST_10, PERTURBED),
    "actual_minutes_as_a_feature": (MAE, LINE, PERTURBED),
    "whole_season_average": (PERTURBED,),
}


@dataclass(frozen=True)
class Seen:
    """What a forecaster sees, each (players, games); `extra` is what a leak adds."""

    last_5: Floats
    last_10: Floats
    season: Floats
    extra: Floats
    minutes_10: Floats


def box_scores(seed: int = 11) -> tuple[Floats, Floats, Floats]:
    """Points, minutes and a line near the truth; tuned to the clean correlations of the reference."""
    random = np.random.Generator(np.random.PCG64(seed))
    regular = random.random(PLAYERS) < 0.72
    usual = np.where(regular, random.uniform(18, 36, PLAYERS), random.uniform(6, 14, PLAYERS))
    rate = np.where(regular, random.gamma(4, 0.115, PLAYERS), random.gamma(9, 0.045, PLAYERS))
    minutes = np.clip(usual[:, None] + random.normal(0, 5, (PLAYERS, GAMES)), 1, 46)
    mean = np.maximum(rate[:, None] * minutes, 0.2)
    points = random.negative_binomial(mean / 1.9, 1 / 2.9).astype(float)
    expected = rate[:, None] * usual[:, None]
    line = np.maximum(np.round(expected * 0.95 + random.normal(0, 0.5, points.shape)) - 0.5, 0.5)
    return points, minutes, line


def rolling(values: Floats, games: int, include_own: bool) -> Floats:
    """Mean of the last games before each one; a leak counts the game itself as the newest of them."""
    sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    end = np.arange(GAMES) + (1 if include_own else 0)
    start = np.maximum(end - games, 0)
    means: Floats = (sums[:, end] - sums[:, start]) / np.maximum(end - start, 1)
    return means


def features(points: Floats, minutes: Floats, leak: str) -> Seen:
    """The features with one leak planted, or none."""
    whole = np.broadcast_to(points.mean(axis=1, keepdims=True), points.shape)
    everything = leak == "all_windows_include_the_game"
    season = whole if leak == "whole_season_average" else rolling(points, GAMES, everything)
    return Seen(
        rolling(points, 5, everything or leak == "last_5_includes_the_game"),
        rolling(points, 10, everything or leak == "last_10_includes_the_game"),
        season,
        minutes if leak == "actual_minutes_as_a_feature" else np.zeros_like(minutes),
        rolling(minutes, 10, False),
    )


def design(seen: Seen, games: slice) -> Floats:
    parts = (seen.last_5, seen.last_10, seen.season, seen.extra, seen.minutes_10, seen.extra * seen.season)
    return np.column_stack([np.ones(parts[0][:, games].size), *(part[:, games].ravel() for part in parts)])


def wires_for(leak: str) -> list[tripwires.Wire]:
    """Train on the first half of the season, forecast the second, read every wire."""
    points, minutes, line = box_scores()
    seen = features(points, minutes, leak)
    early, late = slice(10, TRAINED), slice(TRAINED, GAMES)
    weights = np.linalg.lstsq(design(seen, early), points[:, early].ravel(), rcond=None)[0]
    predicted, actual = 0.96 * design(seen, late) @ weights, points[:, late].ravel()
    regular = seen.minutes_10[:, late].ravel()
    listed = np.where(regular >= tripwires.REGULAR_MINUTES, line[:, late].ravel(), np.nan)
    return [
        tripwires.mae_too_good(predicted, actual),
        tripwires.beats_the_line(predicted, listed, actual),
        *(
            tripwires.average_knows_the_game(name, values[:, late].ravel(), regular, actual)
            for name, values in (("points_avg_last_5", seen.last_5), ("points_avg_last_10", seen.last_10))
        ),
        perturbed(points, minutes, leak),
    ]


def perturbed(points: Floats, minutes: Floats, leak: str) -> tripwires.Wire:
    """Rewrite every game from one on, rebuild, and compare the features up to that game."""
    cut = TRAINED + 10
    altered, shorter = points.copy(), minutes.copy()
    altered[:, cut:] += 7.0
    shorter[:, cut:] *= 0.5
    before, after = features(points, minutes, leak), features(altered, shorter, leak)
    old, new = (np.ascontiguousarray(design(seen, slice(0, cut + 1))) for seen in (before, after))
    changed = int((old.view(np.uint8) != new.view(np.uint8)).sum())
    return tripwires.Wire(PERTURBED, float(changed), 0.0, changed > 0)


@pytest.mark.parametrize("leak", MUST_FIRE)
def test_each_planted_leak_fires_its_tripwires_and_clean_data_fire_none(leak: str) -> None:
    wires = wires_for(leak)
    assert tuple(wire.name for wire in wires if wire.fired) == MUST_FIRE[leak], wires


def test_the_made_up_league_resembles_the_real_one() -> None:
    points, minutes, _ = box_scores()
    seen = features(points, minutes, "none")
    assert mae(seen.last_10[:, 20:], points[:, 20:]) > tripwires.MIN_MAE_ALL


def test_a_tripwire_without_enough_rows_does_not_fire() -> None:
    few = np.ones(10)
    assert tripwires.mae_too_good(few, few).fired is None
