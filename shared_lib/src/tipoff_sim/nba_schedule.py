"""The season schedule document, as of any instant."""

from collections.abc import Iterable
from datetime import date, datetime
from itertools import groupby

import msgspec

from tipoff.sources import object_name
from tipoff_sim.calendar import EASTERN, Game
from tipoff_sim.document import Document, Kind
from tipoff_sim.play import Result
from tipoff_sim.shapes import LeagueSchedule, Meta, ScheduleDate, ScheduleDocument, ScheduleGame, ScheduleTeam
from tipoff_sim.stamps import clock_12h, iso_utc
from tipoff_sim.teams import Team, slug
from tipoff_sim.world import RESULT_AFTER, Matchup

_ENCODER = msgspec.json.Encoder()


def season_name(opening: date) -> str:
    """`2024-25` for a season that opens in 2024."""
    return f"{opening.year}-{(opening.year + 1) % 100:02d}"


def schedule(season: str, matchups: tuple[Matchup, ...], at: datetime) -> Document:
    """The schedule at `at`, with the scores of finished games. A postponed game stays until it has a new date."""
    newest = {one.game.nba_game_id: one for one in _known(matchups, at)}
    current = sorted(newest.values(), key=lambda one: (one.game.game_date, one.game.tipoff_at, one.game.nba_game_id))
    dates = [
        ScheduleDate(f"{day:%m/%d/%Y} 00:00:00", [_game(one, at) for one in group])
        for day, group in groupby(current, key=lambda one: one.game.game_date)
    ]
    meta = Meta(1, f"http://nba.cloud/league/00/{season}/scheduleleaguev2?Format=json", iso_utc(at))
    body = _ENCODER.encode(ScheduleDocument(meta, LeagueSchedule(season, "00", dates)))
    return Document(object_name(Kind.SCHEDULE, season=season, ts=at), at, body, Kind.SCHEDULE)


def _known(matchups: tuple[Matchup, ...], at: datetime) -> Iterable[Matchup]:
    """Fixtures in the order in which they became known."""
    return sorted((one for one in matchups if one.game.known_from <= at), key=lambda one: one.game.known_from)


def _game(matchup: Matchup, at: datetime) -> ScheduleGame:
    game = matchup.game
    result = matchup.result if game.tipoff_at + RESULT_AFTER <= at else None
    is_off = game.is_postponed and game.called_off_at <= at
    home_score, away_score = result.score if result else (0, 0)
    local, day = game.tipoff_at.astimezone(EASTERN), f"{game.game_date}"
    return ScheduleGame(
        game_id=game.nba_game_id,
        game_code=game.game_code,
        game_status=3 if result else 1,
        game_status_text=_status_text(game, result, is_off=is_off),
        game_date_est=f"{day}T00:00:00Z",
        game_time_est=f"1900-01-01T{local:%H:%M:%S}Z",
        game_date_time_est=f"{day}T{local:%H:%M:%S}Z",
        game_time_utc=f"1900-01-01T{game.tipoff_at:%H:%M:%S}Z",
        game_date_time_utc=iso_utc(game.tipoff_at),
        day=f"{game.game_date:%a}",
        month_num=game.game_date.month,
        postponed_status="Y" if is_off else "A",
        home_team=_team(game.home, home_score),
        away_team=_team(game.away, away_score),
    )


def _status_text(game: Game, result: Result | None, *, is_off: bool) -> str:
    if is_off:
        return "PPD"
    return result.final_text if result else clock_12h(game.tipoff_at)


def _team(team: Team, score: int) -> ScheduleTeam:
    return ScheduleTeam(team.team_id, team.nickname, team.city, team.tricode, slug(team), score)
