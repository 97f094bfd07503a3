"""The expected statistics of a given set of players: the truth of a simulated game.

A team's 240 minutes are divided by role, with a cap. Its shots are divided by usage x minutes. If a player is missing,
the others share his minutes and shots. All draws in `play` have exactly these means.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tipoff_sim.people import Player, TeamStyle

type Floats = NDArray[np.float64]

_TEAM_MINUTES = 240.0
_MINUTES_CAP = 39.0
_TEAM_SHOTS = 89.0
_HOME_EDGE = 1.012
# Measured on draws of this model: the variance of points is about 3.5 times the mean.
_VARIANCE_PER_POINT = 3.5


class Skills:
    """Skills of several players: one array per field of `Skill`."""

    def __init__(self, players: tuple[Player, ...]) -> None:
        table = np.array([player.skill for player in players], dtype=np.float64).T
        (
            self.minutes,
            self.usage,
            self.three_share,
            self.paint_share,
            self.three_pct,
            self.paint_pct,
            self.mid_pct,
            self.free_throw_pct,
            self.free_throw_rate,
            self.assists,
            self.rebounds,
            self.steals,
            self.blocks,
            self.turnovers,
            self.fouls,
        ) = table


@dataclass(frozen=True, slots=True)
class Lineup:
    """Expected statistics of one side; arrays over `players`, the star first.

    Attributes:
        minutes: expected minutes, sum 240.
        shots: expected field-goal attempts.
        three_pct, paint_pct, mid_pct: probability of a made shot by zone, against this opponent.
        mean_pts: exact expected points per player.
    """

    players: tuple[Player, ...]
    skill: Skills
    minutes: Floats
    shots: Floats
    free_throws: Floats
    three_pct: Floats
    paint_pct: Floats
    mid_pct: Floats
    mean_pts: Floats

    @property
    def sd_pts(self) -> Floats:
        """Standard deviation of points per player, from the model's ratio of variance to mean."""
        return np.asarray(np.sqrt(_VARIANCE_PER_POINT * self.mean_pts + 0.5))


def expected(players: tuple[Player, ...], own: TeamStyle, opponent: TeamStyle, *, at_home: bool) -> Lineup:
    """The lineup if exactly these players play."""
    skill = Skills(players)
    minutes = share_minutes(skill.minutes)
    weight = skill.usage * minutes
    shots = _TEAM_SHOTS * own.pace * opponent.pace * weight / weight.sum()
    edge = _HOME_EDGE if at_home else 2 - _HOME_EDGE
    three = skill.three_pct * opponent.three_allowed * edge
    paint = skill.paint_pct * opponent.paint_allowed * edge
    mid = skill.mid_pct * opponent.mid_allowed * edge
    free_throws = shots * skill.free_throw_rate
    per_two = skill.paint_share * paint + (1 - skill.paint_share) * mid
    per_shot = 3 * skill.three_share * three + 2 * (1 - skill.three_share) * per_two
    mean_pts = shots * per_shot + free_throws * skill.free_throw_pct
    return Lineup(players, skill, minutes, shots, free_throws, three, paint, mid, mean_pts)


def share_minutes(roles: Floats) -> Floats:
    """Scale role minutes to a sum of 240 with at most 39 each; the excess goes to the others in proportion."""
    minutes = roles * (_TEAM_MINUTES / roles.sum())
    while minutes.max() > _MINUTES_CAP + 1e-9:
        capped = minutes >= _MINUTES_CAP
        rest = _TEAM_MINUTES - _MINUTES_CAP * capped.sum()
        minutes = np.where(capped, _MINUTES_CAP, roles * (rest / roles[~capped].sum()))
    return minutes
