"""NBA.com season schedule (scheduleLeagueV2). Atomic. An empty schedule is refused, as it would remove a season."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import msgspec

from tipoff.core import ids, teams
from tipoff.core.codes import DocumentOutcome, Reason
from tipoff.core.collect import model
from tipoff.core.collect.collection import Collection, Stage
from tipoff.core.collect.documents import whole_document
from tipoff.core.collect.model import Answer, Judgement, SourceRequest, Target, Verdict
from tipoff.core.collect.nba_cdn import HOST, cdn_request
from tipoff.core.collect.windows import Window
from tipoff.core.contracts import decoding
from tipoff.core.contracts.decoding import Int
from tipoff.core.contracts.game_status import is_postponed, known_tipoff
from tipoff.core.contracts.nba_common import OPEN_KINDS, Instant, check_pair_of_code
from tipoff.core.contracts.results import Content, DocumentRefused, Row, TableRows
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.game_date import game_date_of, parse_iso, to_utc
from tipoff.core.source import Source

OBJECT_NAME = Template("nba-com/schedule/{season}/{ts}.json")
PARSE_SEQ = 2
FINAL = 3
_UNDECIDED = ("", "TBD", "TBA")


class Team(msgspec.Struct, frozen=True, gc=False):
    """One side. No id (or 0) and no tricode mean that it is not decided."""

    teamId: Int | None = None
    teamTricode: str | None = None
    teamCity: str | None = None
    teamName: str | None = None
    score: Int | None = None


class Game(msgspec.Struct, frozen=True, gc=False):
    """One game of the season."""

    gameId: str
    gameStatus: Int
    homeTeam: Team | None = None
    awayTeam: Team | None = None
    gameCode: str | None = None
    gameStatusText: str | None = None
    gameDateEst: str | None = None
    gameDateTimeUTC: str | None = None
    postponedStatus: str | None = None
    arenaName: str | None = None
    arenaCity: str | None = None
    arenaState: str | None = None
    weekNumber: Int | str | None = None
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


class OriginalDocument[G](msgspec.Struct, frozen=True):
    """The original collector's document: the games of the season in one list."""

    seasonYear: str
    games: list[G]


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
    is_postponed: bool | None


def parse(route: Route, body: bytes) -> Content:
    """Rows of nbac_schedule: every listed game.

    Raises:
        DocumentRefused: empty_schedule, counts_only (ignored), or any code of an atomic document.
    """
    if route.captured_at is None:
        raise ValueError("the name of a schedule has its capture instant")
    season = _season(decoding.check_json(body))
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


def _season(tree: Any) -> LeagueSchedule[Game]:
    if isinstance(tree, dict) and "leagueSchedule" not in tree:
        if "games" in tree:
            flat = decoding.typed(tree, OriginalDocument[Game])
            return LeagueSchedule(flat.seasonYear, [GameDate(flat.games)])
        if "total_games" in tree:
            rule = "the counts beside a schedule are no schedule"
            raise DocumentRefused(Reason.COUNTS_ONLY, rule, "$.total_games", outcome=DocumentOutcome.IGNORED)
    return decoding.typed(tree, Document[Game]).leagueSchedule


def _row(game: Game, season: str, path: str) -> ScheduleRow:
    game_id = _game_id(game, season, path)
    kind = ids.season_type(game_id)
    home_team, away_team = game.homeTeam or Team(), game.awayTeam or Team()
    home = _tricode(home_team, kind, f"{path}.homeTeam")
    away = _tricode(away_team, kind, f"{path}.awayTeam")
    if home and home == away:
        raise DocumentRefused(Reason.UNKNOWN_TEAM, "a game has two teams", f"{path}.awayTeam", away)
    if kind not in OPEN_KINDS:
        check_pair_of_code(game.gameCode, (away, home), path)
    if game.gameStatus not in (1, 2, FINAL):
        raise DocumentRefused(Reason.SCHEMA, "gameStatus is 1, 2 or 3", f"{path}.gameStatus", game.gameStatus)
    tipoff_at = _tipoff(game, path)
    day = _game_date(game, tipoff_at, path)
    home_score, away_score = _scores(game.gameStatus, home_team.score, away_team.score, path)
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
        tipoff_at=to_utc(tipoff_at) if tipoff_at else None,
        is_postponed=is_postponed(game.postponedStatus, game.gameStatusText),
        home_team_id=home_team.teamId or None,
        home_team_tricode=home or None,
        home_team_city=home_team.teamCity,
        home_team_name=home_team.teamName,
        away_team_id=away_team.teamId or None,
        away_team_tricode=away or None,
        away_team_city=away_team.teamCity,
        away_team_name=away_team.teamName,
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
        week_number=_number(game.weekNumber),
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
    if kind in OPEN_KINDS or (not team.teamId and code in _UNDECIDED):
        return "" if code in _UNDECIDED else code
    if not teams.is_same_team(team.teamId or 0, code):
        value = f"{team.teamId} {code}"
        raise DocumentRefused(Reason.UNKNOWN_TEAM, "id and tricode are those of one NBA team", path, value)
    return code


def _tipoff(game: Game, path: str) -> datetime | None:
    if not game.gameDateTimeUTC:
        return None
    try:
        stamp = msgspec.convert(game.gameDateTimeUTC, Instant)
    except msgspec.ValidationError as error:
        field = f"{path}.gameDateTimeUTC"
        raise DocumentRefused(Reason.WRONG_TYPE, "an instant with its offset", field, game.gameDateTimeUTC) from error
    return known_tipoff(stamp, game.gameStatusText)


def _game_date(game: Game, tipoff: datetime | None, path: str) -> date:
    """gameDateEst, the Eastern date (its Z is not UTC). The tip-off must be on it."""
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


def _scores(status: int, home: int | None, away: int | None, path: str) -> tuple[int | None, int | None]:
    """Final scores; None unless final (the source has 0 before, and for games called off)."""
    if status != FINAL or not (home or away):
        return None, None
    if home is None or away is None or min(home, away) < 0 or home == away:
        raise DocumentRefused(Reason.STAT_IDENTITY, "a final game has a winner", path, f"{home}:{away}")
    return home, away


def requests(target: Target) -> tuple[SourceRequest, ...]:
    """The file of the season."""
    path = "/static/json/staticData/scheduleLeagueV2.json"
    request = cdn_request("nbac_schedule", path, "nbac_schedule", target.day, OBJECT_NAME, judge)
    return (replace(request, documents=documents, exists=True),)


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
        compares_rows=True,
    ),
)
