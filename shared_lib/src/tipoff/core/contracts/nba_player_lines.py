"""Player lines of stats.nba.com, in the league game log and the traditional box score. Atomic."""

from collections.abc import Sequence
from datetime import date

import msgspec

from tipoff.core import ids, teams
from tipoff.core.codes import Reason
from tipoff.core.contracts import nba_result_sets
from tipoff.core.contracts.box_score import (
    BoxScoreRow,
    Statistics,
    box_score_values,
    check_player,
    did_something,
)
from tipoff.core.contracts.decoding import Int, PersonId
from tipoff.core.contracts.nba_common import OPEN_KINDS, check_captured, duration, plus_minus
from tipoff.core.contracts.results import Content, DocumentRefused, TableRows
from tipoff.core.contracts.routes import Route

MAX_PLAYER_TENTHS = 80 * 600  # four quarters and six overtimes
COLUMNS = frozenset(
    {"MIN", "FGM", "FGA", "FG3M", "FG3A", "FTM", "FTA", "OREB", "DREB", "AST", "STL", "BLK", "PF", "PTS"}
)
TURNOVERS = frozenset({"TOV", "TO"})  # the name in the game log, and in the box score


class Line(msgspec.Struct, frozen=True, gc=False):
    """One row, with the source's headers. A player without minutes has NULL statistics."""

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


class GamelogRow(BoxScoreRow, frozen=True, gc=False, kw_only=True):
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
    plus_minus: int | None


def read_lines(body: bytes, name: str) -> list[Line]:
    """Rows of the named table.

    Raises:
        DocumentRefused: any code of an atomic document. A missing column is refused: otherwise
            its statistic would be missing for all players.
    """
    found = nba_result_sets.table(body, name)
    missing = COLUMNS.difference(found.headers) | (set() if TURNOVERS.intersection(found.headers) else {"TOV"})
    if missing and found.rowSet:
        rule = "a player's line has all its columns"
        raise DocumentRefused(Reason.SCHEMA, rule, "$.resultSets.headers", ", ".join(sorted(missing)))
    return nba_result_sets.typed_rows(found, Line)


def content_of(route: Route, found: Sequence[Line]) -> Content:
    """Rows of nbac_gamelog.

    Raises:
        DocumentRefused: any code of an atomic document.
    """
    if route.captured_at is None or route.day is None:
        raise ValueError("the name of a player document has date and capture instant")
    check_captured(route.captured_at, route.day)
    found, others = _of_the_league(found)
    sides = _sides(found)
    rows: dict[tuple[str, int], GamelogRow] = {}
    for index, line in enumerate(found):
        row = _row(route.day, line, sides, f"rowSet[{index}]")
        if (row.nba_game_id, row.player_id) in rows:
            raise DocumentRefused(Reason.DUPLICATE_PLAYER, "listed once in a game", "PLAYER_ID", line.PLAYER_ID)
        rows[row.nba_game_id, row.player_id] = row
    note = Reason.OTHER_GAME if others else None if rows else Reason.EMPTY_LIST
    return Content((TableRows("nbac_gamelog", tuple(rows.values())),), route.captured_at, note=note)


def _of_the_league(found: Sequence[Line]) -> tuple[list[Line], int]:
    """The lines of games between league teams, and how many lines of other games were left out.

    Only a preseason or all-star game may have a team outside the league.
    """
    others = {
        game_id_of(line)
        for line in found
        if ids.season_type(game_id_of(line)) in OPEN_KINDS and not _is_league_team(line)
    }
    kept = [line for line in found if game_id_of(line) not in others]
    return kept, len(found) - len(kept)


def _is_league_team(line: Line) -> bool:
    team = teams.by_code(line.TEAM_ABBREVIATION)
    return team is not None and team.team_id == line.TEAM_ID


def game_id_of(line: Line) -> str:
    """The NBA game id of a line.

    Raises:
        DocumentRefused: unknown_game.
    """
    try:
        return ids.nba_game_id(line.GAME_ID)
    except ValueError as error:
        raise DocumentRefused(Reason.UNKNOWN_GAME, str(error), "GAME_ID", line.GAME_ID) from error


def _team(line: Line) -> str:
    team = teams.by_code(line.TEAM_ABBREVIATION)
    if team is None or team.team_id != line.TEAM_ID:
        value = f"{line.TEAM_ID} {line.TEAM_ABBREVIATION}"
        raise DocumentRefused(Reason.UNKNOWN_TEAM, "id and tricode are those of one NBA team", "TEAM_ID", value)
    return team.tricode


def _sides(found: Sequence[Line]) -> dict[str, set[str]]:
    """Tricodes per game. Each game must have exactly two."""
    sides: dict[str, set[str]] = {}
    for line in found:
        sides.setdefault(game_id_of(line), set()).add(_team(line))
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
    tenths = duration(text, f"{path}.MIN")
    if tenths > MAX_PLAYER_TENTHS:
        raise DocumentRefused(Reason.BAD_MINUTES, "a player does not play longer than a game", f"{path}.MIN", text)
    return tenths


def _row(day: date, line: Line, sides: dict[str, set[str]], path: str) -> GamelogRow:
    game_id, team, lookup = game_id_of(line), _team(line), ids.player_lookup(line.PLAYER_NAME)
    (opponent,) = sides[game_id] - {team}
    if not lookup:
        raise DocumentRefused(Reason.SCHEMA, "a name holds letters", f"{path}.PLAYER_NAME", line.PLAYER_NAME)
    stats = _statistics(line)
    check_player(stats, path)
    time_played = _time_played(line, path)
    if line.MIN in (None, "") and did_something(stats):
        raise DocumentRefused(
            Reason.STAT_IDENTITY, "a player without minutes has no statistics", f"{path}.MIN", line.MIN
        )
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
        **box_score_values(stats, time_played),
        plus_minus=plus_minus(line.PLUS_MINUS, f"{path}.PLUS_MINUS"),
    )
