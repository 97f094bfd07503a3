"""The published JSON documents: what the world (or a front end) reads of predictions and grades.

    predictions/{date}.json   before the games, rewritten with each newer batch
    grades/{date}.json        after them, rewritten when a correction regrades

Fields are only ever added; a changed meaning raises `schema_version`. Points are points, probabilities lie in
[0, 1], prices are American, instants are UTC, dates Eastern. Documents are sorted by key and hold no clock of their
own, so equal facts give equal bytes.
"""

from datetime import date, datetime
from itertools import pairwise
from typing import Literal

import msgspec

SCHEMA_VERSION = 1
CONTENT_TYPE = "application/json; charset=utf-8"

type Kind = Literal["predictions", "grades"]
type Recommendation = Literal["OVER", "UNDER", "PASS", "NO_LINE"]
type GradeOutcome = Literal["win", "loss", "push", "void", "pass"]


class PublicModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """Base of all published objects: readers must tolerate fields they do not know."""


class PublicGame(PublicModel, frozen=True, kw_only=True):
    """A game of the date. `game_id` is `YYYYMMDD_AWAY_HOME`."""

    game_id: str
    nba_game_id: str
    away: str
    home: str
    tipoff_at: datetime


class PublicLine(PublicModel, frozen=True, kw_only=True):
    """The real quote a recommendation is against, and when it was seen (before the cutoff, always)."""

    points: float
    bookmaker: str
    observed_at: datetime
    over_american: int | None
    under_american: int | None


class PublicPrediction(PublicModel, frozen=True, kw_only=True):
    """One system's forecast for one player's game.

    Attributes:
        predicted_points: median of the forecast; mean_pts its mean; low_80_pts..high_80_pts its central 80 %.
        line: None without a published line; then prob_over, prob_under and prob_push are None, too.
        cutoff_at: everything used was known before this instant.
    """

    game_id: str
    player_id: int
    player: str
    team: str
    opponent: str
    system_id: str
    predicted_points: float
    mean_pts: float
    low_80_pts: float
    high_80_pts: float
    line: PublicLine | None
    prob_over: float | None
    prob_under: float | None
    prob_push: float | None
    recommendation: Recommendation
    confidence: float
    model_version: str
    cutoff_at: datetime


class PublicSkip(PublicModel, frozen=True, kw_only=True):
    """A player of the slate without a prediction, and why."""

    game_id: str
    player_id: int
    player: str
    team: str
    reason: str


class PredictionsDocument(PublicModel, frozen=True, kw_only=True):
    """`predictions/{date}.json`. `as_of` is the newest cutoff in it; None on a date without games."""

    game_date: date
    as_of: datetime | None
    games: tuple[PublicGame, ...]
    predictions: tuple[PublicPrediction, ...]
    not_predicted: tuple[PublicSkip, ...]
    schema_version: int = SCHEMA_VERSION


class PublicScore(PublicModel, frozen=True, kw_only=True):
    """A system's day. mae_on_line_rows_pts and line_mae_pts are over the same `line_rows`; compare only these two."""

    system_id: str
    graded: int
    voids: int
    pushes: int
    passes: int
    wins: int
    losses: int
    mae_pts: float | None
    bias_pts: float | None
    line_rows: int
    mae_on_line_rows_pts: float | None
    line_mae_pts: float | None
    profit_units: float


class PublicGrade(PublicModel, frozen=True, kw_only=True):
    """One graded prediction. A void has no actual points and no error."""

    game_id: str
    player_id: int
    player: str
    system_id: str
    predicted_points: float
    line: float | None
    recommendation: Recommendation
    actual_points: int | None
    error_pts: float | None
    outcome: GradeOutcome


class GradesDocument(PublicModel, frozen=True, kw_only=True):
    """`grades/{date}.json`. `box_known_at` is when the newest box score graded against was known."""

    game_date: date
    box_known_at: datetime | None
    systems: tuple[PublicScore, ...]
    grades: tuple[PublicGrade, ...]
    schema_version: int = SCHEMA_VERSION


def object_name(kind: Kind, game_date: date) -> str:
    """Name in the public bucket, e.g. `predictions/2024-11-01.json`."""
    return f"{kind}/{game_date.isoformat()}.json"


def predictions_document(
    game_date: date,
    games: tuple[PublicGame, ...],
    predictions: tuple[PublicPrediction, ...],
    not_predicted: tuple[PublicSkip, ...],
) -> PredictionsDocument:
    """The document of a date, whatever order its rows come in.

    Raises:
        ValueError: two rows under one key, or a row of a game that is not listed.
    """
    listed = {game.game_id for game in games}
    _check_games(listed, [*(one.game_id for one in predictions), *(one.game_id for one in not_predicted)])
    _check_unique([(one.game_id, one.player_id, one.system_id) for one in predictions])
    return PredictionsDocument(
        game_date=game_date,
        as_of=max((one.cutoff_at for one in predictions), default=None),
        games=tuple(sorted(games, key=lambda one: (one.tipoff_at, one.nba_game_id))),
        predictions=tuple(sorted(predictions, key=lambda one: (one.game_id, one.player_id, one.system_id))),
        not_predicted=tuple(sorted(not_predicted, key=lambda one: (one.game_id, one.player_id))),
    )


def grades_document(
    game_date: date,
    box_known_at: datetime | None,
    systems: tuple[PublicScore, ...],
    grades: tuple[PublicGrade, ...],
) -> GradesDocument:
    """The document of a date, whatever order its rows come in.

    Raises:
        ValueError: two rows under one key.
    """
    _check_unique([(one.game_id, one.player_id, one.system_id) for one in grades])
    return GradesDocument(
        game_date=game_date,
        box_known_at=box_known_at,
        systems=tuple(sorted(systems, key=lambda one: one.system_id)),
        grades=tuple(sorted(grades, key=lambda one: (one.game_id, one.player_id, one.system_id))),
    )


def encode(document: PredictionsDocument | GradesDocument) -> bytes:
    """UTF-8 JSON with a final newline; equal documents give equal bytes."""
    return msgspec.json.encode(document) + b"\n"


def decode_predictions(body: bytes) -> PredictionsDocument:
    """Read a published document; raises msgspec.ValidationError if it is not one."""
    return msgspec.json.decode(body, type=PredictionsDocument)


def decode_grades(body: bytes) -> GradesDocument:
    """Read a published document; raises msgspec.ValidationError if it is not one."""
    return msgspec.json.decode(body, type=GradesDocument)


def _check_unique(keys: list[tuple[str, int, str]]) -> None:
    repeated = next((key for key, after in pairwise(sorted(keys)) if key == after), None)
    if repeated is not None:
        raise ValueError(f"two rows for {repeated}: one active prediction per game, player and system")


def _check_games(listed: set[str], used: list[str]) -> None:
    unknown = next((game for game in used if game not in listed), None)
    if unknown is not None:
        raise ValueError(f"{unknown} is not among the games of the date")
