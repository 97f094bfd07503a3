"""Players of the simulated league: roles, skills, careers over seasons, trades and late debuts.

Everything is a pure function of (seed, season year, team), so a season can be made without the earlier ones. A player
keeps his id and name for his whole career; then a new player takes his roster slot.
"""

from dataclasses import dataclass, replace
from random import Random
from typing import NamedTuple

from tipoff_sim.names import NAMESAKES, PersonName, draw_names

ROSTER_SIZE = 15
TWO_WAY_SLOTS = (13, 14)
_FIRST_YEAR = 1995
_GENERATIONS = 24
_PERSON_ID_BASE = 9_000_000
_ROLE_MINUTES = (35, 33, 31, 29, 27, 24, 20, 17, 14, 10, 6, 4.5, 3.5, 3, 3)
_ROLE_USAGE = (1.45, 1.2, 1.05, 0.95, 0.9, 1.05, 0.9, 0.85, 0.85, 0.85, 0.85, 0.8, 0.8, 0.8, 0.8)


class Skill(NamedTuple):
    """Rates of a player. Shares and percentages are fractions; the last six are weights within a team, per minute."""

    minutes: float
    usage: float
    three_share: float
    paint_share: float
    three_pct: float
    paint_pct: float
    mid_pct: float
    free_throw_pct: float
    free_throw_rate: float
    assists: float
    rebounds: float
    steals: float
    blocks: float
    turnovers: float
    fouls: float


@dataclass(frozen=True, slots=True)
class Player:
    """A player in one season.

    Attributes:
        player_id: stable over his career, as the NBA `personId`.
        slot: rank of his role in the team; 0 is the star, 13 and 14 have two-way contracts.
        is_rookie: this season is his first.
        joins_after_days: days after opening night on which he joins the roster.
    """

    player_id: int
    name: PersonName
    slot: int
    skill: Skill
    is_rookie: bool
    joins_after_days: int

    @property
    def is_two_way(self) -> bool:
        """Whether he has a two-way contract: mostly with the minor-league team, and listed so."""
        return self.slot in TWO_WAY_SLOTS


@dataclass(frozen=True, slots=True)
class TeamStyle:
    """How a team plays: factors around 1 on its shots, and on its opponents' made shots by zone."""

    pace: float
    three_allowed: float
    paint_allowed: float
    mid_allowed: float


def team_style(seed: int, year: int, tricode: str) -> TeamStyle:
    """A team's style in the season that starts in `year`."""
    rng = Random(f"style/{seed}/{year}/{tricode}")
    return TeamStyle(rng.gauss(1, 0.03), rng.gauss(1, 0.03), rng.gauss(1, 0.035), rng.gauss(1, 0.03))


class People:
    """All players of one seed. A roster is made for each season."""

    def __init__(self, seed: int, teams: int) -> None:
        self._seed = seed
        self._names = draw_names(seed, teams * ROSTER_SIZE * _GENERATIONS)

    def roster(self, year: int, team: int) -> tuple[Player, ...]:
        """The 15 players of team number `team` at the start of the season of `year`, star first."""
        return tuple(self._player(year, team, slot) for slot in range(ROSTER_SIZE))

    def _player(self, year: int, team: int, slot: int) -> Player:
        generation, since = _career(self._seed, year, team, slot)
        place = (team * ROSTER_SIZE + slot) * _GENERATIONS + generation % _GENERATIONS
        late = 15 if slot == 12 and team % 3 == 0 else 0
        return Player(
            player_id=_PERSON_ID_BASE + place,
            name=_namesake(team, slot) or self._names[place],
            slot=slot,
            skill=_skill(self._seed, place, year, slot),
            is_rookie=since == year,
            joins_after_days=late,
        )


def swap(rosters: dict[str, tuple[Player, ...]], one: tuple[str, int], other: tuple[str, int]) -> None:
    """Trade the players of two (tricode, slot) pairs. Each takes the role of the other."""
    first, second = rosters[one[0]][one[1]], rosters[other[0]][other[1]]
    rosters[one[0]] = _with(rosters[one[0]], one[1], second)
    rosters[other[0]] = _with(rosters[other[0]], other[1], first)


def _with(roster: tuple[Player, ...], slot: int, player: Player) -> tuple[Player, ...]:
    return (*roster[:slot], replace(player, slot=slot), *roster[slot + 1 :])


def _namesake(team: int, slot: int) -> PersonName | None:
    return NAMESAKES[slot - 2] if team == 0 and slot in (2, 3) else None


def _career(seed: int, year: int, team: int, slot: int) -> tuple[int, int]:
    """(number of the player who has this slot in `year`, the year in which he came)."""
    rng = Random(f"career/{seed}/{team}/{slot}")
    generation, since = 0, _FIRST_YEAR - rng.randrange(6)
    while (until := since + rng.randint(3, 11)) <= year:
        generation, since = generation + 1, until
    return generation, since


def _skill(seed: int, place: int, year: int, slot: int) -> Skill:
    talent = Random(f"skill/{seed}/{place}")
    form = Random(f"form/{seed}/{place}/{year}")
    is_big = talent.random() < 0.3
    return Skill(
        minutes=_ROLE_MINUTES[slot] * talent.uniform(0.92, 1.06) * form.uniform(0.95, 1.05),
        usage=_ROLE_USAGE[slot] * talent.uniform(0.78, 1.22) * form.uniform(0.94, 1.06),
        three_share=talent.uniform(0.02, 0.25) if is_big else talent.uniform(0.3, 0.6),
        paint_share=talent.uniform(0.75, 0.95) if is_big else talent.uniform(0.55, 0.85),
        three_pct=talent.uniform(0.31, 0.40),
        paint_pct=talent.uniform(0.55, 0.66) if is_big else talent.uniform(0.49, 0.60),
        mid_pct=talent.uniform(0.36, 0.47),
        free_throw_pct=talent.uniform(0.6, 0.8) if is_big else talent.uniform(0.72, 0.92),
        free_throw_rate=talent.uniform(0.12, 0.38),
        assists=talent.uniform(0.3, 1.0) if is_big else talent.uniform(0.6, 2.4),
        rebounds=talent.uniform(1.6, 2.6) if is_big else talent.uniform(0.6, 1.3),
        steals=talent.uniform(0.6, 1.5),
        blocks=talent.uniform(1.2, 3.0) if is_big else talent.uniform(0.3, 1.0),
        turnovers=talent.uniform(0.7, 1.4),
        fouls=talent.uniform(0.7, 1.4),
    )
