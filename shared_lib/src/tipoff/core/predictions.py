"""Rows that prediction steps append, with the columns of `tables/nba_predictions`."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

type SkipReason = Literal[
    "ruled_out",
    "not_on_slate",
    "unresolved_player",
    "insufficient_history",
    "low_quality",
    "game_started",
    "no_feature_row",
    "failed",
]


@dataclass(frozen=True)
class Quantile:
    """A quantile: P(points <= points_pts) = probability."""

    probability: float
    points_pts: float


@dataclass(frozen=True)
class KeyFactor:
    """A contribution to the mean of the forecast, in points, and the facts behind it in words."""

    name: str
    contribution_pts: float
    facts: str | None = None


@dataclass(frozen=True)
class PredictionRow:
    """The published prediction of one system for one player's game."""

    game_date: date
    game_id: str
    nba_game_id: str
    player_id: int
    player_lookup: str
    team_abbr: str
    opponent_team_abbr: str
    market: str
    system_id: str
    cutoff_at: datetime
    prediction_id: str
    batch_id: str
    release: str
    predicted_points: float
    mean_pts: float
    variance_pts2: float
    dispersion: float | None
    expected_minutes: float | None
    prob_plays: float | None
    quantiles: tuple[Quantile, ...]
    current_points_line: Decimal | None
    line_bookmaker: str | None
    line_snapshot_timestamp: datetime | None
    over_price_american: int | None
    under_price_american: int | None
    line_books: int | None
    line_age_minutes: float | None
    prob_over: float | None
    prob_under: float | None
    prob_push: float | None
    line_margin: float | None
    recommendation: str
    pass_reason: str | None
    expected_value: float | None
    confidence_score: float
    feature_quality_score: float
    has_prop_line: bool
    line_source: str | None
    model_version: str
    training_cutoff_date: date | None
    prediction_version: str
    key_factors: tuple[KeyFactor, ...]
    warnings: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True)
class SkipRow:
    """A candidate without a prediction, and the reason. A name that matches no player has no id."""

    batch_id: str
    game_date: date
    game_id: str
    player_id: int | None
    player_lookup: str
    team_abbr: str | None
    cutoff_at: datetime
    reason: SkipReason
    created_at: datetime
    release: str


@dataclass(frozen=True)
class BatchRow:
    """A batch at its start, with what it is expected to write."""

    batch_id: str
    game_date: date
    as_of: datetime
    lead_minutes: int
    started_at: datetime
    games: int
    expected_players: int
    expected_rows: int
    system_ids: tuple[str, ...]
    requests: int
    trigger: str
    workflow_execution: str | None
    release: str
    game_ids: tuple[str, ...]
    deadline_at: datetime
