"""What the prediction systems read and return: feature rows, quotes, forecasts, reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from tipoff.core import odds
from tipoff.forecast.distributions import Distribution


@dataclass(frozen=True, slots=True)
class FeatureValue:
    """One feature: its value in its own unit, and how much of it is data (0 = all prior, 1 = all data)."""

    value: float
    quality: float = 1.0


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One row of `ml_feature_store_v2`: the key of a player's game and his features by name.

    `cutoff_at` (UTC) is the instant before which everything behind the features was known.
    `feature_quality_score` is 0-100 and gates the recommendation, never the forecast.
    """

    game_date: date
    game_id: str
    nba_game_id: str
    player_id: int
    player_lookup: str
    team_abbr: str
    opponent_team_abbr: str
    cutoff_at: datetime
    features: Mapping[str, FeatureValue]
    feature_quality_score: float = 100.0

    @property
    def key(self) -> tuple[str, int]:
        """(nba_game_id, player_id): unique within a slate."""
        return (self.nba_game_id, self.player_id)


@dataclass(frozen=True, slots=True)
class Quote:
    """The reference line of a player at the cutoff, with the prices of the book whose line it is.

    Prices are American. `snapshot_at` (UTC) is when that book's quote was seen; `line_books` counts the books in force.
    """

    line_pts: float
    over_american: int
    under_american: int
    bookmaker: str
    snapshot_at: datetime
    line_books: int = 1

    @property
    def fair_prob_over(self) -> float:
        """P(over | no push) with the margin removed in proportion (`core.odds.devig_multiplicative`)."""
        prices = (odds.decimal_from_american(price) for price in (self.over_american, self.under_american))
        return odds.devig_multiplicative(*prices)


@dataclass(frozen=True, slots=True)
class Reason:
    """One contribution a person can read: `effect_pts` is signed, in points of the forecast mean."""

    name: str
    effect_pts: float
    text: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """A full distribution of a player's points by one system, given that he appears.

    `reasons` are sorted by size of effect; `model_digest` is the sha256 of the artefact used,
    or empty for a system without one.
    """

    system_id: str
    nba_game_id: str
    player_id: int
    distribution: Distribution
    reasons: tuple[Reason, ...] = field(default=())
    model_digest: str = ""

    @property
    def mean_pts(self) -> float:
        """Mean of the distribution: what RMSE and bias are judged by."""
        return self.distribution.mean

    @property
    def variance(self) -> float:
        """Variance of the distribution, points squared."""
        return self.distribution.variance

    @property
    def predicted_points(self) -> float:
        """Interpolated median: what MAE, margins and the comparison with the line use."""
        return self.distribution.median

    def prob_over(self, line_pts: float) -> float:
        """P(points > line)."""
        return self.distribution.prob_over(line_pts)

    def prob_under(self, line_pts: float) -> float:
        """P(points < line)."""
        return self.distribution.prob_under(line_pts)

    def prob_push(self, line_pts: float) -> float:
        """P(points = line); 0 at half lines."""
        return self.distribution.prob_push(line_pts)

    @property
    def key(self) -> tuple[str, int]:
        """(nba_game_id, player_id), the key of the feature row it answers."""
        return (self.nba_game_id, self.player_id)


class Recommendation(StrEnum):
    """What is published beside a forecast."""

    OVER = "OVER"
    UNDER = "UNDER"
    PASS = "PASS"  # noqa: S105
    NO_LINE = "NO_LINE"


type Forecasts = Sequence[Forecast | None]
