"""The fixture list, with back-to-backs, days off, daylight saving time and one postponed game."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tipoff_sim.teams import TEAMS, Team

EASTERN = ZoneInfo("America/New_York")
_WEST = frozenset({"GSW", "LAC", "LAL", "PHX", "POR", "SAC", "UTA", "DEN"})
_GAMES_A_DAY = (6, 7, 7, 7, 8, 8, 8)
_DAY_OFF_EVERY = 23
_POSTPONED_NOTICE = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Game:
    """One fixture on one date. A postponed game has two fixtures with one id: the postponed one and the played one.

    Attributes:
        nba_game_id: ten digits, 002 + two-digit season + running number.
        game_date: Eastern date of this fixture.
        tipoff_at: UTC instant of the scheduled tip-off.
        is_postponed: True for a postponed fixture, which has no result; see `called_off_at`.
        known_from: instant from which this fixture is in the schedule.
    """

    nba_game_id: str
    game_date: date
    tipoff_at: datetime
    home: Team
    away: Team
    known_from: datetime
    is_postponed: bool = False

    @property
    def called_off_at(self) -> datetime:
        """UTC instant at which the league postponed the game; only for a postponed fixture."""
        return self.tipoff_at - _POSTPONED_NOTICE

    @property
    def matchup(self) -> str:
        """`AWY@HOM`, as injury reports print it."""
        return f"{self.away.tricode}@{self.home.tricode}"

    @property
    def game_code(self) -> str:
        """`YYYYMMDD/AWYHOM`, as NBA documents print it."""
        return f"{self.game_date:%Y%m%d}/{self.away.tricode}{self.home.tricode}"


def eastern(day: date, hour: int, minute: int = 0) -> datetime:
    """UTC instant of an Eastern wall-clock time."""
    return datetime.combine(day, time(hour, minute), EASTERN).astimezone(UTC)


def fixtures(seed: int, start_date: date, game_days: int, teams: int) -> tuple[Game, ...]:
    """All fixtures of `game_days` dates with games, from `start_date` on, in order of (tip-off, id)."""
    rng = Random(f"calendar/{seed}/{start_date}")
    known_from = eastern(start_date - timedelta(days=14), 8)
    last_played: dict[str, list[date]] = {team.tricode: [] for team in TEAMS[:teams]}
    games: list[Game] = []
    for day in game_dates(start_date, game_days):
        for home, away in _pairs(rng, day, last_played):
            number = f"002{start_date.year % 100:02d}{len(games) + 1:05d}"
            games.append(Game(number, day, _tipoff(rng, day, home), home, away, known_from))
    return tuple(sorted(_postpone_one(games), key=lambda game: (game.tipoff_at, game.nba_game_id)))


def game_dates(start_date: date, game_days: int) -> list[date]:
    """The dates with games: all but every 23rd day."""
    dates: list[date] = []
    offset = 0
    while len(dates) < game_days:
        if offset % _DAY_OFF_EVERY != _DAY_OFF_EVERY - 1:
            dates.append(start_date + timedelta(days=offset))
        offset += 1
    return dates


def _pairs(rng: Random, day: date, played: dict[str, list[date]]) -> list[tuple[Team, Team]]:
    """Pairs (home, away) for one date: teams with the fewest games first, no team on three days in a row."""
    by_code = {team.tricode: team for team in TEAMS}
    wanted = max(1, round(rng.choice(_GAMES_A_DAY) * len(played) / 30))
    free = [code for code, dates in played.items() if not _is_tired(rng, day, dates)]
    free.sort(key=lambda code: (len(played[code]) + rng.random() * 1.5, code))
    chosen = free[: 2 * min(wanted, len(free) // 2)]
    rng.shuffle(chosen)
    for code in chosen:
        played[code].append(day)
    return [(by_code[home], by_code[away]) for home, away in zip(chosen[::2], chosen[1::2], strict=True)]


def _is_tired(rng: Random, day: date, dates: list[date]) -> bool:
    """Whether a team must rest: it played on both days before, or yesterday and was not drawn for a back-to-back."""
    if not dates or dates[-1] != day - timedelta(days=1):
        return False
    return day - timedelta(days=2) in dates[-2:] or rng.random() > 0.35


def _tipoff(rng: Random, day: date, home: Team) -> datetime:
    if day.weekday() >= 5 and rng.random() < 0.15:
        return eastern(day, 12, 30)
    if home.tricode in _WEST:
        return eastern(day, *rng.choice(((21, 0), (22, 0), (22, 30))))
    return eastern(day, *rng.choice(((19, 0), (19, 0), (19, 30), (20, 0))))


def _postpone_one(games: list[Game]) -> list[Game]:
    """Move one game of the first third to the first later date on which both teams are free."""
    dates = sorted({game.game_date for game in games})
    for index in range(len(games) // 3, len(games)):
        game = games[index]
        new_date = next((day for day in dates if _fits(game, day, games)), None)
        if new_date is not None:
            return [
                *games[:index],
                replace(game, is_postponed=True),
                *games[index + 1 :],
                _moved(game, new_date),
            ]
    return games


def _fits(game: Game, day: date, games: list[Game]) -> bool:
    teams = {game.home.tricode, game.away.tricode}
    return day >= game.game_date + timedelta(days=4) and not any(
        other.game_date == day and teams & {other.home.tricode, other.away.tricode} for other in games
    )


def _moved(game: Game, day: date) -> Game:
    announced = eastern(game.game_date + timedelta(days=1), 12)
    return replace(game, game_date=day, tipoff_at=eastern(day, 19, 0), known_from=announced)
