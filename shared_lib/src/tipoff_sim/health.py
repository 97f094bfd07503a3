"""Injuries, the status that a team reports over time, and whether the player appears.

The shares follow real reports: of 100 Doubtful players 2 play, of Questionable 57, of Probable 92, of Out none.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from tipoff_sim.calendar import Game, eastern
from tipoff_sim.people import Player

_PARTS = (
    "Left Knee",
    "Right Ankle",
    "Low Back",
    "Left Hamstring",
    "Right Wrist",
    "Left Calf",
    "Right Shoulder",
)
_WHAT = ("Soreness", "Sprain", "Strain", "Contusion", "Injury Management", "Tendinopathy")
_PLAYS = {"Doubtful": 0.02, "Questionable": 0.57, "Probable": 0.92}
_INJURIES_A_DAY = 0.007
_LATE_SCRATCH = 0.006


@dataclass(frozen=True, slots=True)
class Change:
    """From instant `at` on, reports show `status`."""

    at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class Availability:
    """A player's availability for one game: the reported statuses over time, and whether he is fit to play."""

    plays: bool
    reason: str
    changes: tuple[Change, ...]

    def status_at(self, instant: datetime) -> str | None:
        """The status in a report of this instant; None if he is not listed."""
        shown = [change.status for change in self.changes if change.at <= instant]
        return shown[-1] if shown else None


@dataclass(frozen=True, slots=True)
class Injury:
    """An injury: the days `first..last` on which a player cannot play."""

    first: date
    last: date
    reason: str


FIT = Availability(True, "", ())


def injuries(seed: int, player: Player, first: date, last: date) -> tuple[Injury, ...]:
    """A player's injuries between two dates, in order, without overlaps."""
    rng = Random(f"spells/{seed}/{player.player_id}/{first}")
    found: list[Injury] = []
    day = first + timedelta(days=_days_until_hurt(rng) - 20)
    while day <= last:
        until = day + timedelta(days=int(rng.expovariate(1 / 9)) + 1)
        if until >= first:
            found.append(Injury(day, until, _reason(rng)))
        day = until + timedelta(days=_days_until_hurt(rng) + 6)
    return tuple(found)


def availability(
    seed: int, player: Player, game: Game, hurt: tuple[Injury, ...], submitted_at: datetime
) -> Availability:
    """A player's availability for one game of his team."""
    rng = Random(f"health/{seed}/{player.player_id}/{game.nba_game_id}/{game.game_date}")
    if player.is_two_way and rng.random() < 0.75:
        return Availability(False, "G League - Two-Way", (Change(submitted_at, "Out"),))
    injury = next((one for one in hurt if one.first <= game.game_date <= one.last), None)
    if injury is not None:
        return _hurt(rng, injury, game, submitted_at)
    if rng.random() < _LATE_SCRATCH:
        return _late_scratch(rng, game)
    status = _doubt(rng, game, hurt)
    return _listed(rng, status, game, submitted_at) if status else FIT


def submission(seed: int, game: Game, tricode: str, *, played_yesterday: bool) -> datetime:
    """When a team first submits its list: the afternoon before, or on the morning of a back-to-back game."""
    rng = Random(f"submit/{seed}/{game.nba_game_id}/{game.game_date}/{tricode}")
    if played_yesterday:
        return eastern(game.game_date, rng.randint(9, 11), rng.randrange(60))
    return eastern(game.game_date - timedelta(days=1), rng.randint(14, 18), rng.randrange(60))


def _days_until_hurt(rng: Random) -> int:
    return int(rng.expovariate(_INJURIES_A_DAY)) + 1


def _reason(rng: Random) -> str:
    return f"Injury/Illness - {rng.choice(_PARTS)}; {rng.choice(_WHAT)}"


def _hurt(rng: Random, injury: Injury, game: Game, submitted_at: datetime) -> Availability:
    """Out; near the end of the injury, sometimes first Doubtful and then Out."""
    if (injury.last - game.game_date).days > 2 or rng.random() < 0.5:
        return Availability(False, injury.reason, (Change(submitted_at, "Out"),))
    ruled_out = _decision(rng, game, submitted_at)
    return Availability(False, injury.reason, (Change(submitted_at, "Doubtful"), Change(ruled_out, "Out")))


def _late_scratch(rng: Random, game: Game) -> Availability:
    """Not listed until shortly before tip-off; in half of the cases never listed."""
    told = game.tipoff_at - timedelta(minutes=rng.randint(5, 20))
    return Availability(
        False, "Injury/Illness - Illness; Illness", (Change(told, "Out"),) if rng.random() < 0.5 else ()
    )


def _doubt(rng: Random, game: Game, hurt: tuple[Injury, ...]) -> str | None:
    """The first status of a player who is not Out: often uncertain after an injury, seldom otherwise."""
    returning = any(0 < (game.game_date - injury.last).days <= 3 for injury in hurt)
    draw = rng.random() * (0.06 if returning else 1)
    if draw < 0.003:
        return "Doubtful"
    if draw < 0.035:
        return "Questionable"
    return "Probable" if draw < 0.06 else None


def _listed(rng: Random, status: str, game: Game, submitted_at: datetime) -> Availability:
    plays = rng.random() < _PLAYS[status]
    listed = Change(submitted_at, status)
    if rng.random() < 0.15:
        return Availability(plays, _reason(rng), (listed,))
    decided = Change(_decision(rng, game, submitted_at), "Available" if plays else "Out")
    return Availability(plays, _reason(rng), (listed, decided))


def _decision(rng: Random, game: Game, submitted_at: datetime) -> datetime:
    """Between 300 and 15 minutes before tip-off, and at least 5 minutes after the list was submitted."""
    return max(game.tipoff_at - timedelta(minutes=rng.randint(15, 300)), submitted_at + timedelta(minutes=5))
