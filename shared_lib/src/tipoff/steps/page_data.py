"""Reads what the published page shows from the tables."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff.site import (
    CalibrationBin,
    Conservation,
    DateSummary,
    FreshnessCell,
    PredictionLine,
    QuarantineReason,
    ReportData,
    SystemScore,
    TableFreshness,
)
from tipoff.site.data import FreshnessState, GradeOutcome
from tipoff.steps.queries import load

STATEMENT = "No edge over the market is shown. Every figure is over predictions whose cutoff lies before tip-off."
STATES: dict[str, FreshnessState] = {
    "ok": "COMPLETE",
    "partial": "DEGRADED",
    "no_games": "EMPTY_OK",
    "failed": "FAILED",
}


class _Score(msgspec.Struct, frozen=True):
    game_date: date | None
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
    voids: int
    profit_units: float

    def score(self) -> SystemScore:
        return SystemScore(
            system_id=self.system_id,
            graded=self.graded,
            mae_pts=self.mae_pts,
            bias_pts=self.bias_pts,
            line_rows=self.line_rows,
            mae_line_rows_pts=self.mae_line_rows_pts,
            line_mae_pts=self.line_mae_pts,
            wins=self.wins,
            losses=self.losses,
            pushes=self.pushes,
            passes=self.passes,
            profit_units=self.profit_units,
        )


class _Date(msgspec.Struct, frozen=True):
    game_date: date
    games: int
    slate_players: int
    predictions: int
    skipped: int


class _TableRun(msgspec.Struct, frozen=True):
    game_date: date
    table_name: str
    outcome: str
    cause: str | None
    row_count: int


class _Prediction(msgspec.Struct, frozen=True):
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
    is_voided: bool | None
    is_push: bool | None
    prediction_correct: bool | None

    def line(self) -> PredictionLine:
        return PredictionLine(
            game_date=self.game_date,
            player_name=self.player_name,
            team_abbr=self.team_abbr,
            opponent_team_abbr=self.opponent_team_abbr,
            is_home=self.is_home,
            system_id=self.system_id,
            predicted_points=self.predicted_points,
            low_pts=self.low_pts,
            high_pts=self.high_pts,
            points_line=self.points_line,
            bookmaker=self.bookmaker,
            prob_over=self.prob_over,
            recommendation=self.recommendation,
            actual_points=self.actual_points,
            outcome=self._outcome(),
        )

    def _outcome(self) -> GradeOutcome:
        if self.is_voided is None:
            return "open"
        if self.is_voided:
            return "void"
        if self.recommendation not in ("OVER", "UNDER"):
            return "pass"
        if self.is_push:
            return "push"
        return "win" if self.prediction_correct else "loss"


class _Bin(msgspec.Struct, frozen=True):
    system_id: str
    predicted: float
    observed: float
    bin_rows: int


def prediction_lines(warehouse: Warehouse, start_date: date, end_date: date) -> tuple[PredictionLine, ...]:
    """The active predictions of the dates, newest date first."""
    parameters = {"start_date": start_date, "end_date": end_date}
    return tuple(row.line() for row in warehouse.rows(load("publish/predictions"), parameters, _Prediction))


def report_data(
    warehouse: Warehouse,
    start_date: date,
    end_date: date,
    lines: Sequence[PredictionLine],
    *,
    project: str,
    environment: str,
    release: str,
    generated_at: datetime,
) -> ReportData:
    """Everything that the page shows for the dates."""
    parameters = {"start_date": start_date, "end_date": end_date}
    scores = warehouse.rows(load("publish/scores"), parameters, _Score)
    dates = warehouse.rows(load("publish/dates"), parameters, _Date)
    bins = warehouse.rows(load("publish/calibration"), parameters, _Bin)
    return ReportData(
        project=project,
        environment=environment,
        release=release,
        generated_at=generated_at,
        statement=STATEMENT,
        dates=tuple(_date_summary(day, scores) for day in dates),
        overall=tuple(score.score() for score in scores if score.game_date is None),
        freshness=_freshness(warehouse.rows(load("publish/tables"), parameters, _TableRun)),
        conservation=tuple(warehouse.rows(load("publish/intake"), {}, Conservation)),
        quarantine=tuple(warehouse.rows(load("publish/quarantine"), {}, QuarantineReason)),
        calibration=tuple(CalibrationBin(b.system_id, b.predicted, b.observed, b.bin_rows) for b in bins),
        predictions=tuple(lines),
    )


def _date_summary(day: _Date, scores: Sequence[_Score]) -> DateSummary:
    mine = [score for score in scores if score.game_date == day.game_date]
    return DateSummary(
        game_date=day.game_date,
        games=day.games,
        slate_players=day.slate_players,
        predictions=day.predictions,
        skipped=day.skipped,
        voids=sum(score.voids for score in mine),
        scores=tuple(score.score() for score in mine),
    )


def _freshness(runs: Sequence[_TableRun]) -> tuple[TableFreshness, ...]:
    cells: defaultdict[str, list[FreshnessCell]] = defaultdict(list)
    for run in runs:
        state = STATES.get(run.outcome, "EXPECTED")
        cells[run.table_name].append(FreshnessCell(run.game_date, state, run.row_count, run.cause))
    return tuple(TableFreshness(table, tuple(found)) for table, found in cells.items())
