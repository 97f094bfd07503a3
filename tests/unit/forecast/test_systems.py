"""The systems: signs, determinism, what a bundle refuses, what is said where nothing is known."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from tests.unit.forecast.simulated_rows import feature_row

from tipoff.core.errors import ContractViolation, NotReady
from tipoff.forecast import bundle as bundles
from tipoff.forecast import distributions as dist
from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.columns import from_rows
from tipoff.forecast.shape import Shape, distributions, fit_shape
from tipoff.forecast.systems.moving_average import fatigue_adjustment
from tipoff.forecast.systems.registry import REGISTRY, forecast_slate, predict_all
from tipoff.forecast.systems.similarity import likeness, similar_points
from tipoff.forecast.systems.system import Market
from tipoff.forecast.training import TrainingTable, fit_bundle, fold_bounds
from tipoff.forecast.types import Quote
from tipoff.forecast.versions import FEATURE_NAMES, library_versions

BEFORE = date(2025, 1, 1)
HAND_BUILT = ("moving_average", "zone_matchup", "similarity")


def predictions(table: TrainingTable, bundle: ModelBundle, feature: str, values: list[float]) -> dict[str, np.ndarray]:
    """Predicted points per system, shape (players, values), with one feature swept over values."""
    swept = [[feature_row(table, i, **{feature: v}) for v in values] for i in range(200, 240)]
    rows = [row for player in swept for row in player]
    done = predict_all(from_rows(rows), Market.empty(len(rows)), bundle)
    return {name: dist.medians(p.pmf).reshape(len(swept), len(values)) for name, p in done.items()}


def test_a_better_opposing_defence_never_raises_any_forecast(table: TrainingTable, bundle: ModelBundle) -> None:
    """See docs/pitfalls.md#26. `similarity` is held to it in its own term and over all players, not player by player.

    Its neighbours are drawn by likeness and are no causal function of the defence: a rating that crosses the edge of
    a tier brings other past games of his, and what he scored in those may be less, against whatever they say of
    defences in general. Sorting his games by tier would make it monotone, and forget what likeness is for.
    """
    ratings = np.linspace(104, 122, 15).tolist()
    for name, points in predictions(table, bundle, "opponent_def_rating", ratings).items():
        if name != "similarity":
            assert (np.diff(points, axis=1) >= -1e-9).all(), name
        assert points[:, -1].mean() > points[:, 0].mean() or name == "zone_matchup"


def test_similarity_never_falls_with_a_weaker_defence_among_the_same_games(
    table: TrainingTable, bundle: ModelBundle
) -> None:
    """Within a tier the past games stay the same, and only its defence term moves."""
    league = 113.0
    for low, high in ((-9.0, -2.1), (-1.9, 1.9), (2.1, 9.0)):
        rows = [
            feature_row(table, i, opponent_def_rating=league + apart, league_def_rating=league)
            for i in range(200, 240)
            for apart in np.linspace(low, high, 5)
        ]
        done = predict_all(from_rows(rows), Market.empty(len(rows)), bundle)["similarity"]
        points = dist.medians(done.pmf).reshape(40, 5)
        assert (np.diff(points, axis=1) >= -1e-9).all()
        assert points[:, -1].mean() > points[:, 0].mean()


def test_weaker_zone_defence_faster_pace_and_rest_never_lower_an_explicit_forecast(
    table: TrainingTable, bundle: ModelBundle
) -> None:
    for feature in ("opponent_paint_vs_league", "opponent_three_vs_league", "pace_score", "fatigue_score"):
        swept = predictions(table, bundle, feature, [-4.0, 0.0, 4.0] if feature != "fatigue_score" else [30, 70, 100])
        for name in HAND_BUILT:
            assert (np.diff(swept[name], axis=1) >= -1e-9).all(), (feature, name)


def test_fresh_costs_nothing_and_exhausted_most() -> None:
    assert fatigue_adjustment(np.array([100.0, 30.0])).tolist() == [0.0, -3.5]


def test_absent_team_mates_raise_the_learned_forecasts(table: TrainingTable, bundle: ModelBundle) -> None:
    swept = predictions(table, bundle, "team_out_minutes", [0.0, 60.0])
    for name in ("gradient_boosted", "minutes_rate", "ensemble"):
        assert (swept[name][:, 1] - swept[name][:, 0]).mean() > 0.1, name


def test_the_same_table_gives_the_same_bytes(table: TrainingTable, bundle: ModelBundle) -> None:
    again = fit_bundle(table, BEFORE)
    assert again.digest == bundle.digest
    assert again.to_bytes() == bundle.to_bytes()


def test_later_rows_do_not_move_a_byte_of_the_bundle(table: TrainingTable, bundle: ModelBundle) -> None:
    later = table.dates >= BEFORE.toordinal()
    assert later.any()
    assert fit_bundle(table.take(~later), BEFORE).digest == bundle.digest  # docs/pitfalls.md#23, #32


def test_loading_refuses_other_bytes_features_and_versions(bundle: ModelBundle) -> None:
    data = bundle.to_bytes()
    here = library_versions()
    assert bundles.load(data, bundle.digest, FEATURE_NAMES, here).digest == bundle.digest
    for digest, names, libraries, code in (
        ("0" * 64, FEATURE_NAMES, here, "model_digest_differs"),
        (bundle.digest, FEATURE_NAMES[::-1], here, "model_features_differ"),
        (bundle.digest, FEATURE_NAMES, here | {"lightgbm": "0.1"}, "model_library_differs"),
    ):
        with pytest.raises(ContractViolation, match=code):
            bundles.load(data, digest, names, libraries)


def test_too_few_rows_are_not_ready(table: TrainingTable) -> None:
    with pytest.raises(NotReady):
        fit_bundle(table, date(2022, 11, 1))


def test_a_slate_gets_every_system_with_readable_reasons(table: TrainingTable, bundle: ModelBundle) -> None:
    chosen = {int(table.player_ids[i]): feature_row(table, i) for i in range(300, 340)}
    rows = list(chosen.values())
    at = datetime(2025, 1, 9, 20, tzinfo=UTC)
    forecasts = forecast_slate(rows, {rows[0].key: Quote(12.5, -110, -110, "draftkings", at)}, bundle)
    assert {f.system_id for f in forecasts} == set(REGISTRY)
    assert [f.player_id for f in forecasts if f.system_id == "market_aware"] == [rows[0].player_id]
    for forecast in forecasts:
        assert forecast.reasons and forecast.model_digest == bundle.digest
        assert all(reason.text.startswith(reason.name) for reason in forecast.reasons)
        assert forecast.expected_minutes is not None and 0 < forecast.expected_minutes <= 48
    for forecast in forecasts:
        if forecast.system_id in ("ensemble", "market_aware"):  # groups of features with their values, not members
            assert not {reason.name for reason in forecast.reasons} & set(REGISTRY)
            assert any(reason.values for reason in forecast.reasons)


def test_effects_add_up_to_the_mean(table: TrainingTable, bundle: ModelBundle) -> None:
    rows = [feature_row(table, i) for i in range(300, 320)]
    done = predict_all(from_rows(rows), Market.empty(len(rows)), bundle, explain=True)
    for name, prediction in done.items():
        estimate = prediction.estimate
        said = estimate.has_forecast
        assert np.allclose(estimate.effects.sum(axis=1)[said], estimate.mean[said], atol=1e-5), name


def test_similarity_uses_a_players_own_similar_games_and_needs_five() -> None:
    now = np.array([1, 1, 1, 150])
    same, other = [1, 1, 1, 150, 30], [-1, 3, 0, 300, 2]
    assert similar_points(np.array([same, other, same]), now) == (30.0, 2)
    assert likeness(np.array([other]), now).tolist() == [10]
    assert similar_points(np.array([other]), now) == (0.0, 0)


def test_an_unknown_player_gets_every_forecast_but_similarity(table: TrainingTable, bundle: ModelBundle) -> None:
    known, unknown = feature_row(table, 300), replace(feature_row(table, 301), player_id=999_999)
    done = predict_all(from_rows([known, unknown]), Market.empty(2), bundle)
    assert not done["similarity"].has_forecast[1]
    assert done["ensemble"].has_forecast.all()


def test_a_shape_is_calibrated_and_rises_with_the_mean() -> None:
    random = np.random.Generator(np.random.PCG64(5))
    mean = random.gamma(4.0, 2.5, 20000)
    early = random.random(20000) < 0.08  # early exits: a lump of low scores no negative binomial has
    points = np.where(early, 0.0, random.negative_binomial(mean / 2.0, 1 / 3.0)).astype(float)
    shape = fit_shape(mean[:10000], points[:10000])
    raw, bent = (
        distributions(Shape(shape.linear, shape.quadratic), mean[10000:]),
        distributions(shape, mean[10000:]),
    )
    assert dist.crps(bent, points[10000:]).mean() < dist.crps(raw, points[10000:]).mean()
    pit = dist.randomised_pit(bent, points[10000:], random.random(10000))
    assert abs(np.mean((pit >= 0.1) & (pit <= 0.9)) - 0.8) < 0.016
    ladder = dist.cumulative(distributions(shape, np.arange(0.1, 60, 0.37)))
    assert (np.diff(ladder, axis=0) <= 1e-9).all()


def test_folds_are_seasons_in_halves_and_never_start_without_a_past(table: TrainingTable) -> None:
    window = table.take(table.appeared)
    for start, end in fold_bounds(window):
        assert (window.dates < start).any()
        assert start < end
