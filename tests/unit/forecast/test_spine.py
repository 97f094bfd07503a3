"""Distributions, lines and recommendations: what every system and every report rests on."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from tipoff.core.errors import ContractViolation
from tipoff.forecast import distributions as dist
from tipoff.forecast import metrics
from tipoff.forecast.features import REQUIRED
from tipoff.forecast.recommend import Policy, advise
from tipoff.forecast.systems import registry as systems
from tipoff.forecast.types import FeatureRow, FeatureValue, Forecast, Quote, Recommendation

TIP = datetime(2025, 1, 10, 0, 30, tzinfo=UTC)
CUTOFF = TIP - timedelta(minutes=30)


def from_mean(mean: float) -> dist.Distribution:
    means = np.array([mean])
    return dist.Distribution(dist.negative_binomial(means, dist.VarianceLaw().variance(means))[0])


def quote(line: float, book: str = "draftkings", over: int = -110, under: int = -110, minutes: int = 60) -> Quote:
    return Quote(line, over, under, book, TIP - timedelta(minutes=minutes))


def row(player_id: int = 1, **changed: float) -> FeatureRow:
    values = (
        dict.fromkeys(REQUIRED, 0.0)
        | {
            "points_avg_last_5": 20.0,
            "points_avg_last_10": 18.0,
            "points_avg_season": 16.0,
            "points_ewma": 18.0,
            "opponent_def_rating": 113.0,
            "pace_score": 0.5,
            "home_away": 1.0,
            "fatigue_score": 85.0,
        }
        | changed
    )
    features = {name: FeatureValue(value) for name, value in values.items()}
    day = date(2025, 1, 9)
    return FeatureRow(day, "20250109_A_B", "0022400001", player_id, "p", "A", "B", CUTOFF, features)


def test_a_negative_binomial_has_the_mean_and_variance_asked_for() -> None:
    mean = np.array([1.0, 10.0, 20.0, 34.0])
    variance = dist.VarianceLaw().variance(mean)
    pmf = dist.negative_binomial(mean, variance)
    assert np.allclose(pmf.sum(axis=1), 1.0)
    assert np.allclose(dist.means(pmf), mean, rtol=1e-3)
    assert np.allclose(dist.variances(pmf), variance, rtol=1e-2)
    assert dist.VarianceLaw().variance(np.array([20.0]))[0] == pytest.approx(60.8)  # the measured anchor


def test_over_under_and_push_share_all_probability_at_whole_and_half_lines() -> None:
    one = from_mean(20.0)
    for line in (19.5, 20.0, 0.5, 60.5):
        forecast = Forecast("x", "g", 1, one)
        total = forecast.prob_over(line) + forecast.prob_under(line) + forecast.prob_push(line)
        assert total == pytest.approx(1.0)
    assert one.prob_push(19.5) == 0.0
    assert one.prob_push(20.0) == pytest.approx(one.pmf[20])


def test_quantiles_move_smoothly_and_the_median_halves_the_mass() -> None:
    levels = [from_mean(mean).median for mean in (9.9, 10.0, 10.1)]
    assert levels[0] < levels[1] < levels[2]
    one = from_mean(20.0)
    assert one.quantile(0.1) < one.median < one.mean < one.quantile(0.9)


def test_crps_is_proper_and_pit_is_uniform_for_true_forecasts() -> None:
    generator = np.random.Generator(np.random.PCG64(3))
    pmf = dist.negative_binomial(np.full(4000, 12.0), np.full(4000, 40.0))
    points = generator.choice(121, p=pmf[0], size=4000).astype(float)
    wide = dist.negative_binomial(np.full(4000, 12.0), np.full(4000, 70.0))
    assert dist.crps(pmf, points).mean() < dist.crps(wide, points).mean()
    pit = dist.randomised_pit(pmf, points, generator.random(4000))
    assert metrics.coverage(pit, 0.8) == pytest.approx(0.8, abs=0.02)


def test_prices_become_fair_probabilities() -> None:
    assert quote(20.5, over=-137, under=-137).fair_prob_over == 0.5


def test_pass_is_the_rule_and_an_edge_beyond_the_threshold_the_exception() -> None:
    forecast = Forecast("x", "g", 1, from_mean(20.0))
    fair_line = round(forecast.predicted_points) - 0.5

    def said(of: Quote | None, quality: float = 100.0, may_recommend: bool = True) -> tuple[Recommendation, str | None]:
        advice = advise(forecast, of, quality, Policy(), may_recommend=may_recommend)
        return advice.recommendation, advice.pass_reason

    assert said(quote(fair_line)) == (Recommendation.PASS, "low_expected_value")
    assert said(quote(10.5)) == (Recommendation.OVER, None)
    assert said(quote(30.5)) == (Recommendation.UNDER, None)
    assert said(quote(10.5), quality=50.0) == (Recommendation.PASS, "low_feature_quality")
    assert said(quote(10.5), may_recommend=False) == (Recommendation.PASS, "system_not_calibrated")
    assert said(None) == (Recommendation.NO_LINE, None)  # docs/pitfalls.md#24


def test_hit_rates_carry_wilson_intervals() -> None:
    published = metrics.wilson(108, 184)
    assert (round(published.low, 3), round(published.high, 3)) == (0.515, 0.656)  # docs/forecasting.md#sample-size


def test_the_slate_runs_through_every_ready_system_with_reasons() -> None:
    forecasts = systems.forecast_slate([row(1), row(2, home_away=0.0)], {})
    by_key = {(f.system_id, f.player_id): f for f in forecasts}
    assert by_key["moving_average", 1].mean_pts > by_key["moving_average", 2].mean_pts
    assert by_key["moving_average", 1].reasons[0].name == "recent scoring"
    assert 10 < by_key["ensemble", 1].predicted_points < 20
    assert ("gradient_boosted", 1) not in by_key  # no stand-in for a model that is not there (docs/pitfalls.md#25)


def test_rows_that_carry_other_features_are_refused() -> None:
    with pytest.raises(ContractViolation, match="feature_names_differ"):
        systems.forecast_slate([row(1), row(2, extra=1.0)], {})
