"""Box score and play-by-play documents of a simulated game; both are counted from the same events."""

from datetime import datetime

import msgspec
from msgspec import UNSET

from tipoff.sources import object_name
from tipoff_sim.calendar import Game
from tipoff_sim.document import Document, Kind
from tipoff_sim.play import FREE, MID, NOBODY, OVERTIME_S, PAINT, POINTS, REGULATION_S, THREE, Result
from tipoff_sim.shapes import (
    Action,
    ActionDocument,
    ActionGame,
    BoxDocument,
    BoxGame,
    BoxPlayer,
    BoxTeam,
    Meta,
    PlayerStatistics,
    TeamStatistics,
)
from tipoff_sim.stamps import iso_eastern, iso_utc
from tipoff_sim.world import RESULT_AFTER, Matchup, Member, Side

_ENCODER = msgspec.json.Encoder()
_ACTION_TYPES = {THREE: "3pt", PAINT: "2pt", MID: "2pt", FREE: "freethrow"}
_DISTANCES = {THREE: 25, MID: 14}
_BENCHED = PlayerStatistics(*(0,) * 8, "PT00M00.00S", 0.0, *(0,) * 10)


def boxscore(matchup: Matchup) -> Document:
    """The final box score, three hours after tip-off. For a postponed game, an empty box score at its tip-off."""
    game, result = matchup.game, matchup.result
    at = game.tipoff_at + RESULT_AFTER if result else game.tipoff_at
    box = BoxGame(
        game_id=game.nba_game_id,
        game_time_utc=iso_utc(game.tipoff_at),
        game_et=iso_eastern(game.tipoff_at),
        game_code=game.game_code,
        game_status_text=result.final_text if result else "PPD",
        game_status=3 if result else 1,
        regulation_periods=4,
        period=4 + result.overtimes if result else 0,
        game_clock="PT00M00.00S",
        home_team=_box_team(matchup.home, result, is_home=True),
        away_team=_box_team(matchup.away, result, is_home=False),
    )
    body = _ENCODER.encode(BoxDocument(_meta(game, "boxscore", at), box))
    return Document(_name(Kind.BOXSCORE, game, at), at, body, Kind.BOXSCORE)


def play_by_play(matchup: Matchup, result: Result) -> Document:
    """Shots, free throws and blocks in order, with the running score; three hours after tip-off."""
    game = matchup.game
    at = game.tipoff_at + RESULT_AFTER
    actions = ActionGame(game.nba_game_id, _actions(matchup, result))
    body = _ENCODER.encode(ActionDocument(_meta(game, "playbyplay", at), actions))
    return Document(_name(Kind.PLAY_BY_PLAY, game, at), at, body, Kind.PLAY_BY_PLAY)


def _name(kind: Kind, game: Game, at: datetime) -> str:
    return object_name(kind, date=game.game_date, nba_game_id=game.nba_game_id, ts=at)


def _meta(game: Game, page: str, at: datetime) -> Meta:
    request = f"http://nba.cloud/games/{game.nba_game_id}/{page}?Format=json"
    return Meta(1, request, iso_eastern(at)[:19].replace("T", " ") + ".000000", 200)


def _box_team(side: Side, result: Result | None, *, is_home: bool) -> BoxTeam:
    team = side.team
    if result is None:
        return BoxTeam(team.team_id, team.nickname, team.city, team.tricode, 0, [], TeamStatistics())
    score, against = result.score if is_home else result.score[::-1]
    offset = 0 if is_home else result.home_size
    players = _players(side, result, offset)
    paint = int(result.attempts[PAINT, offset : offset + len(side.active())].sum())
    statistics = _team_statistics(players, result.overtimes, against, paint)
    return BoxTeam(team.team_id, team.nickname, team.city, team.tricode, score, players, statistics)


def _players(side: Side, result: Result, offset: int) -> list[BoxPlayer]:
    """The players who appeared, the first five as starters; then the other players of the roster."""
    lines = _lines(result)
    appeared = [member for member in side.members if member.appears]
    absent = [member for member in side.members if not member.appears]
    return [
        BoxPlayer(
            "ACTIVE",
            one.player.player_id,
            "1" if n < 5 else "0",
            "1",
            lines[offset + n],
            one.player.name.full,
        )
        for n, one in enumerate(appeared)
    ] + [_absent(one) for one in absent]


def _absent(member: Member) -> BoxPlayer:
    """A player who did not appear: injured, with the minor-league team, or not used."""
    box = BoxPlayer("ACTIVE", member.player.player_id, "0", "0", _BENCHED, member.player.name.full)
    if not member.health.plays:
        box.status = "INACTIVE"
        away = member.health.reason.startswith("G League")
        box.not_playing_reason = "INACTIVE_GLEAGUE_TWOWAY" if away else "INACTIVE_INJURY"
    return box


def _lines(result: Result) -> list[PlayerStatistics]:
    """A statistics line per player, home then away."""
    columns = (
        result.assists,
        result.blocks,
        result.attempts,
        result.makes,
        result.fouls,
        result.points,
        result.seconds,
        result.plus_minus,
        result.defensive_rebounds,
        result.offensive_rebounds,
        result.steals,
        result.turnovers,
    )
    rows = zip(*(column.T.tolist() for column in columns), strict=True)
    return [_line(*row) for row in rows]


def _line(
    assists: int,
    blocks: int,
    attempts: list[int],
    makes: list[int],
    fouls: int,
    points: int,
    seconds: int,
    plus_minus: int,
    defensive: int,
    offensive: int,
    steals: int,
    turnovers: int,
) -> PlayerStatistics:
    return PlayerStatistics(
        assists=assists,
        blocks=blocks,
        field_goals_attempted=sum(attempts[:FREE]),
        field_goals_made=sum(makes[:FREE]),
        fouls_personal=fouls,
        free_throws_attempted=attempts[FREE],
        free_throws_made=makes[FREE],
        points=points,
        minutes=f"PT{seconds // 60:02d}M{seconds % 60:02d}.00S",
        plus_minus_points=float(plus_minus),
        points_in_the_paint=2 * makes[PAINT],
        rebounds_defensive=defensive,
        rebounds_offensive=offensive,
        rebounds_total=defensive + offensive,
        steals=steals,
        three_pointers_attempted=attempts[THREE],
        three_pointers_made=makes[THREE],
        turnovers=turnovers,
        two_pointers_attempted=attempts[PAINT] + attempts[MID],
        two_pointers_made=makes[PAINT] + makes[MID],
    )


def _team_statistics(players: list[BoxPlayer], overtimes: int, against: int, paint_attempts: int) -> TeamStatistics:
    lines = [player.statistics for player in players]
    made, paint = (
        sum(line.two_pointers_made for line in lines),
        sum(line.points_in_the_paint for line in lines),
    )
    return TeamStatistics(
        assists=sum(line.assists for line in lines),
        blocks=sum(line.blocks for line in lines),
        field_goals_attempted=sum(line.field_goals_attempted for line in lines),
        field_goals_made=sum(line.field_goals_made for line in lines),
        fouls_personal=sum(line.fouls_personal for line in lines),
        free_throws_attempted=sum(line.free_throws_attempted for line in lines),
        free_throws_made=sum(line.free_throws_made for line in lines),
        minutes=f"PT{240 + 25 * overtimes}M00.00S",
        points=sum(line.points for line in lines),
        points_against=against,
        points_in_the_paint=paint,
        points_in_the_paint_attempted=paint_attempts,
        points_in_the_paint_made=paint // 2,
        rebounds_defensive=sum(line.rebounds_defensive for line in lines),
        rebounds_offensive=sum(line.rebounds_offensive for line in lines),
        rebounds_personal=sum(line.rebounds_total for line in lines),
        steals=sum(line.steals for line in lines),
        three_pointers_attempted=sum(line.three_pointers_attempted for line in lines),
        three_pointers_made=sum(line.three_pointers_made for line in lines),
        turnovers=sum(line.turnovers for line in lines),
        two_pointers_attempted=sum(line.two_pointers_attempted for line in lines),
        two_pointers_made=made,
    )


class _Scorer:
    """Writes the actions in order and keeps the score."""

    def __init__(self, matchup: Matchup, result: Result) -> None:
        lineups = (result.home, result.away)
        teams = (matchup.game.home, matchup.game.away)
        self._who = [(player, team) for one, team in zip(lineups, teams, strict=True) for player in one.players]
        self._split = result.home_size
        self._score = [0, 0]
        self.actions: list[Action] = []

    def shot(self, second: int, player: int, zone: int, made: int, assister: int) -> None:
        """A field goal or free throw. The score of the action includes a made shot."""
        self._score[player >= self._split] += int(POINTS[zone]) * made
        action = self._action(second, player, _ACTION_TYPES[zone], ["pointsinthepaint"] if zone == PAINT else [])
        action.is_field_goal = int(zone != FREE)
        action.shot_result = "Made" if made else "Missed"
        action.shot_distance = _DISTANCES.get(zone, UNSET)
        if assister != NOBODY:
            action.assist_person_id = self._who[assister][0].player_id

    def block(self, second: int, player: int) -> None:
        """The block of the previous shot."""
        self._action(second, player, "block", [])

    def _action(self, second: int, number: int, action_type: str, qualifiers: list[str]) -> Action:
        player, team = self._who[number]
        period, clock = _clock(second)
        action = Action(
            action_number=len(self.actions) + 1,
            order_number=10_000 * (len(self.actions) + 1),
            clock=clock,
            period=period,
            period_type="REGULAR" if period <= 4 else "OVERTIME",
            team_id=team.team_id,
            team_tricode=team.tricode,
            action_type=action_type,
            qualifiers=qualifiers,
            person_id=player.player_id,
            player_name=player.name.last,
            score_home=str(self._score[0]),
            score_away=str(self._score[1]),
            is_field_goal=0,
        )
        self.actions.append(action)
        return action


def _actions(matchup: Matchup, result: Result) -> list[Action]:
    shots = result.shots
    columns = (shots.second, shots.player, shots.zone, shots.made, shots.assister, shots.blocker)
    scorer = _Scorer(matchup, result)
    for second, player, zone, made, assister, blocker in zip(*(one.tolist() for one in columns), strict=True):
        scorer.shot(second, player, zone, made, assister)
        if blocker != NOBODY:
            scorer.block(second, blocker)
    return scorer.actions


def _clock(second: int) -> tuple[int, str]:
    """(period, remaining time of the period as an ISO duration)."""
    if second < REGULATION_S:
        period, left = second // 720 + 1, 720 - second % 720
    else:
        extra = second - REGULATION_S
        period, left = extra // OVERTIME_S + 5, OVERTIME_S - extra % OVERTIME_S
    return period, f"PT{left // 60:02d}M{left % 60:02d}.00S"
