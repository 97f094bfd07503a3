"""The simulated games: rosters, availability, lineups, results and truth.

Only the simulator knows all of this. Documents show it with the delays and gaps of the real sources.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

import numpy as np

from tipoff_sim.calendar import Game, fixtures
from tipoff_sim.health import FIT, Availability, Injury, availability, injuries, submission
from tipoff_sim.lineup import Lineup, expected
from tipoff_sim.people import People, Player, TeamStyle, swap, team_style
from tipoff_sim.play import Result, play
from tipoff_sim.teams import TEAMS, Team

RESULT_AFTER = timedelta(hours=3)
_FEWEST_PLAYERS = 8
_DEEP_BENCH = 10
_DEEP_BENCH_PLAYS = 0.6
_MARKET_SLOTS = 11
_HIDDEN = frozenset({"Out", "Doubtful"})


@dataclass(frozen=True, slots=True)
class Member:
    """A player on a team's roster for one game, and his availability."""

    player: Player
    health: Availability
    appears: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One team before one game."""

    team: Team
    style: TeamStyle
    members: tuple[Member, ...]
    submitted_at: datetime

    def active(self) -> tuple[Player, ...]:
        """The players who appear."""
        return tuple(member.player for member in self.members if member.appears)

    def expected_active(self, instant: datetime) -> tuple[Player, ...]:
        """The rotation players whom a reader of the reports at `instant` expects to appear."""
        return tuple(
            member.player
            for member in self.members
            if member.player.slot < _MARKET_SLOTS and member.health.status_at(instant) not in _HIDDEN
        )


@dataclass(frozen=True, slots=True)
class Matchup:
    """A fixture with both sides, and its result unless it was postponed."""

    game: Game
    home: Side
    away: Side
    result: Result | None

    def lineups_at(self, instant: datetime) -> tuple[Lineup, Lineup]:
        """(home, away) as the market expects them at `instant`."""
        home, away = self.home, self.away
        return (
            expected(home.expected_active(instant), home.style, away.style, at_home=True),
            expected(away.expected_active(instant), away.style, home.style, at_home=False),
        )


@dataclass(frozen=True, slots=True)
class PlayerTruth:
    """The truth about one roster player in one played game.

    Attributes:
        mean_pts: exact expected points, given who appeared; None if he did not appear.
        points, seconds: his statistics; None if he did not appear.
    """

    nba_game_id: str
    game_date: date
    tricode: str
    player: Player
    health: Availability
    mean_pts: float | None
    points: int | None
    seconds: int | None


def matchups(seed: int, start_date: date, game_days: int, teams: int) -> tuple[Matchup, ...]:
    """Simulate all games, in order of (tip-off, id)."""
    games = fixtures(seed, start_date, game_days, teams)
    rosters = _Rosters(seed, start_date, games, teams)
    return tuple(_matchup(seed, game, rosters) for game in games)


def truths(matchup: Matchup) -> tuple[PlayerTruth, ...]:
    """The truth about every roster player of a played game; empty for a postponed one."""
    if matchup.result is None:
        return ()
    split = matchup.result.home_size
    points, seconds = matchup.result.points.tolist(), matchup.result.seconds.tolist()
    home = _side_truths(matchup.game, matchup.home, matchup.result.home, points[:split], seconds[:split])
    return home + _side_truths(matchup.game, matchup.away, matchup.result.away, points[split:], seconds[split:])


def _side_truths(
    game: Game, side: Side, lineup: Lineup, points: list[int], seconds: list[int]
) -> tuple[PlayerTruth, ...]:
    rows = {
        player.player_id: row
        for player, *row in zip(lineup.players, lineup.mean_pts.tolist(), points, seconds, strict=True)
    }
    return tuple(
        PlayerTruth(
            game.nba_game_id,
            game.game_date,
            side.team.tricode,
            member.player,
            member.health,
            *rows.get(member.player.player_id, (None, None, None)),
        )
        for member in side.members
    )


class _Rosters:
    """The rosters, injuries and game dates of all teams."""

    def __init__(self, seed: int, start_date: date, games: tuple[Game, ...], teams: int) -> None:
        self.year = start_date.year
        self._start = start_date
        people = People(seed, teams)
        self._teams = TEAMS[:teams]
        self._rosters = {team.tricode: people.roster(self.year, n) for n, team in enumerate(self._teams)}
        last = games[-1].game_date
        self._trades = _trades(seed, start_date, last, self._teams)
        everyone = [player for roster in self._rosters.values() for player in roster]
        self._injuries = {player.player_id: injuries(seed, player, start_date, last) for player in everyone}
        self._dates: dict[str, set[date]] = defaultdict(set)
        for game in games:
            for team in (game.home, game.away):
                self._dates[team.tricode].add(game.game_date)

    def on(self, tricode: str, day: date) -> tuple[Player, ...]:
        """The roster on a date. Must be called in order of dates, because trades are applied as they pass."""
        while self._trades and self._trades[0][0] <= day:
            _, one, other = self._trades.pop(0)
            swap(self._rosters, one, other)
        since = (day - self._start).days
        return tuple(player for player in self._rosters[tricode] if player.joins_after_days <= since)

    def hurt(self, player: Player) -> tuple[Injury, ...]:
        """All injuries of a player."""
        return self._injuries[player.player_id]

    def played_on(self, tricode: str, day: date) -> bool:
        """Whether the team has a game on that date."""
        return day in self._dates[tricode]


type _RosterSlot = tuple[str, int]


def _trades(seed: int, first: date, last: date, teams: tuple[Team, ...]) -> list[tuple[date, _RosterSlot, _RosterSlot]]:
    """Two trades of rotation players between different teams, at two and three fifths of the period."""
    rng = Random(f"trades/{seed}/{first}")
    found: list[tuple[date, _RosterSlot, _RosterSlot]] = []
    codes = [team.tricode for team in teams]
    rng.shuffle(codes)
    for share, one, other in zip((0.4, 0.6), codes[::2], codes[1::2], strict=False):
        day = first + timedelta(days=round((last - first).days * share))
        found.append((day, (one, rng.randint(1, 6)), (other, rng.randint(1, 6))))
    return found


def _matchup(seed: int, game: Game, rosters: _Rosters) -> Matchup:
    home, away = _side(seed, game, game.home, rosters), _side(seed, game, game.away, rosters)
    if game.is_postponed:
        return Matchup(game, home, away, None)
    rng = np.random.default_rng([seed, int(game.nba_game_id)])
    lineups = (
        expected(home.active(), home.style, away.style, at_home=True),
        expected(away.active(), away.style, home.style, at_home=False),
    )
    return Matchup(game, home, away, play(rng, *lineups))


def _side(seed: int, game: Game, team: Team, rosters: _Rosters) -> Side:
    rng = Random(f"side/{seed}/{game.nba_game_id}/{game.game_date}/{team.tricode}")
    yesterday = rosters.played_on(team.tricode, game.game_date - timedelta(days=1))
    submitted_at = submission(seed, game, team.tricode, played_yesterday=yesterday)
    roster = rosters.on(team.tricode, game.game_date)
    health = [availability(seed, player, game, rosters.hurt(player), submitted_at) for player in roster]
    health = _fill_up(health)
    members = tuple(
        Member(player, one, one.plays and (player.slot < _DEEP_BENCH or rng.random() < _DEEP_BENCH_PLAYS))
        for player, one in zip(roster, health, strict=True)
    )
    return Side(team, team_style(seed, rosters.year, team.tricode), members, submitted_at)


def _fill_up(health: list[Availability]) -> list[Availability]:
    """Make injured players fit until eight of the first ten can play, the least important ones first."""
    missing = _FEWEST_PLAYERS - sum(one.plays for one in health[:_DEEP_BENCH])
    for place in reversed(range(_DEEP_BENCH)):
        if missing > 0 and not health[place].plays:
            health[place], missing = FIT, missing - 1
    return health
