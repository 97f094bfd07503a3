"""The data of the operator's page.

Shares are in [0, 1], instants are UTC, game dates are Eastern. None means unknown or not yet known.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

type FreshnessState = Literal["EXPECTED", "LATE", "COMPLETE", "EMPTY_OK", "DEGRADED", "FAILED"]
type ExecutionState = Literal["ACTIVE", "SUCCEEDED", "FAILED", "CANCELLED"]
type GradeOutcome = Literal["win", "loss", "push", "void", "pass", "open"]


@dataclass(frozen=True, slots=True)
class SystemScore:
    """A system's grades over one date, or over all dates of the page.

    Attributes:
        graded: rows of players who played; mae_pts and bias_pts are over these.
        line_rows: graded rows with a published line. mae_line_rows_pts and line_mae_pts are over these rows, so only
            these two may be compared.
        mae_difference_pts, interval_pts: mae_line_rows_pts - line_mae_pts and its 95 % interval (by dates).
    """

    system_id: str
    graded: int
    mae_pts: float | None
    bias_pts: float | None
    line_rows: int
    mae_line_rows_pts: float | None
    line_mae_pts: float | None
    wins: int
    losses: int
    pushes: int
    passes: int
    profit_units: float
    mae_difference_pts: float | None = None
    interval_pts: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class DateSummary:
    """One game date.

    Attributes:
        predictions: active predictions of all systems; skipped: slate players without one.
        voids: graded rows whose player did not play.
        scores: per system; empty until the games are final.
    """

    game_date: date
    games: int
    slate_players: int
    predictions: int
    skipped: int
    voids: int
    scores: tuple[SystemScore, ...]


@dataclass(frozen=True, slots=True)
class FreshnessCell:
    """State of one table for one game date. `rows` is as last reconciled; `cause` is set unless it is complete."""

    game_date: date
    state: FreshnessState
    rows: int | None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class TableFreshness:
    """One table (or published document) over the dates of the page."""

    table: str
    cells: tuple[FreshnessCell, ...]


@dataclass(frozen=True, slots=True)
class Conservation:
    """Rows of a step or source. `rows_in` should equal the sum of the other two."""

    name: str
    documents: int
    rows_in: int
    rows_out: int
    rows_rejected: int

    @property
    def holds(self) -> bool:
        """True if no row was lost."""
        return self.rows_in == self.rows_out + self.rows_rejected


@dataclass(frozen=True, slots=True)
class QuarantineReason:
    """One reason code with its newest sample, which is untrusted text."""

    code: str
    source: str
    held: int
    last_seen_at: datetime
    sample_object: str
    sample_field: str | None = None
    sample_value: str | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """A workflow execution. `ended_at` is None while it runs. `result` is a short outcome or error."""

    workflow: str
    execution_id: str
    state: ExecutionState
    started_at: datetime
    ended_at: datetime | None
    argument: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Predictions of one system with similar P(over): their mean, the share that went over, and their number."""

    system_id: str
    predicted: float
    observed: float
    rows: int


@dataclass(frozen=True, slots=True)
class PredictionLine:
    """One active prediction. `low_pts..high_pts` is the central 80 % interval."""

    game_date: date
    player_name: str
    team_abbr: str
    opponent_team_abbr: str
    is_home: bool
    system_id: str
    predicted_points: float
    low_pts: float
    high_pts: float
    points_line: float | None
    bookmaker: str | None
    prob_over: float | None
    recommendation: str
    actual_points: int | None
    outcome: GradeOutcome


@dataclass(frozen=True, slots=True)
class ReportData:
    """The data of the whole page. The section of an empty tuple says that there is nothing to show."""

    project: str
    environment: str
    release: str
    generated_at: datetime
    statement: str
    dates: tuple[DateSummary, ...] = ()
    overall: tuple[SystemScore, ...] = ()
    freshness: tuple[TableFreshness, ...] = ()
    conservation: tuple[Conservation, ...] = ()
    quarantine: tuple[QuarantineReason, ...] = ()
    executions: tuple[Execution, ...] = ()
    calibration: tuple[CalibrationBin, ...] = ()
    predictions: tuple[PredictionLine, ...] = ()
