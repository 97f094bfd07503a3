"""The registry of prediction systems, and the functions that run them.

A new system is a module with a class that implements `System`, and an entry in `REGISTRY` after the systems it needs.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from tipoff.forecast.bundle import UNTRAINED, ModelBundle
from tipoff.forecast.columns import Columns, from_rows
from tipoff.forecast.distributions import Distribution
from tipoff.forecast.shape import Shape
from tipoff.forecast.systems.ensemble import Ensemble, group_of
from tipoff.forecast.systems.gradient_boosted import GradientBoosted
from tipoff.forecast.systems.market_aware import MarketAware
from tipoff.forecast.systems.minutes_rate import MinutesRate, expected_minutes
from tipoff.forecast.systems.moving_average import MovingAverage
from tipoff.forecast.systems.similarity import Similarity
from tipoff.forecast.systems.system import ForecastInput, Market, Prediction, System
from tipoff.forecast.systems.zone_matchup import ZoneMatchup
from tipoff.forecast.types import FeatureRow, FeatureValue, Forecast, Quote, Reason
from tipoff.forecast.words import words

_ALL: tuple[System, ...] = (
    MovingAverage(),
    ZoneMatchup(),
    Similarity(),
    GradientBoosted(),
    MinutesRate(),
    Ensemble(),
    MarketAware(),
)
REGISTRY: dict[str, System] = {system.system_id: system for system in _ALL}


def predict_one(system: System, inputs: ForecastInput) -> Prediction:
    """A system's estimate, with its shape."""
    estimate = system.estimate(inputs)
    return Prediction(estimate, inputs.bundle.part(f"shape:{system.shape_id}", Shape))


def predict_all(
    columns: Columns, market: Market, bundle: ModelBundle = UNTRAINED, explain: bool = False
) -> dict[str, Prediction]:
    """Predictions of all systems that are ready, by system id, in the order of the registry."""
    done: dict[str, Prediction] = {}
    for system_id, system in REGISTRY.items():
        if system.ready(bundle):
            done[system_id] = predict_one(system, ForecastInput(columns, bundle, market, dict(done), explain))
    return done


def forecast_slate(
    rows: Sequence[FeatureRow], quotes: Mapping[tuple[str, int], Quote], bundle: ModelBundle = UNTRAINED
) -> list[Forecast]:
    """Forecasts of all ready systems for these rows. Within a system they are in row order.

    `quotes` maps (nba_game_id, player_id) to the reference line at the cutoff.
    Rows without a forecast by a system are left out.
    """
    if not rows:
        return []
    market = market_of([quotes.get(row.key) for row in rows])
    predictions = predict_all(from_rows(rows), market, bundle, explain=True)
    digest = bundle.digest if bundle.parts else ""
    minutes = expected_minutes(from_rows(rows), bundle)
    return [
        _forecast(row, system_id, prediction, index, digest, None if minutes is None else float(minutes[index]))
        for system_id, prediction in predictions.items()
        for index, row in enumerate(rows)
        if prediction.has_forecast[index]
    ]


def market_of(quotes: Sequence[Quote | None]) -> Market:
    """Lines and fair probabilities of these quotes; NaN without a quote."""
    lines = np.array([np.nan if quote is None else quote.line_pts for quote in quotes], dtype=np.float64)
    fair = [np.nan if quote is None else quote.fair_prob_over for quote in quotes]
    return Market(lines, np.array(fair, dtype=np.float64))


def _forecast(
    row: FeatureRow, system_id: str, prediction: Prediction, index: int, digest: str, minutes: float | None
) -> Forecast:
    return Forecast(
        system_id=system_id,
        nba_game_id=row.nba_game_id,
        player_id=row.player_id,
        distribution=Distribution(prediction.pmf[index]),
        reasons=_reasons(prediction, index, row.features),
        model_digest=digest,
        expected_minutes=minutes,
    )


def _reasons(
    prediction: Prediction, index: int, features: Mapping[str, FeatureValue], most: int = 6
) -> tuple[Reason, ...]:
    """The largest contributions, signed, in points. Those below 0.05 are left out."""
    names = prediction.estimate.effect_names
    if not names:
        return ()
    effects = prediction.estimate.effects[index]
    order = np.argsort(-np.abs(effects), kind="stable")[:most]
    visible = [i for i in order if abs(effects[i]) >= 0.05]
    return tuple(_reason(names[i], float(effects[i]), features) for i in visible)


def _reason(name: str, effect_pts: float, features: Mapping[str, FeatureValue]) -> Reason:
    values = words(group_of(name), features)
    text = f"{name}: {effect_pts:+.1f} points"
    return Reason(name, effect_pts, f"{text} ({values})" if values else text, values)
