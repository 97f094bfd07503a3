"""The step of `predict`: forecast some players with each system, and append the predictions and the skipped players."""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

import msgspec

from tipoff import tables
from tipoff.cloud.bigquery import Warehouse
from tipoff.core.messages import PredictionReady, PredictionRequest
from tipoff.core.predictions import KeyFactor, PredictionRow, Quantile, SkipRow
from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.recommend import Advice, Policy, advise
from tipoff.forecast.recommenders import PART, Recommenders
from tipoff.forecast.systems.registry import forecast_slate
from tipoff.forecast.types import FeatureRow, FeatureValue, Forecast, Quote
from tipoff.runtime.arguments import decode_body
from tipoff.runtime.events import Delivery
from tipoff.runtime.settings import PredictSettings
from tipoff.steps.models.store import ModelWiring
from tipoff.steps.queries import load

MARKET = "player_points"
PREDICTION_VERSION = "v1"
QUANTILES = tuple(round(0.05 * step, 2) for step in range(1, 20))
POLICY = Policy()

type Key = tuple[str, int]


class _Feature(msgspec.Struct, frozen=True):
    name: str
    value: float
    quality: float


_FEATURES = msgspec.json.Decoder(tuple[_Feature, ...])


class _StoredRow(msgspec.Struct, frozen=True):
    game_date: date
    game_id: str
    nba_game_id: str
    player_id: int
    player_lookup: str
    team_abbr: str
    opponent_team_abbr: str
    cutoff_at: datetime
    feature_quality_score: float
    features_json: str
    team_is_inferred: bool | None = None

    def row(self) -> FeatureRow:
        features = {f.name: FeatureValue(f.value, f.quality) for f in _FEATURES.decode(self.features_json)}
        return FeatureRow(
            self.game_date,
            self.game_id,
            self.nba_game_id,
            self.player_id,
            self.player_lookup,
            self.team_abbr,
            self.opponent_team_abbr,
            self.cutoff_at,
            features,
            self.feature_quality_score,
            self.team_is_inferred or False,
        )


class _StoredQuote(msgspec.Struct, frozen=True):
    nba_game_id: str
    player_id: int
    line_pts: float
    over_price_american: int
    under_price_american: int
    bookmaker: str
    snapshot_at: datetime
    line_books: int

    def quote(self) -> Quote:
        return Quote(
            self.line_pts,
            self.over_price_american,
            self.under_price_american,
            self.bookmaker,
            self.snapshot_at,
            self.line_books,
        )


def predict(context: ModelWiring[PredictSettings], delivery: Delivery) -> None:
    """Predict the players of a request. A repeated delivery appends the same rows, and readers use them once.

    Raises:
        BadRequest: the message is not a PredictionRequest.
        Retryable: the rows were not committed. Pub/Sub delivers the message again.
    """
    request = decode_body(PredictionRequest, delivery.data)
    with ThreadPoolExecutor(2) as pool:
        reading_rows = pool.submit(copy_context().run, _feature_rows, context.warehouse, request)
        reading_lines = pool.submit(copy_context().run, _reference_lines, context.warehouse, request)
        bundle = context.models.bundle_for(request.game_date, request.as_of)
    rows, lines = reading_rows.result(), reading_lines.result()
    forecasts = forecast_slate(rows, lines, bundle)
    written = _prediction_rows(context, request, rows, lines, forecasts, bundle)
    skipped = _skips(context, request, rows, forecasts)
    context.warehouse.append(tables.get("player_prop_predictions_log"), written)
    context.warehouse.append(tables.get("prediction_skips_log"), skipped)
    predicted = len({row.player_id for row in written})
    ready = PredictionReady(request.batch_id, request.game_date, predicted, len(skipped), len(written))
    context.topics.publish(
        context.settings.topic_prediction_ready, ready, f"{request.batch_id}:{request.player_ids[0]}"
    )


def _feature_rows(warehouse: Warehouse, request: PredictionRequest) -> list[FeatureRow]:
    parameters = {"game_date": request.game_date, "player_ids": list(request.player_ids)}
    return [stored.row() for stored in warehouse.rows(load("predict/feature_rows"), parameters, _StoredRow)]


def _reference_lines(warehouse: Warehouse, request: PredictionRequest) -> dict[Key, Quote]:
    parameters = {"game_date": request.game_date, "player_ids": list(request.player_ids)}
    stored = warehouse.rows(load("predict/reference_lines"), parameters, _StoredQuote)
    return {(each.nba_game_id, each.player_id): each.quote() for each in stored}


def _prediction_rows(
    context: ModelWiring[PredictSettings],
    request: PredictionRequest,
    rows: Sequence[FeatureRow],
    lines: Mapping[Key, Quote],
    forecasts: Sequence[Forecast],
    bundle: ModelBundle,
) -> list[PredictionRow]:
    by_key = {row.key: row for row in rows}
    writer = _Writer(request, bundle, context.settings.release, context.clock())
    return [writer.row(by_key[f.key], lines.get(f.key), f) for f in forecasts]


@dataclass(frozen=True)
class _Writer:
    """Makes the rows of a request from its forecasts."""

    request: PredictionRequest
    bundle: ModelBundle
    release: str
    now: datetime

    @cached_property
    def recommenders(self) -> Recommenders:
        """The verdicts that the model carries; before the first training no system may recommend."""
        return self.bundle.part(PART, Recommenders)

    def row(self, of: FeatureRow, quote: Quote | None, forecast: Forecast) -> PredictionRow:
        may_recommend = self.recommenders.may_recommend(forecast.system_id)
        advice = advise(forecast, quote, of.feature_quality_score, POLICY, may_recommend=may_recommend)
        prob_under = forecast.prob_under(quote.line_pts) if quote else None
        return PredictionRow(
            game_date=of.game_date,
            game_id=of.game_id,
            nba_game_id=of.nba_game_id,
            player_id=of.player_id,
            player_lookup=of.player_lookup,
            team_abbr=of.team_abbr,
            opponent_team_abbr=of.opponent_team_abbr,
            market=MARKET,
            system_id=forecast.system_id,
            cutoff_at=of.cutoff_at,
            prediction_id=_prediction_id(of, forecast.system_id),
            batch_id=self.request.batch_id,
            release=self.release,
            predicted_points=forecast.predicted_points,
            mean_pts=forecast.mean_pts,
            variance_pts2=forecast.variance,
            dispersion=forecast.variance / forecast.mean_pts if forecast.mean_pts > 0 else None,
            expected_minutes=forecast.expected_minutes,
            prob_plays=_value(of, "likely_play"),
            quantiles=tuple(Quantile(p, forecast.distribution.quantile(p)) for p in QUANTILES),
            current_points_line=Decimal(str(quote.line_pts)) if quote else None,
            line_bookmaker=quote.bookmaker if quote else None,
            line_snapshot_timestamp=quote.snapshot_at if quote else None,
            over_price_american=quote.over_american if quote else None,
            under_price_american=quote.under_american if quote else None,
            line_books=quote.line_books if quote else None,
            line_age_minutes=(of.cutoff_at - quote.snapshot_at).total_seconds() / 60 if quote else None,
            prob_over=advice.prob_over if quote else None,
            prob_under=prob_under,
            prob_push=advice.prob_push if quote else None,
            line_margin=forecast.predicted_points - quote.line_pts if quote else None,
            recommendation=advice.recommendation.value,
            pass_reason=advice.pass_reason,
            expected_value=max(advice.value_over, advice.value_under) if quote else None,
            confidence_score=_confidence(advice, prob_under),
            feature_quality_score=of.feature_quality_score,
            has_prop_line=quote is not None,
            line_source="quote_before_cutoff" if quote else None,
            model_version=forecast.model_digest or f"untrained-{PREDICTION_VERSION}",
            training_cutoff_date=self.bundle.trained_before,
            prediction_version=PREDICTION_VERSION,
            key_factors=tuple(KeyFactor(r.name, r.effect_pts, r.values or None) for r in forecast.reasons),
            warnings=_warnings(of, quote),
            created_at=self.now,
        )


def _value(of: FeatureRow, name: str) -> float | None:
    return of.features[name].value if name in of.features else None


def _prediction_id(of: FeatureRow, system_id: str) -> str:
    key = (of.game_date, of.nba_game_id, of.player_id, MARKET, system_id, of.cutoff_at)
    return hashlib.sha256(repr(key).encode()).hexdigest()[:32]


def _confidence(advice: Advice, prob_under: float | None) -> float:
    """The probability of the more likely side, given no push. 0.5 without a line."""
    if prob_under is None or advice.prob_push >= 1.0:
        return 0.5
    return max(advice.prob_over, prob_under) / (1.0 - advice.prob_push)


def _warnings(of: FeatureRow, quote: Quote | None) -> tuple[str, ...]:
    found = []
    if of.feature_quality_score < POLICY.min_feature_quality:
        found.append("low_feature_quality")
    if quote is None:
        found.append("no_line_before_cutoff")
    if of.team_is_inferred:
        found.append("team_is_inferred")
    return tuple(found)


def _skips(
    context: ModelWiring[PredictSettings],
    request: PredictionRequest,
    rows: Sequence[FeatureRow],
    forecasts: Sequence[Forecast],
) -> list[SkipRow]:
    """The players whom no system predicts."""
    predicted = {forecast.key for forecast in forecasts}
    return [
        SkipRow(
            batch_id=request.batch_id,
            game_date=row.game_date,
            game_id=row.game_id,
            player_id=row.player_id,
            player_lookup=row.player_lookup,
            team_abbr=row.team_abbr,
            cutoff_at=row.cutoff_at,
            reason="insufficient_history",
            created_at=context.clock(),
            release=context.settings.release,
        )
        for row in rows
        if row.key not in predicted
    ]
