"""NBA.com season schedule (scheduleLeagueV2). Atomic. An empty schedule is refused, as it would remove a season."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import msgspec

from tipoff.core import ids, teams
from tipoff.core.codes import Reason
from tipoff.core.collect import model
from tipoff.core.collect.collection import Collection, Stage
from tipoff.core.collect.documents import whole_document
from tipoff.core.collect.model import Answer, Judgement, SourceRequest, Target, Verdict
from tipoff.core.collect.nba_cdn import HOST, cdn_request
from tipoff.core.collect.windows import Window
from tipoff.core.contracts import decoding
from tipoff.core.contracts.decoding import Int
from tipoff.core.contracts.nba_common import Instant, check_pair_of_code
from tipoff.core.contracts.results import Content, DocumentRefused, Row, TableRows
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.game_date import game_date_of, parse_iso, to_utc
from tipoff.core.source import Source

OBJECT_NAME = Template("nba-com/schedule/{season}/{ts}.json")
PARSE_SEQ = 1
FINAL = 3
_OPEN_KINDS = ("preseason", "all_star")  # teams outside the league may play too


class Team(msgspec.Struct, frozen=True, gc=False):
    """One side. Id 0 and an empty tricode mean that it is not decided."""

    teamId: Int
    teamTricode: str | None = None
    teamCity: str | None = None
    teamName: str | None = None
    score: Int | None = None


class Game(msgspec.Struct, frozen=True, gc=False):
    """One game of the season."""

    gameId: str
    gameStatus: Int
    homeTeam: Team
    awayTeam: Team
    gameCode: str | None = None
    gameStatusText: str | None = None
    gameDateEst: str | None = None
    gameDateTimeUTC: Instant | None = None
    postponedStatus: str | None = None
    arenaName: str | None = None
    arenaCity: str | None = None
    arenaState: str | None = None
    weekNumber: Int | None = None
    gameLabel: str | None = None
    gameSubLabel: str | None = None
    seriesText: str | None = None
    seriesGameNumber: Int | str | None = None
    isNeutral: bool | None = None


class GameDate[G](msgspec.Struct, frozen=True, gc=False):
    """The games of one day."""

    games: list[G]


class LeagueSchedule[G](msgspec.Struct, frozen=True):
    """The season."""

    seasonYear: str
    gameDates: list[GameDate[G]]


class Document[G](msgspec.Struct, frozen=True):
    """The envelope. `G` is the type of a game, or Any to count games only."""

    leagueSchedule: LeagueSchedule[G]


class ScheduleRow(Row, frozen=True, gc=False, kw_only=True):
    """A row of nbac_schedule."""

    nba_game_id: str
    game_id: str | None
    game_date: date
    game_date_est: date
    game_code: str | None
    season: str
    season_year: int
    season_type: str
    game_status: int
    game_status_text: str | None
    postponed_status: str | None
    tipoff_at: datetime | None
    home_team_id: int | None
    home_team_tricode: str | None
    home_team_city: str | None
    home_team_name: str | None
    away_team_id: int | None
    away_team_tricode: str | None
    away_team_city: str | None
    away_team_name: str | None
    home_team_score: int | None
    away_team_score: int | None
    winning_team_tricode: str | None
    arena_name: str | None
    arena_city: str | None
    arena_state: str | None
    is_preseason: bool
    is_regular_season: bool
    is_all_star: bool
    is_playoffs: bool
    is_play_in: bool
    is_emirates_cup: bool
    neutral_site_flag: bool
    week_number: int | None
    game_label: str | None
    game_sub_label: str | None
    series_text: str | None
    series_game_number: int | None


def parse(route: Route, body: bytes) -> Content:
    """Rows of nbac_schedule: every listed game.

    Raises:
        DocumentRefused: empty_schedule, or any code of an atomic document.
    """
    if route.captured_at is None:
        raise ValueError("the name of a schedule has its capture instant")
    season = decoding.decode(body, Document[Game]).leagueSchedule
    if season.seasonYear != route.season:
        raise DocumentRefused(
            Reason.ID_MISMATCH,
            "name and body have the same season",
            "$.leagueSchedule.seasonYear",
            season.seasonYear,
        )
    rows: dict[str, ScheduleRow] = {}
    for day, group in enumerate(season.gameDates):
        for index, game in enumerate(group.games):
            path = f"$.leagueSchedule.gameDates[{day}].games[{index}]"
            row = _row(game, season.seasonYear, path)
            if row.nba_game_id in rows:
                raise DocumentRefused(Reason.DUPLICATE_KEY, "a game is listed once", f"{path}.gameId", game.gameId)
            rows[row.nba_game_id] = row
    if not rows:
        raise DocumentRefused(Reason.EMPTY_SCHEDULE, "a season has games", "$.leagueSchedule.gameDates")
    return Content((TableRows("nbac_schedule", tuple(rows.values())),), route.captured_at)


def _row(game: Game, season: str, path: str) -> ScheduleRow:
    game_id = _game_id(game, season, path)
    kind = ids.season_type(game_id)
    home = _tricode(game.homeTeam, kind, f"{path}.homeTeam")
    away = _tricode(game.awayTeam, kind, f"{path}.awayTeam")
    if home and home == away:
        raise DocumentRefused(Reason.UNKNOWN_TEAM, "a game has two teams", f"{path}.awayTeam", away)
    if kind not in _OPEN_KINDS:
        check_pair_of_code(game.gameCode, (away, home), path)
    if game.gameStatus not in (1, 2, FINAL):
        raise DocumentRefused(Reason.SCHEMA, "gameStatus is 1, 2 or 3", f"{path}.gameStatus", game.gameStatus)
    day = _game_date(game, path)
    home_score, away_score = _scores(game, path)
    winner = None if home_score is None or away_score is None else (home if home_score > away_score else away)
    return ScheduleRow(
        nba_game_id=game_id,
        game_id=ids.platform_id(day, away, home) if home in teams.BY_TRICODE and away in teams.BY_TRICODE else None,
        game_date=day,
        game_date_est=day,
        game_code=game.gameCode,
        season=season,
        season_year=ids.season_year(game_id),
        season_type=kind,
        game_status=game.gameStatus,
        game_status_text=game.gameStatusText,
        postponed_status=game.postponedStatus,
        tipoff_at=to_utc(game.gameDateTimeUTC) if game.gameDateTimeUTC else None,
        home_team_id=game.homeTeam.teamId or None,
        home_team_tricode=home or None,
        home_team_city=game.homeTeam.teamCity,
        home_team_name=game.homeTeam.teamName,
        away_team_id=game.awayTeam.teamId or None,
        away_team_tricode=away or None,
        away_team_city=game.awayTeam.teamCity,
        away_team_name=game.awayTeam.teamName,
        home_team_score=home_score,
        away_team_score=away_score,
        winning_team_tricode=winner,
        arena_name=game.arenaName,
        arena_city=game.arenaCity,
        arena_state=game.arenaState,
        is_preseason=kind == "preseason",
        is_regular_season=kind == "regular_season",
        is_all_star=kind == "all_star",
        is_playoffs=kind == "playoffs",
        is_play_in=kind == "play_in",
        is_emirates_cup=kind == "cup_final" or "cup" in (game.gameLabel or "").lower(),
        neutral_site_flag=bool(game.isNeutral),
        week_number=game.weekNumber,
        game_label=game.gameLabel,
        game_sub_label=game.gameSubLabel,
        series_text=game.seriesText,
        series_game_number=_number(game.seriesGameNumber),
    )


def _number(value: int | str | None) -> int | None:
    """The number in a text; None for an empty text."""
    text = str(value or "").strip().removeprefix("Game ").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


def _game_id(game: Game, season: str, path: str) -> str:
    try:
        game_id = ids.nba_game_id(game.gameId)
    except ValueError as error:
        raise DocumentRefused(Reason.UNKNOWN_GAME, str(error), f"{path}.gameId", game.gameId) from error
    if ids.season_label(ids.season_year(game_id)) != season:
        rule = "digits 4 and 5 of a game id are the document's season"
        raise DocumentRefused(Reason.ID_MISMATCH, rule, f"{path}.gameId", game.gameId)
    return game_id


def _tricode(team: Team, kind: str, path: str) -> str:
    """The tricode; empty while the team is not decided. Games with teams outside the league may have any tricode."""
    code = (team.teamTricode or "").strip()
    if kind in _OPEN_KINDS or (team.teamId == 0 and code in ("", "TBD")):
        return code if code != "TBD" else ""
    if not teams.is_same_team(team.teamId, code):
        value = f"{team.teamId} {code}"
        raise DocumentRefused(Reason.UNKNOWN_TEAM, "id and tricode are those of one NBA team", path, value)
    return code


def _game_date(game: Game, path: str) -> date:
    """gameDateEst, the Eastern date (its Z is not UTC). The tip-off must be on it."""
    tipoff = game.gameDateTimeUTC
    try:
        derived = game_date_of(tipoff) if tipoff else None
        stated = parse_iso(game.gameDateEst[:10]) if game.gameDateEst else derived
    except ValueError as error:
        raise DocumentRefused(Reason.DATE_MISMATCH, str(error), path, game.gameDateEst) from error
    if stated is None:
        raise DocumentRefused(Reason.SCHEMA, "a game has a date", f"{path}.gameDateEst")
    if derived not in (None, stated) or not 1946 <= stated.year <= 2100:
        raise DocumentRefused(Reason.DATE_MISMATCH, "gameDateTimeUTC is on gameDateEst", path, tipoff)
    return stated


def _scores(game: Game, path: str) -> tuple[int | None, int | None]:
    """Final scores; None unless final (the source has 0 before, and for games called off)."""
    home, away = game.homeTeam.score, game.awayTeam.score
    if game.gameStatus != FINAL or not (home or away):
        return None, None
    if home is None or away is None or min(home, away) < 0 or home == away:
        raise DocumentRefused(Reason.STAT_IDENTITY, "a final game has a winner", path, f"{home}:{away}")
    return home, away


def requests(target: Target) -> tuple[SourceRequest, ...]:
    """The file of the season."""
    path = "/static/json/staticData/scheduleLeagueV2.json"
    request = cdn_request("nbac_schedule", path, "nbac_schedule", target.day, OBJECT_NAME, judge)
    return (replace(request, documents=documents),)


def judge(request: SourceRequest, body: bytes) -> Judgement:
    """A schedule must have games."""
    season = msgspec.json.decode(body, type=Document[Any]).leagueSchedule
    if any(day.games for day in season.gameDates):
        return Judgement(Verdict.DOCUMENT)
    return Judgement(Verdict.EMPTY_ON_GAME_DAY, "a schedule without games")


def documents(request: SourceRequest, answer: Answer, is_backfill: bool) -> tuple[model.Document, ...]:
    """The whole answer, named by the season in it."""
    season = msgspec.json.decode(answer.body, type=Document[Any]).leagueSchedule.seasonYear
    return (whole_document(request, answer, is_backfill, {"season": season}),)


SOURCE = Source(
    name="nbac_schedule",
    object_names=(
        OBJECT_NAME,
        Template("nba-com/schedule-cdn/{season}/{ts}.json"),
        Template("nba-com/schedule-metadata/{season}/{ts}.json"),
    ),
    parse=parse,
    parse_seq=PARSE_SEQ,
    collection=Collection(
        host=HOST,
        first_requests=requests,
        is_required=True,
        needs_games=False,
        window=Window.MORNING,
        stages={"daily": Stage(1, max_age_minutes=60)},
    ),
)
