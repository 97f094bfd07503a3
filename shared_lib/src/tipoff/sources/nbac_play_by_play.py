"""NBA.com play-by-play (CDN): all actions, or field goals only. Atomic. A later capture replaces the game."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Literal

import msgspec

from tipoff.core import teams
from tipoff.core.codes import DocumentOutcome, Reason
from tipoff.core.collect.collection import Collection, Stage
from tipoff.core.collect.judging import absent
from tipoff.core.collect.model import Judgement, SourceRequest, Target, Verdict
from tipoff.core.collect.nba_cdn import HOST, game_request
from tipoff.core.collect.windows import Window
from tipoff.core.contracts import decoding
from tipoff.core.contracts.decoding import Int
from tipoff.core.contracts.nba_common import OPEN_KINDS, Identity, Instant, duration, identity, tenths
from tipoff.core.contracts.results import Content, DocumentRefused, Row, TableRows
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.expected import Output
from tipoff.core.game_date import to_utc
from tipoff.core.source import Source

OBJECT_NAME = Template("nba-com/play-by-play/{date}/{nba_game_id}/{ts}.json")
PARSE_SEQ = 2
PERIOD_TENTHS = 12 * 600
OVERTIME_TENTHS = 5 * 600
MAX_PERIOD = 10
SHOT_POINTS: dict[str, int] = {"2pt": 2, "3pt": 3, "freethrow": 1}


class ActionKind(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The kind of an action."""

    actionType: str
    subType: str | None = None


class Action(ActionKind, frozen=True, gc=False, kw_only=True):
    """One action. Person 0 is the team or the game."""

    actionNumber: Int
    clock: str
    period: Int
    isFieldGoal: Literal[0, 1] = 0
    personId: Int = 0
    teamId: Int | None = None
    teamTricode: str | None = None
    orderNumber: Int | None = None
    qualifiers: list[str] = []
    shotResult: str | None = None
    shotDistance: float | None = None
    x: float | None = None
    y: float | None = None
    playerName: str | None = None
    assistPersonId: Int | None = None
    blockPersonId: Int | None = None
    foulDrawnPersonId: Int | None = None
    scoreHome: str | None = None
    scoreAway: str | None = None
    timeActual: Instant | None = None
    edited: Instant | None = None
    description: str | None = None


class Game[A](msgspec.Struct, frozen=True):
    """The game. `A` is the type of an action."""

    gameId: str
    actions: list[A]


class Document[A](msgspec.Struct, frozen=True):
    """The envelope."""

    game: Game[A]


class OriginalDocument[A](msgspec.Struct, frozen=True):
    """The original collector's envelope."""

    playByPlay: Document[A]


class ActionRow(Row, frozen=True, gc=False, kw_only=False):
    """A row of nbac_play_by_play. `_row` passes the values in this order."""

    nba_game_id: str
    game_date: date
    season_year: int
    season_type: str
    event_sequence: int
    action_number: int
    order_number: int | None
    period: int
    clock_tenths: int
    event_type: str
    event_sub_type: str | None
    qualifiers: tuple[str, ...]
    team_id: int | None
    team_abbr: str | None
    player_id: int | None
    player_name: str | None
    assist_player_id: int | None
    block_player_id: int | None
    foul_drawn_player_id: int | None
    is_field_goal: bool
    shot_made: bool | None
    shot_type: str | None
    shot_zone: str | None
    shot_x: float | None
    shot_y: float | None
    shot_distance_feet: float | None
    points_scored: int
    home_score: int | None
    away_score: int | None
    action_at: datetime | None
    edited_at: datetime | None
    description: str | None
    coverage: str


def parse(route: Route, body: bytes) -> Content:
    """Rows of nbac_play_by_play of one game, ordered by `orderNumber`, else as in the document.

    Raises:
        DocumentRefused: not_final (ignored) if nothing has happened yet, or any code of an atomic document.
    """
    document = _game(decoding.check_json(body))
    game = identity(route, document.gameId)
    if route.captured_at is None:
        raise ValueError("the name of a play-by-play has its capture instant")
    actions = document.actions
    if not actions:
        raise DocumentRefused(Reason.NOT_FINAL, "the game has begun", "$.game.actions", outcome=DocumentOutcome.IGNORED)
    _check_actions(game, actions)
    ordered = sorted(actions, key=lambda action: action.orderNumber or 0) if _all_ordered(actions) else actions
    coverage = "field_goals_only" if all(action.isFieldGoal for action in actions) else "all_actions"
    rows = tuple(_row(game, action, sequence, coverage) for sequence, action in enumerate(ordered, 1))
    return Content((TableRows("nbac_play_by_play", rows),), route.captured_at)


def _game(tree: Any) -> Game[Action]:
    if isinstance(tree, dict) and "playByPlay" in tree:
        return decoding.typed(tree, OriginalDocument[Action]).playByPlay.game
    return decoding.typed(tree, Document[Action]).game


def _all_ordered(actions: Sequence[Action]) -> bool:
    return all(action.orderNumber is not None for action in actions)


def _check_actions(game: Identity, actions: Sequence[Action]) -> None:
    numbers: set[int] = set()
    tricodes: set[str] = set()
    for index, action in enumerate(actions):
        try:
            _check_action(action)
            if action.actionNumber in numbers:
                rule = "an action is listed once"
                raise DocumentRefused(Reason.DUPLICATE_KEY, rule, "actionNumber", action.actionNumber)
        except DocumentRefused as refusal:
            raise refusal.below(f"$.game.actions[{index}]") from refusal
        numbers.add(action.actionNumber)
        if action.teamTricode:
            tricodes.add(action.teamTricode)
    strangers = sorted(tricodes - teams.BY_TRICODE.keys())
    if strangers and game.season_type in OPEN_KINDS:
        rule = "a game with a team outside the league counts nowhere"
        raise DocumentRefused(Reason.OTHER_GAME, rule, "teamTricode", strangers[0], DocumentOutcome.IGNORED)
    if strangers:
        raise DocumentRefused(Reason.UNKNOWN_TEAM, "a tricode is an NBA team's", "teamTricode", strangers[0])
    if len(tricodes) > 2:
        raise DocumentRefused(Reason.UNKNOWN_TEAM, "a game has two teams", "teamTricode", ",".join(sorted(tricodes)))


def _check_action(action: Action) -> None:
    if not 1 <= action.period <= MAX_PERIOD:
        raise DocumentRefused(Reason.BAD_MINUTES, f"a period is 1 to {MAX_PERIOD}", "period", action.period)
    limit = PERIOD_TENTHS if action.period <= 4 else OVERTIME_TENTHS
    if duration(action.clock, "clock") > limit:
        raise DocumentRefused(Reason.BAD_MINUTES, "a clock fits its period", "clock", action.clock)
    if action.personId < 0:
        raise DocumentRefused(Reason.WRONG_TYPE, "a person id is not negative", "personId", action.personId)
    if action.teamTricode and action.teamId and not teams.is_same_team(action.teamId, action.teamTricode):
        raise DocumentRefused(Reason.UNKNOWN_TEAM, "id and tricode are one team's", "teamId", action.teamId)
    is_shot = action.actionType in SHOT_POINTS
    if action.isFieldGoal == 1 and action.actionType not in ("2pt", "3pt", "heave"):
        raise DocumentRefused(Reason.STAT_IDENTITY, "a field goal is 2pt or 3pt", "actionType", action.actionType)
    if action.isFieldGoal == 0 and action.actionType in ("2pt", "3pt"):
        raise DocumentRefused(Reason.STAT_IDENTITY, "2pt and 3pt are field goals", "isFieldGoal", action.isFieldGoal)
    if is_shot and action.shotResult not in ("Made", "Missed"):
        raise DocumentRefused(Reason.SCHEMA, "a shot is Made or Missed", "shotResult", action.shotResult)
    if is_shot and not action.teamTricode:
        raise DocumentRefused(Reason.SCHEMA, "a shot has a team", "teamTricode")
    if action.shotDistance is not None and not 0 <= action.shotDistance <= 100:
        raise DocumentRefused(Reason.STAT_IDENTITY, "a court is 94 feet long", "shotDistance", action.shotDistance)


def _row(game: Identity, action: Action, sequence: int, coverage: str) -> ActionRow:
    kind = action.actionType
    shot_points = SHOT_POINTS.get(kind)
    made = action.shotResult == "Made" if shot_points else None
    # By position: with keywords msgspec searches all 33 names for each, a quarter of the time of a document.
    return ActionRow(
        game.nba_game_id,
        game.game_date,
        game.season_year,
        game.season_type,
        sequence,
        action.actionNumber,
        action.orderNumber,
        action.period,
        tenths(action.clock),
        kind,
        action.subType or None,
        tuple(action.qualifiers),
        action.teamId or (teams.BY_TRICODE[action.teamTricode].team_id if action.teamTricode else None),
        action.teamTricode or None,
        _person(action.personId),
        action.playerName,
        action.assistPersonId,
        action.blockPersonId,
        action.foulDrawnPersonId,
        action.isFieldGoal == 1,
        made,
        kind if shot_points else None,
        _zone(action),
        action.x,
        action.y,
        action.shotDistance,
        shot_points if shot_points and made else 0,
        _score(action.scoreHome),
        _score(action.scoreAway),
        _instant(action.timeActual),
        _instant(action.edited),
        action.description,
        coverage,
    )


def _person(person_id: int) -> int | None:
    """The person's id; None for team events, which have 0 or the team's id (larger than any person's)."""
    return person_id if person_id > 0 and person_id not in teams.BY_ID else None


def _zone(action: Action) -> str | None:
    """The NBA's zone rule: 3pt is three; 2pt with `pointsinthepaint` is paint; other 2pt is mid_range."""
    if action.actionType == "3pt":
        return "three"
    if action.actionType == "2pt":
        return "paint" if "pointsinthepaint" in action.qualifiers else "mid_range"
    return None


@lru_cache(maxsize=1024)
def _score(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 3):
        raise DocumentRefused(Reason.WRONG_TYPE, "a score is a number of points", "scoreHome", text)
    return int(text)


def _instant(value: datetime | None) -> datetime | None:
    try:
        return to_utc(value) if value is not None else None
    except ValueError as error:
        raise DocumentRefused(Reason.DATE_MISMATCH, str(error), "timeActual", value) from error


def requests(target: Target) -> tuple[SourceRequest, ...]:
    """One play-by-play per game."""
    return tuple(
        game_request("nbac_play_by_play", "playbyplay/playbyplay", game, OBJECT_NAME, judge) for game in target.chosen
    )


def judge(request: SourceRequest, body: bytes) -> Judgement:
    """A play-by-play must be of the requested game and complete. With field goals only, it has no end to check."""
    game = msgspec.json.decode(body, type=Document[ActionKind]).game
    if request.game is not None and game.gameId != request.game.nba_game_id:
        return Judgement(Verdict.MOVED_SCHEMA, f"a play-by-play of {game.gameId[:10]}")
    if not game.actions:
        return Judgement(absent(request), "no action yet")
    marks = {(action.actionType, action.subType) for action in game.actions if action.actionType in ("period", "game")}
    if marks and ("game", "end") not in marks:
        return Judgement(Verdict.NOT_THERE_YET, "the game has not ended")
    return Judgement(Verdict.DOCUMENT)


SOURCE = Source(
    name="nbac_play_by_play",
    object_names=(
        OBJECT_NAME,
        Template("nba-com/play-by-play/{date}/game-{nba_game_id}/{ts}.json"),
    ),
    parse=parse,
    parse_seq=PARSE_SEQ,
    delivers=(Output("nbac_play_by_play", "after", 28.5, required=False),),
    collection=Collection(
        host=HOST,
        first_requests=requests,
        window=Window.AFTER_GAMES,
        stages={"postgame": Stage(2)},
        game_table="nbac_play_by_play",
    ),
)
