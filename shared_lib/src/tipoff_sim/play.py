"""Draws one game from two lineups: a box score and shots with equal sums.

All draws have the lineup's means. Minutes are Dirichlet; shots are Poisson with minutes x form x pace; zones and made
shots are binomial. Assists, blocks, steals and rebounds are assigned to single shots, so box score and play-by-play
count the same events.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tipoff_sim.lineup import Floats, Lineup

type Ints = NDArray[np.int64]

REGULATION_S = 2880
OVERTIME_S = 300
THREE, PAINT, MID, FREE = 0, 1, 2, 3
POINTS = np.array([3, 2, 2, 1])
NOBODY = -1
_MINUTES_SPREAD = 400.0
_FORM_SHAPE = 16.0
_PACE_SHAPE = 250.0
_CLOSE = 4
_TURNOVERS_A_TEAM = 13.5
_FOULS_A_TEAM = 19.0


@dataclass(frozen=True, slots=True)
class Shots:
    """All shots and free throws of a game in order of time. Players are numbered home first, then away.

    Attributes:
        second: seconds from the start; `zone`: THREE, PAINT, MID or FREE; `made`: 0 or 1.
        assister, blocker: player number or NOBODY.
    """

    second: Ints
    player: Ints
    zone: Ints
    made: Ints
    assister: Ints
    blocker: Ints


@dataclass(frozen=True, slots=True)
class Result:
    """A finished game. Arrays have home players first, then away players; `attempts`, `makes` have a row per zone."""

    home: Lineup
    away: Lineup
    overtimes: int
    seconds: Ints
    attempts: Ints
    makes: Ints
    offensive_rebounds: Ints
    defensive_rebounds: Ints
    assists: Ints
    steals: Ints
    blocks: Ints
    turnovers: Ints
    fouls: Ints
    plus_minus: Ints
    shots: Shots

    @property
    def points(self) -> Ints:
        """Points per player."""
        return np.asarray(POINTS @ self.makes)

    @property
    def final_text(self) -> str:
        """`Final`, `Final/OT`, `Final/2OT`: the status text of NBA documents."""
        return ("Final", "Final/OT", f"Final/{self.overtimes}OT")[min(self.overtimes, 2)]

    @property
    def home_size(self) -> int:
        """Number of home players."""
        return len(self.home.players)

    @property
    def score(self) -> tuple[int, int]:
        """(home, away)."""
        return int(self.points[: self.home_size].sum()), int(self.points[self.home_size :].sum())


def play(rng: np.random.Generator, home: Lineup, away: Lineup) -> Result:
    """Draw one game. It never ends in a tie; a close game may have overtime."""
    size = len(home.players)
    is_home = np.arange(size + len(away.players)) < size
    minutes = np.concatenate([_minutes(rng, home), _minutes(rng, away)])
    attempts, makes = _shoot(rng, home, away, minutes)
    _break_tie(attempts, makes, is_home)
    overtimes = _overtimes(rng, makes, is_home)
    seconds = _whole_seconds(minutes, is_home, overtimes)
    weights = _Weights(home, away, seconds, is_home)
    shots = _order(rng, attempts, makes, is_home, overtimes, weights)
    offensive, defensive = _rebounds(rng, shots, is_home, weights)
    turnovers = _share(rng, weights.turnovers, is_home, _TURNOVERS_A_TEAM)
    return Result(
        home=home,
        away=away,
        overtimes=overtimes,
        seconds=seconds,
        attempts=attempts,
        makes=makes,
        offensive_rebounds=offensive,
        defensive_rebounds=defensive,
        assists=_count(shots.assister, len(is_home)),
        steals=_steals(rng, turnovers, is_home, weights),
        blocks=_count(shots.blocker, len(is_home)),
        turnovers=turnovers,
        fouls=np.minimum(_share(rng, weights.fouls, is_home, _FOULS_A_TEAM), 6),
        plus_minus=_plus_minus(rng, makes, seconds, is_home, overtimes),
        shots=shots,
    )


class _Weights:
    """For each player, the weight of an assist, rebound and so on, times the seconds played."""

    def __init__(self, home: Lineup, away: Lineup, seconds: Ints, is_home: NDArray[np.bool_]) -> None:
        one, other = home.skill, away.skill
        played = seconds.astype(np.float64)
        self.assists = np.concatenate([one.assists, other.assists]) * played
        self.rebounds = np.concatenate([one.rebounds, other.rebounds]) * played
        self.steals = np.concatenate([one.steals, other.steals]) * played
        self.blocks = np.concatenate([one.blocks, other.blocks]) * played
        self.turnovers = np.concatenate([one.turnovers, other.turnovers]) * played
        self.fouls = np.concatenate([one.fouls, other.fouls]) * played


def _minutes(rng: np.random.Generator, side: Lineup) -> Floats:
    """Minutes of regulation time: 240 in total, at most 48 for each player."""
    drawn = 240 * rng.dirichlet(side.minutes / 240 * _MINUTES_SPREAD)
    excess = np.maximum(drawn - 47.5, 0).sum()
    drawn = np.minimum(drawn, 47.5)
    return np.asarray(drawn + excess * (47.5 - drawn) / (47.5 - drawn).sum())


def _shoot(rng: np.random.Generator, home: Lineup, away: Lineup, minutes: Floats) -> tuple[Ints, Ints]:
    """(attempts, makes), one row per zone."""
    pace = rng.gamma(_PACE_SHAPE) / _PACE_SHAPE
    both = (home, away)
    luck = minutes / np.concatenate([side.minutes for side in both]) * pace
    luck = luck * rng.gamma(_FORM_SHAPE, size=len(minutes)) / _FORM_SHAPE
    shots = rng.poisson(np.concatenate([side.shots for side in both]) * luck)
    threes = rng.binomial(shots, np.concatenate([side.skill.three_share for side in both]))
    paint = rng.binomial(shots - threes, np.concatenate([side.skill.paint_share for side in both]))
    free = rng.poisson(np.concatenate([side.free_throws for side in both]) * luck)
    attempts = np.stack([threes, paint, shots - threes - paint, free])
    chances = np.stack(
        [
            np.concatenate([side.three_pct for side in both]),
            np.concatenate([side.paint_pct for side in both]),
            np.concatenate([side.mid_pct for side in both]),
            np.concatenate([side.skill.free_throw_pct for side in both]),
        ]
    )
    return attempts, rng.binomial(attempts, chances)


def _break_tie(attempts: Ints, makes: Ints, is_home: NDArray[np.bool_]) -> None:
    """Break a tie in place: one missed shot of the home side becomes a made one, or a free throw is added."""
    margin = _margin(makes, is_home)
    missed = np.flatnonzero(is_home & (attempts[PAINT] > makes[PAINT]))
    if margin == 0 and len(missed):
        makes[PAINT, missed[0]] += 1
    elif margin == 0:
        attempts[FREE, 0] += 1
        makes[FREE, 0] += 1


def _margin(makes: Ints, is_home: NDArray[np.bool_]) -> int:
    points = POINTS @ makes
    return int(points[is_home].sum() - points[~is_home].sum())


def _overtimes(rng: np.random.Generator, makes: Ints, is_home: NDArray[np.bool_]) -> int:
    """Number of overtimes: about one game in sixteen, only close ones; a fifth of them have two."""
    if abs(_margin(makes, is_home)) > _CLOSE or rng.random() > 0.25:
        return 0
    return 2 if rng.random() < 0.2 else 1


def _whole_seconds(minutes: Floats, is_home: NDArray[np.bool_], overtimes: int) -> Ints:
    """Seconds played. Each side sums to 14,400 + 1,500 per overtime; the longest gets the rounding difference."""
    total = 5 * (REGULATION_S + OVERTIME_S * overtimes)
    seconds = np.maximum(np.floor(minutes * total / 240), 5).astype(np.int64)
    for side in (is_home, ~is_home):
        longest = np.flatnonzero(side)[np.argmax(seconds[side])]
        seconds[longest] += total - seconds[side].sum()
    return seconds


def _order(
    rng: np.random.Generator,
    attempts: Ints,
    makes: Ints,
    is_home: NDArray[np.bool_],
    overtimes: int,
    weights: _Weights,
) -> Shots:
    """Turn counts into single shots at random instants of the game."""
    zones, players = np.indices(attempts.shape)
    counts = attempts.ravel()
    zone, player = np.repeat(zones.ravel(), counts), np.repeat(players.ravel(), counts)
    within = np.arange(len(zone)) - np.repeat(np.cumsum(counts) - counts, counts)
    made = (within < np.repeat(makes.ravel(), counts)).astype(np.int64)
    order = rng.permutation(len(zone))
    zone, player, made = zone[order], player[order], made[order]
    seconds = np.sort(rng.integers(4, REGULATION_S + OVERTIME_S * overtimes, len(zone)))
    shooter_home = is_home[player]
    assister = _helpers(rng, weights.assists, is_home, shooter_home)
    assisted = (made == 1) & (zone != FREE) & (assister != player) & (rng.random(len(zone)) < 0.68)
    blocker = _helpers(rng, weights.blocks, is_home, ~shooter_home)
    blocked = (made == 0) & (rng.random(len(zone)) < np.array([0.01, 0.18, 0.06, 0.0])[zone])
    return Shots(seconds, player, zone, made, np.where(assisted, assister, NOBODY), np.where(blocked, blocker, NOBODY))


def _helpers(
    rng: np.random.Generator, weight: Floats, is_home: NDArray[np.bool_], wants_home: NDArray[np.bool_]
) -> Ints:
    """For each event, one player of the wanted side, drawn by weight."""
    draws = rng.random(len(wants_home))
    size = int(is_home.sum())
    home, away = np.cumsum(weight[:size]), np.cumsum(weight[size:])
    from_home = np.minimum(np.searchsorted(home / home[-1], draws), size - 1)
    from_away = np.minimum(np.searchsorted(away / away[-1], draws), len(away) - 1) + size
    return np.where(wants_home, from_home, from_away)


def _rebounds(
    rng: np.random.Generator, shots: Shots, is_home: NDArray[np.bool_], weights: _Weights
) -> tuple[Ints, Ints]:
    """(offensive, defensive) rebounds per player; a tenth of the missed field goals have no rebounder."""
    live = (shots.made == 0) & (rng.random(len(shots.made)) < np.where(shots.zone == FREE, 0.4, 0.9))
    shooter_home = is_home[shots.player[live]]
    offensive = rng.random(len(shooter_home)) < 0.26
    rebounder = _helpers(rng, weights.rebounds, is_home, shooter_home == offensive)
    return _count(rebounder[offensive], len(is_home)), _count(rebounder[~offensive], len(is_home))


def _share(rng: np.random.Generator, weight: Floats, is_home: NDArray[np.bool_], a_team: float) -> Ints:
    """Counts per player of an event that a team has `a_team` times on average."""
    total = np.where(is_home, weight[is_home].sum(), weight[~is_home].sum())
    return np.asarray(rng.poisson(a_team * weight / total), dtype=np.int64)


def _steals(rng: np.random.Generator, turnovers: Ints, is_home: NDArray[np.bool_], weights: _Weights) -> Ints:
    lost_by_home = np.repeat(is_home, rng.binomial(turnovers, 0.55))
    return _count(_helpers(rng, weights.steals, is_home, ~lost_by_home), len(is_home))


def _count(players: Ints, size: int) -> Ints:
    return np.bincount(players[players >= 0], minlength=size).astype(np.int64)


def _plus_minus(
    rng: np.random.Generator, makes: Ints, seconds: Ints, is_home: NDArray[np.bool_], overtimes: int
) -> Ints:
    """Integers around margin x share of the game. Each side sums to five times its margin."""
    margin = _margin(makes, is_home) * np.where(is_home, 1, -1)
    share = seconds / (REGULATION_S + OVERTIME_S * overtimes)
    value = np.rint(margin * share + rng.normal(0, 7, len(share)) * np.sqrt(share * (1 - share))).astype(np.int64)
    for side in (is_home, ~is_home):
        value[np.flatnonzero(side)[0]] += 5 * margin[side][0] - value[side].sum()
    return value
