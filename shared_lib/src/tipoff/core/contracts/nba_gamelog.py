"""stats.nba.com player lines: the league game log of one date, and the traditional box score of one game. Atomic."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import msgspec

from tipoff.core import ids, teams
from tipoff.core.codes import Reason
from tipoff.core.contracts import nba_result_sets
from tipoff.core.contracts.decoding import Int, PersonId
from tipoff.core.contracts.nba_common import check_captured, identity, minutes_of, plus_minus, printed_minutes
from tipoff.core.contracts.nba_statistics import Statistics, check_player, did_something
from tipoff.core.contracts.results import Content, DocumentRefused, Row, TableRows
from tipoff.core.contracts.routes import Route
from tipoff.core.game_date import parse_iso

PARSE_SEQ = 1
MAX_PLAYER_TENTHS = 80 * 600  # four quarters and six overtimes
COLUMNS = frozenset(
    {"MIN", "FGM", "FGA", "FG3M", "FG3A", "FTM", "FTA", "OREB", "DREB", "AST", "STL", "BLK", "PF", "PTS"}
)
TURNOVERS = frozenset({"TOV", "TO"})  # the game log's name of it, the box score's


class Line(msgspec.Struct, frozen=True, gc=False):
    """One row under the source's headers; a player without minutes has NULL statistics."""

    GAME_ID: str
    TEAM_ID: Int
    TEAM_ABBREVIATION: str
    PLAYER_ID: PersonId
    PLAYER_NAME: str
    MIN: Int | float | str | None = None
    FGM: Int | None = None
    FGA: Int | None = None
    FG3M: Int | None = None
    FG3A: Int | None = None
    FTM: Int | None = None
    FTA: Int | None = None
    OREB: Int | None = None
    DREB: Int | None = None
    REB: Int | None = None
    AST: Int | None = None
    STL: Int | None = None
    BLK: Int | None = None
    TOV: Int | None = None
    TO: Int | None = None
    PF: Int | None = None
    PTS: Int | None = None
    PLUS_MINUS: Int | float | None = None
    GAME_DATE: str | None = None
    MATCHUP: str | None = None
    WL: str | None = None
    COMMENT: str | None = None


class GamelogRow(Row, frozen=True, gc=False, kw_only=True):
    """A row of nbac_gamelog."""

    nba_game_id: str
    game_date: date
    season_year: int
    season_type: str
    team_id: int
    team_abbr: str
    opponent_team_abbr: str
    player_id: int
    player_name: str
    player_lookup: str
    played: bool
    comment: str | None
    matchup: str | None
    win_flag: bool | None
    seconds_tenths: int
    minutes: Decimal
    points: int
    field_goals_made: int
    field_goals_attempted: int
    three_pointers_made: int
    three_pointers_attempted: int
    free_throws_made: int
    free_throws_attempted: int
    offensive_rebounds: int
    defensive_rebounds: int
    total_rebounds: int
    assists: int
    steals: int
    blocks: int
    turnovers: int
    personal_fouls: int
    plus_minus: int | None


def parse(where: Route, body: bytes) -> Content:
    """Rows of nbac_gamelog from a league game log (players) of the name's date.

    Raises:
        DocumentRefused: any code of an atomic document.
    """
    found = _lines(body, "LeagueGameLog")
    for line in found:
        _check_date(where, line)
    return _content(where, found)


def parse_box(where: Route, body: bytes) -> Content:
    """Rows of nbac_gamelog from a traditional box score (PlayerStats) of the name's game.

    Raises:
        DocumentRefused: any code of an atomic document.
    """
    found = _lines(body, "PlayerStats")
    for line in found:
        identity(where, _game_id(line), "GAME_ID")
    return _content(where, found)


def _lines(body: bytes, name: str) -> list[Line]:
    """Rows of a table; a column that is gone would read as a season in which nobody did it."""
    found = nba_result_sets.table(body, name)
    missing = COLUMNS.difference(found.headers) | (set() if TURNOVERS.intersection(found.headers) else {"TOV"})
    if missing and found.rowSet:
        rule = "a player's line has all its columns"
        raise DocumentRefused(Reason.SCHEMA, rule, "$.resultSets.headers", ", ".join(sorted(missing)))
    return nba_result_sets.typed_rows(found, Line)


def _content(where: Route, found: Sequence[Line]) -> Content:
    if where.captured_at is None or where.day is None:
        raise ValueError("this layout carries date and capture instant")
    check_captured(where.captured_at, where.day)
    sides = _sides(found)
    rows: dict[tuple[str, int], GamelogRow] = {}
    for index, line in enumerate(found):
        row = _row(where.day, line, sides, f"rowSet[{index}]")
        if (row.nba_game_id, row.player_id) in rows:
            raise DocumentRefused(Reason.DUPLICATE_PLAYER, "listed once in a game", "PLAYER_ID", line.PLAYER_ID)
        rows[row.nba_game_id, row.player_id] = row
    note = None if rows else Reason.EMPTY_LIST
    return Content((TableRows("nbac_gamelog", tuple(rows.values())),), where.captured_at, note=note)


def _check_date(where: Route, line: Line) -> None:
    try:
        day = parse_iso((line.GAME_DATE or "")[:10])
    except ValueError as error:
        raise DocumentRefused(Reason.WRONG_TYPE, "GAME_DATE is a date", "GAME_DATE", line.GAME_DATE) from error
    if day != where.day:
        raise DocumentRefused(Reason.DATE_MISMATCH, "name and rows are of one date", "GAME_DATE", line.GAME_DATE)


def _game_id(line: Line) -> str:
    try:
        return ids.nba_game_id(line.GAME_ID)
    except ValueError as error:
        raise DocumentRefused(Reason.UNKNOWN_GAME, str(error), "GAME_ID", line.GAME_ID) from error


def _team(line: Line) -> str:
    team = teams.by_code(line.TEAM_ABBREVIATION)
    if team is None or team.team_id != line.TEAM_ID:
        value = f"{line.TEAM_ID} {line.TEAM_ABBREVIATION}"
        raise DocumentRefused(Reason.UNKNOWN_TEAM, "id and tricode are one NBA team's", "TEAM_ID", value)
    return team.tricode


def _sides(found: Sequence[Line]) -> dict[str, set[str]]:
    """Tricodes per game; each game must show exactly two."""
    sides: dict[str, set[str]] = {}
    for line in found:
        sides.setdefault(_game_id(line), set()).add(_team(line))
    for game_id, pair in sides.items():
        if len(pair) != 2:
            value = f"{game_id} {','.join(sorted(pair))}"
            raise DocumentRefused(Reason.UNKNOWN_TEAM, "a game has two teams", "TEAM_ABBREVIATION", value)
    return sides


def _statistics(line: Line) -> Statistics:
    turnovers = line.TOV if line.TOV is not None else line.TO
    return Statistics(
        points=line.PTS or 0,
        fieldGoalsMade=line.FGM or 0,
        fieldGoalsAttempted=line.FGA or 0,
        threePointersMade=line.FG3M or 0,
        threePointersAttempted=line.FG3A or 0,
        freeThrowsMade=line.FTM or 0,
        freeThrowsAttempted=line.FTA or 0,
        reboundsOffensive=line.OREB or 0,
        reboundsDefensive=line.DREB or 0,
        assists=line.AST or 0,
        steals=line.STL or 0,
        blocks=line.BLK or 0,
        turnovers=turnovers or 0,
        foulsPersonal=line.PF or 0,
        reboundsTotal=line.REB,
    )


def _time_played(line: Line, path: str) -> int:
    if line.MIN is None or line.MIN == "":
        return 0
    text = f"{line.MIN:g}" if isinstance(line.MIN, float) else str(line.MIN)
    tenths = printed_minutes(text, f"{path}.MIN")
    if tenths > MAX_PLAYER_TENTHS:
        raise DocumentRefused(Reason.BAD_MINUTES, "nobody plays longer than a game", f"{path}.MIN", text)
    return tenths


def _row(day: date, line: Line, sides: dict[str, set[str]], path: str) -> GamelogRow:
    game_id, team, lookup = _game_id(line), _team(line), ids.player_lookup(line.PLAYER_NAME)
    (opponent,) = sides[game_id] - {team}
    if not lookup:
        raise DocumentRefused(Reason.SCHEMA, "a name holds letters", f"{path}.PLAYER_NAME", line.PLAYER_NAME)
    stats = _statistics(line)
    check_player(stats, path)
    time_played = _time_played(line, path)
    if line.MIN in (None, "") and did_something(stats):
        raise DocumentRefused(Reason.STAT_IDENTITY, "who did not play has no statistics", f"{path}.MIN", line.MIN)
    return GamelogRow(
        nba_game_id=game_id,
        game_date=day,
        season_year=ids.season_year(game_id),
        season_type=ids.season_type(game_id),
        team_id=line.TEAM_ID,
        team_abbr=team,
        opponent_team_abbr=opponent,
        player_id=line.PLAYER_ID,
        player_name=line.PLAYER_NAME,
        player_lookup=lookup,
        played=line.MIN not in (None, "") and (time_played > 0 or line.PTS is not None),
        comment=line.COMMENT or None,
        matchup=line.MATCHUP,
        win_flag={"W": True, "L": False}.get(line.WL or ""),
        seconds_tenths=time_played,
        minutes=minutes_of(time_played),
        points=stats.points,
        field_goals_made=stats.fieldGoalsMade,
        field_goals_attempted=stats.fieldGoalsAttempted,
        three_pointers_made=stats.threePointersMade,
        three_pointers_attempted=stats.threePointersAttempted,
        free_throws_made=stats.freeThrowsMade,
        free_throws_attempted=stats.freeThrowsAttempted,
        offensive_rebounds=stats.reboundsOffensive,
        defensive_rebounds=stats.reboundsDefensive,
        total_rebounds=stats.reboundsOffensive + stats.reboundsDefensive,
        assists=stats.assists,
        steals=stats.steals,
        blocks=stats.blocks,
        turnovers=stats.turnovers,
        personal_fouls=stats.foulsPersonal,
        plus_minus=plus_minus(line.PLUS_MINUS, f"{path}.PLUS_MINUS"),
    )
