"""The types that prediction systems read and return: feature rows, quotes, forecasts, reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from tipoff.core import odds
from tipoff.forecast.distributions import Distribution


@dataclass(frozen=True, slots=True)
class FeatureValue:
    """One feature: its value, and the share of data in it (0 = all prior, 1 = all data)."""

    value: float
    quality: float = 1.0


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One row of `ml_feature_store_v2`: the key of a player's game, and the features by name.

    All inputs of the features were known before `cutoff_at` (UTC). `feature_quality_score` (0-100) affects the
    recommendation, not the forecast. With `team_is_inferred`, only a quote names the player, and it names two teams.
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
    team_is_inferred: bool = False

    @property
    def key(self) -> tuple[str, int]:
        """(nba_game_id, player_id), unique in a slate."""
        return (self.nba_game_id, self.player_id)


@dataclass(frozen=True, slots=True)
class Quote:
    """The reference line of a player at the cutoff, with the American prices of its book.

    `snapshot_at` (UTC) is the instant of that book's quote. `line_books` is the number of books in force.
    """

    line_pts: float
    over_american: int
    under_american: int
    bookmaker: str
    snapshot_at: datetime
    line_books: int = 1

    @property
    def fair_prob_over(self) -> float:
        """P(over | no push), de-vigged by `core.odds.devig_multiplicative`."""
        prices = (odds.decimal_from_american(price) for price in (self.over_american, self.under_american))
        return odds.devig_multiplicative(*prices)


@dataclass(frozen=True, slots=True)
class Reason:
    """One contribution to the mean, for people. `effect_pts` is signed, in points.

    `values` are the facts behind it, in words; "" where there is nothing to say.
    """

    name: str
    effect_pts: float
    text: str
    values: str = ""


@dataclass(frozen=True, slots=True)
class Forecast:
    """One system's distribution of a player's points, on the condition that he appears.

    `reasons` are sorted by the size of the effect. `model_digest` is the sha256 of the model's artefact; empty for a
    system without one. `expected_minutes` are those of the minutes model, on the same condition; None untrained.
    """

    system_id: str
    nba_game_id: str
    player_id: int
    distribution: Distribution
    reasons: tuple[Reason, ...] = field(default=())
    model_digest: str = ""
    expected_minutes: float | None = None

    @property
    def mean_pts(self) -> float:
        """Mean of the distribution. RMSE and bias use it."""
        return self.distribution.mean

    @property
    def variance(self) -> float:
        """Variance of the distribution, points squared."""
        return self.distribution.variance

    @property
    def predicted_points(self) -> float:
        """Interpolated median. MAE, margins and the comparison with the line use it."""
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
        """(nba_game_id, player_id), the key of the feature row."""
        return (self.nba_game_id, self.player_id)


class Recommendation(StrEnum):
    """The published recommendation."""

    OVER = "OVER"
    UNDER = "UNDER"
    PASS = "PASS"  # noqa: S105
    NO_LINE = "NO_LINE"


type Forecasts = Sequence[Forecast | None]
