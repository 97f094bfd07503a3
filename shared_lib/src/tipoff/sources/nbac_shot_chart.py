"""stats.nba.com shot chart of one game. Atomic."""

from datetime import date

import msgspec

from tipoff.core import ids, teams
from tipoff.core.codes import Reason
from tipoff.core.contracts import nba_result_sets
from tipoff.core.contracts.decoding import Int, PersonId
from tipoff.core.contracts.nba_common import Identity, identity
from tipoff.core.contracts.results import Content, DocumentRefused, Row, TableRows
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.source import Source

PARSE_SEQ = 1
SHOT_TYPES: dict[str, str] = {"2PT Field Goal": "2pt", "3PT Field Goal": "3pt"}
PAINT: tuple[str, ...] = ("Restricted Area", "In The Paint (Non-RA)")


class Shot(msgspec.Struct, frozen=True, gc=False):
    """One attempt, with the source's headers."""

    GAME_ID: str
    GAME_EVENT_ID: Int
    PLAYER_ID: PersonId
    PLAYER_NAME: str
    TEAM_ID: Int
    PERIOD: Int
    MINUTES_REMAINING: Int
    SECONDS_REMAINING: Int
    ACTION_TYPE: str
    SHOT_TYPE: str
    SHOT_ZONE_BASIC: str
    SHOT_DISTANCE: Int
    LOC_X: Int
    LOC_Y: Int
    SHOT_MADE_FLAG: Int
    GAME_DATE: str
    HTM: str
    VTM: str
    SHOT_ZONE_AREA: str | None = None
    SHOT_ZONE_RANGE: str | None = None


class ShotRow(Row, frozen=True, gc=False, kw_only=True):
    """A row of nbac_shot_chart."""

    nba_game_id: str
    game_date: date
    season_year: int
    season_type: str
    game_event_id: int
    player_id: int
    player_name: str
    player_lookup: str
    team_id: int
    team_abbr: str
    home_team_abbr: str
    away_team_abbr: str
    game_id: str
    period: int
    clock_tenths: int
    action_type: str
    shot_type: str
    shot_zone: str
    shot_zone_basic: str
    shot_zone_area: str | None
    shot_zone_range: str | None
    shot_distance_feet: int
    shot_x: int
    shot_y: int
    shot_made: bool


def parse(route: Route, body: bytes) -> Content:
    """Rows of nbac_shot_chart of the name's game.

    Raises:
        DocumentRefused: any code of an atomic document.
    """
    if route.captured_at is None:
        raise ValueError("the name of a shot chart has its capture instant")
    rows: dict[int, ShotRow] = {}
    found = nba_result_sets.table(body, "Shot_Chart_Detail")
    for index, shot in enumerate(nba_result_sets.typed_rows(found, Shot)):
        path = f"rowSet[{index}]"
        game = identity(route, _game_id(shot, path), f"{path}.GAME_ID")
        if shot.GAME_EVENT_ID in rows:
            raise DocumentRefused(Reason.DUPLICATE_KEY, "a shot is listed once", f"{path}.GAME_EVENT_ID")
        rows[shot.GAME_EVENT_ID] = _row(game, shot, path)
    note = None if rows else Reason.EMPTY_LIST
    return Content((TableRows("nbac_shot_chart", tuple(rows.values())),), route.captured_at, note=note)


def _game_id(shot: Shot, path: str) -> str:
    try:
        return ids.nba_game_id(shot.GAME_ID)
    except ValueError as error:
        raise DocumentRefused(Reason.UNKNOWN_GAME, str(error), f"{path}.GAME_ID", shot.GAME_ID) from error


def _check(game: Identity, shot: Shot, path: str) -> None:
    if shot.GAME_DATE.replace("-", "")[:8] != f"{game.game_date:%Y%m%d}":
        raise DocumentRefused(
            Reason.DATE_MISMATCH, "name and rows have the same date", f"{path}.GAME_DATE", shot.GAME_DATE
        )
    if shot.SHOT_TYPE not in SHOT_TYPES or shot.SHOT_MADE_FLAG not in (0, 1):
        raise DocumentRefused(Reason.SCHEMA, "a shot is 2PT or 3PT, made 0 or 1", f"{path}.SHOT_TYPE", shot.SHOT_TYPE)
    clock_fits = 0 <= shot.MINUTES_REMAINING <= 12 and 0 <= shot.SECONDS_REMAINING < 60
    if not clock_fits or not 1 <= shot.PERIOD <= 10:
        raise DocumentRefused(Reason.BAD_MINUTES, "a clock fits its period", f"{path}.MINUTES_REMAINING")
    if not 0 <= shot.SHOT_DISTANCE <= 100:
        raise DocumentRefused(Reason.STAT_IDENTITY, "a court is 94 feet long", f"{path}.SHOT_DISTANCE")


def _row(game: Identity, shot: Shot, path: str) -> ShotRow:
    _check(game, shot, path)
    team, home, away = teams.BY_ID.get(shot.TEAM_ID), teams.by_code(shot.HTM), teams.by_code(shot.VTM)
    if team is None or home is None or away is None or home is away or team not in (home, away):
        value = f"{shot.TEAM_ID} {shot.VTM}@{shot.HTM}"
        raise DocumentRefused(Reason.UNKNOWN_TEAM, "the shooter's team plays the game", f"{path}.TEAM_ID", value)
    lookup = ids.player_lookup(shot.PLAYER_NAME)
    if not lookup:
        raise DocumentRefused(Reason.SCHEMA, "a name holds letters", f"{path}.PLAYER_NAME", shot.PLAYER_NAME)
    kind = SHOT_TYPES[shot.SHOT_TYPE]
    return ShotRow(
        nba_game_id=game.nba_game_id,
        game_date=game.game_date,
        season_year=game.season_year,
        season_type=game.season_type,
        game_event_id=shot.GAME_EVENT_ID,
        player_id=shot.PLAYER_ID,
        player_name=shot.PLAYER_NAME,
        player_lookup=lookup,
        team_id=shot.TEAM_ID,
        team_abbr=team.tricode,
        home_team_abbr=home.tricode,
        away_team_abbr=away.tricode,
        game_id=ids.platform_id(game.game_date, away.tricode, home.tricode),
        period=shot.PERIOD,
        clock_tenths=shot.MINUTES_REMAINING * 600 + shot.SECONDS_REMAINING * 10,
        action_type=shot.ACTION_TYPE,
        shot_type=kind,
        shot_zone="three" if kind == "3pt" else "paint" if shot.SHOT_ZONE_BASIC in PAINT else "mid_range",
        shot_zone_basic=shot.SHOT_ZONE_BASIC,
        shot_zone_area=shot.SHOT_ZONE_AREA,
        shot_zone_range=shot.SHOT_ZONE_RANGE,
        shot_distance_feet=shot.SHOT_DISTANCE,
        shot_x=shot.LOC_X,
        shot_y=shot.LOC_Y,
        shot_made=shot.SHOT_MADE_FLAG == 1,
    )


SOURCE = Source(
    name="nbac_shot_chart",
    object_names=(Template("nba-com/shot-chart/{date}/{nba_game_id}/{ts}.json"),),
    parse=parse,
    parse_seq=PARSE_SEQ,
)
