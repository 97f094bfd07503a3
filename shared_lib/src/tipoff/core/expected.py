"""The outputs that a game date must have, their deadlines and their states, computed from row counts.

An output is open (EXPECTED, LATE) until it covers every game of its date, or until waiting is pointless. Then it is
closed (COMPLETE, EMPTY_OK, DEGRADED, FAILED). A later repair changes a closed output to COMPLETE.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from tipoff.core.game_date import eastern_instant

type State = Literal["EXPECTED", "LATE", "COMPLETE", "EMPTY_OK", "DEGRADED", "FAILED"]
type Part = Literal["document", "before", "after"]
type Per = Literal["game", "date"]

OPEN: frozenset[State] = frozenset({"EXPECTED", "LATE"})
WAIT_FOR_RESULTS = timedelta(days=7)
BUILT_WITHOUT_ROWS = "built_without_rows"
OFF_SEASON_MONTHS = frozenset({7, 8, 9})
_PARTS: tuple[Part, ...] = ("document", "before", "after")


@dataclass(frozen=True)
class Output:
    """A table or document that each game of a date needs.

    Attributes:
        name: the table, as in `expected_outputs.output`; for a delivery of a source, a view of nba_raw.
        part: `document` and `before` are due before tip-off, `after` when the games are over.
        due: hours before the first tip-off (part document, before), or after the date's midnight (after).
        reads: outputs that this one needs.
        required: whether a missing output ends as FAILED; otherwise the date goes on and the output is DEGRADED.
        workflow: the workflow that makes it; empty when a source delivers it.
        per: whether a source's row covers one game, or all games of a date.
    """

    name: str
    part: Part
    due: float
    reads: tuple[str, ...] = ()
    required: bool = True
    workflow: str = ""
    per: Per = "game"


MADE: tuple[Output, ...] = (
    Output("upcoming_player_game_context", "before", 1.5, workflow="daily"),
    Output("player_composite_factors", "before", 1.5, ("upcoming_player_game_context",), workflow="daily"),
    Output("ml_feature_store_v2", "before", 1.5, ("player_composite_factors",), workflow="daily"),
    Output("player_prop_predictions", "before", 1.0, ("ml_feature_store_v2",), workflow="daily"),
    Output("player_game_summary", "after", 29.0, ("nbac_player_boxscores",), workflow="postgame"),
    Output("team_offense_game_summary", "after", 29.0, ("nbac_player_boxscores",), workflow="postgame"),
    Output("team_defense_game_summary", "after", 29.0, ("nbac_player_boxscores",), workflow="postgame"),
    Output(
        "prediction_accuracy", "after", 34.5, ("player_game_summary", "player_prop_predictions"), workflow="postgame"
    ),
)


def expected_outputs(delivered: Iterable[Output]) -> tuple[Output, ...]:
    """The outputs of the sources and of Tipoff. Each output comes after the outputs that it reads."""
    return tuple(sorted((*delivered, *MADE), key=lambda output: _PARTS.index(output.part)))


@dataclass(frozen=True)
class GameDay:
    """A date of the newest schedule. `games` does not count postponed and moved games.

    Attributes:
        season_known: whether the schedule holds any game within half a year.
        in_season: whether it holds games on or before this date, and games on or after it.
    """

    game_date: date
    games: int
    postponed: int
    first_tipoff_at: datetime | None
    last_tipoff_at: datetime | None
    season_known: bool
    in_season: bool


@dataclass(frozen=True)
class Expected:
    """The state of one output of one date. `cause` is empty when nothing is wrong."""

    game_date: date
    output: str
    expected_rows: int
    actual_rows: int
    state: State
    cause: str
    deadline_at: datetime
    root: bool = True

    @property
    def open(self) -> bool:
        """Whether the output is still awaited."""
        return self.state in OPEN


def deadline_of(day: GameDay, output: Output) -> datetime:
    """The instant (UTC) by which the output must exist. Without a known tip-off, noon Eastern time stands for it."""
    if output.part == "after":
        return eastern_instant(day.game_date, 0, 0) + timedelta(hours=output.due)
    first = day.first_tipoff_at or eastern_instant(day.game_date, 12, 0)
    return first - timedelta(hours=output.due)


def gives_up_at(day: GameDay, output: Output) -> datetime:
    """The instant at which waiting ends: the last tip-off, or a week after the deadline for results."""
    if output.part == "after":
        return deadline_of(day, output) + WAIT_FOR_RESULTS
    return day.last_tipoff_at or eastern_instant(day.game_date, 23, 59)


def assess(
    outputs: Sequence[Output], day: GameDay, counts: Mapping[str, int], now: datetime, reasons: Mapping[str, str]
) -> tuple[Expected, ...]:
    """The state of each output of a date.

    Args:
        outputs: as `expected_outputs` returns them.
        counts: number of games that each output covers; a missing entry means 0.
        reasons: causes known from receipts, by output (the code of a failed step, or that its newest run ended well).
    """
    found: dict[str, Expected] = {}
    for output in outputs:
        actual = counts.get(output.name, 0)
        if not day.season_known and day.game_date.month not in OFF_SEASON_MONTHS:
            found[output.name] = _without_schedule(day, output, actual, now, is_root=not found)
        else:
            found[output.name] = _assess(day, output, actual, now, reasons, outputs, found)
    return tuple(found.values())


def _without_schedule(day: GameDay, output: Output, actual: int, now: datetime, *, is_root: bool) -> Expected:
    """A missing schedule is one incident. Its root is the first output."""
    deadline_at = deadline_of(day, output)
    state: State = "LATE" if now >= deadline_at else "EXPECTED"
    state = "FAILED" if now >= gives_up_at(day, output) else state
    return Expected(day.game_date, output.name, 0, actual, state, "no_schedule", deadline_at, is_root)


def _assess(
    day: GameDay,
    output: Output,
    actual: int,
    now: datetime,
    reasons: Mapping[str, str],
    outputs: Sequence[Output],
    before: Mapping[str, Expected],
) -> Expected:
    deadline_at = deadline_of(day, output)
    if not day.games or _nothing_to_grade(output, before):
        return Expected(day.game_date, output.name, 0, actual, "EMPTY_OK", _why_empty(day), deadline_at)
    if actual >= day.games:
        return Expected(day.game_date, output.name, day.games, actual, "COMPLETE", "", deadline_at)
    missing = _upstream(output, {one.name: one for one in outputs}, before)
    cause = f"upstream:{missing}" if missing else _cause(output, actual, day.games, reasons)
    state = _unfinished(day, output, actual, now)
    return Expected(day.game_date, output.name, day.games, actual, state, cause, deadline_at, not missing)


def _unfinished(day: GameDay, output: Output, actual: int, now: datetime) -> State:
    if now < deadline_of(day, output):
        return "EXPECTED"
    if now < gives_up_at(day, output):
        return "LATE"
    return "DEGRADED" if actual or not output.required else "FAILED"


def _why_empty(day: GameDay) -> str:
    if day.games:
        return "no_predictions"
    if day.postponed:
        return "postponed"
    return "no_games" if day.in_season else "off_season"


def _nothing_to_grade(output: Output, before: Mapping[str, Expected]) -> bool:
    """Without predictions, no grades are due."""
    predictions = before.get("player_prop_predictions")
    if output.name != "prediction_accuracy" or predictions is None:
        return False
    return predictions.state in ("FAILED", "EMPTY_OK") and predictions.actual_rows == 0


def _upstream(output: Output, by_name: Mapping[str, Output], before: Mapping[str, Expected]) -> str:
    """The missing output farthest upstream; empty if none is missing."""
    for name in output.reads:
        read = before[name]
        if read.state not in ("COMPLETE", "EMPTY_OK") and read.actual_rows < read.expected_rows:
            return _upstream(by_name[name], by_name, before) or name
    return ""


def _cause(output: Output, actual: int, games: int, reasons: Mapping[str, str]) -> str:
    """Why an output does not cover its games. A step that ended well explains only an output without rows."""
    reason = reasons.get(output.name, "")
    return _absence(output, actual, games) if not reason or (actual and reason == BUILT_WITHOUT_ROWS) else reason


def _absence(output: Output, actual: int, games: int) -> str:
    if actual:
        return f"covers_{actual}_of_{games}_games"
    return "not_run" if output.workflow else "not_received"


def missing_steps(rows: Sequence[Expected], now: datetime, last_tipoff_at: datetime | None) -> tuple[str, ...]:
    """The workflows to run for late outputs whose inputs exist. `daily` is left out after the last tip-off."""
    late = {row.output for row in rows if row.state == "LATE" and row.root}
    wanted = {output.workflow for output in MADE if output.name in late}
    if last_tipoff_at is None or now >= last_tipoff_at:
        wanted.discard("daily")
    return tuple(sorted(wanted))


def changed_rows(
    rows: Sequence[Expected], before: Mapping[tuple[date, str], tuple[str, str, int]]
) -> tuple[Expected, ...]:
    """The rows that differ from their last record (state, cause, actual rows)."""
    return tuple(
        row for row in rows if before.get((row.game_date, row.output)) != (row.state, row.cause, row.actual_rows)
    )


def new_incidents(
    rows: Sequence[Expected], before: Mapping[tuple[date, str], tuple[str, str, int]]
) -> tuple[Expected, ...]:
    """The root outputs that are late or failed now, and were not in their last record."""

    def was_bad(row: Expected) -> bool:
        return before.get((row.game_date, row.output), ("", "", 0))[0] in ("LATE", "FAILED", "DEGRADED")

    return tuple(row for row in rows if row.state in ("LATE", "FAILED") and row.root and not was_bad(row))
