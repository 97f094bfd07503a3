"""A box score's statistics: their names at NBA.com, their columns in the tables, and their consistency checks."""

from decimal import Decimal
from typing import Any

import msgspec

from tipoff.core.codes import Reason
from tipoff.core.contracts.decoding import Int
from tipoff.core.contracts.nba_common import minutes_of
from tipoff.core.contracts.results import DocumentRefused, Row

COUNTED = [
    "points",
    "fieldGoalsMade",
    "fieldGoalsAttempted",
    "threePointersMade",
    "threePointersAttempted",
    "freeThrowsMade",
    "freeThrowsAttempted",
    "reboundsOffensive",
    "reboundsDefensive",
    "assists",
    "steals",
    "blocks",
    "turnovers",
    "foulsPersonal",
]
OPTIONAL = ["pointsFastBreak", "pointsSecondChance", "reboundsTeam", "turnoversTeam"]


class Statistics(msgspec.Struct, frozen=True, gc=False):
    """Counting statistics of a player or a team, with the names of NBA.com."""

    points: Int
    fieldGoalsMade: Int
    fieldGoalsAttempted: Int
    threePointersMade: Int
    threePointersAttempted: Int
    freeThrowsMade: Int
    freeThrowsAttempted: Int
    reboundsOffensive: Int
    reboundsDefensive: Int
    assists: Int
    steals: Int
    blocks: Int
    turnovers: Int
    foulsPersonal: Int
    reboundsTotal: Int | None = None
    minutes: str | None = None
    twoPointersMade: Int | None = None
    twoPointersAttempted: Int | None = None
    plusMinusPoints: float | None = None
    pointsInThePaint: Int | None = None
    pointsAgainst: Int | None = None
    pointsFastBreak: Int | None = None
    pointsSecondChance: Int | None = None
    reboundsTeam: Int | None = None
    turnoversTeam: Int | None = None


class BoxScoreRow(Row, frozen=True, gc=False, kw_only=True):
    """Columns of all box score tables. `seconds_tenths` is in tenths of a second; `minutes` is the same time."""

    seconds_tenths: int
    minutes: Decimal
    points: int
    field_goals_made: int
    field_goals_attempted: int
    three_pointers_made: int
    three_pointers_attempted: int
    free_throws_made: int
    free_throws_attempted: int
    offensive_rebounds: int
    defensive_rebounds: int
    total_rebounds: int
    assists: int
    steals: int
    blocks: int
    turnovers: int
    personal_fouls: int


def box_score_values(stats: Statistics, time_played: int) -> dict[str, Any]:
    """The values of a `BoxScoreRow`, by column. `time_played` is in tenths of a second."""
    return {
        "seconds_tenths": time_played,
        "minutes": minutes_of(time_played),
        "points": stats.points,
        "field_goals_made": stats.fieldGoalsMade,
        "field_goals_attempted": stats.fieldGoalsAttempted,
        "three_pointers_made": stats.threePointersMade,
        "three_pointers_attempted": stats.threePointersAttempted,
        "free_throws_made": stats.freeThrowsMade,
        "free_throws_attempted": stats.freeThrowsAttempted,
        "offensive_rebounds": stats.reboundsOffensive,
        "defensive_rebounds": stats.reboundsDefensive,
        "total_rebounds": stats.reboundsOffensive + stats.reboundsDefensive,
        "assists": stats.assists,
        "steals": stats.steals,
        "blocks": stats.blocks,
        "turnovers": stats.turnovers,
        "personal_fouls": stats.foulsPersonal,
    }


def check_identities(stats: Statistics, path: str) -> None:
    """Refuse (stat_identity) inconsistent statistics.

    Made <= attempted, nothing negative, points = 2 x field goals + threes + free throws, rebounds and two-pointers add
    up, at most two points in the paint per two-pointer made.
    """
    if min(getattr(stats, name) for name in COUNTED) < 0 or min(getattr(stats, name) or 0 for name in OPTIONAL) < 0:
        raise DocumentRefused(Reason.STAT_IDENTITY, "no statistic is negative", path)
    twos_made = stats.fieldGoalsMade - stats.threePointersMade
    twos_attempted = stats.fieldGoalsAttempted - stats.threePointersAttempted
    rebounds = stats.reboundsOffensive + stats.reboundsDefensive
    rules = (
        (0 <= twos_made <= twos_attempted, "two-pointers made <= attempted"),
        (stats.threePointersMade <= stats.threePointersAttempted, "three-pointers made <= attempted"),
        (stats.freeThrowsMade <= stats.freeThrowsAttempted, "free throws made <= attempted"),
        (stats.points == 2 * twos_made + 3 * stats.threePointersMade + stats.freeThrowsMade, "points add up"),
        (stats.twoPointersMade in (None, twos_made), "two-pointers made add up"),
        (stats.twoPointersAttempted in (None, twos_attempted), "two-pointers attempted add up"),
        ((stats.pointsInThePaint or 0) in range(0, 2 * twos_made + 1, 2), "paint points are two-pointers made"),
        (stats.reboundsTotal is None or stats.reboundsTotal >= rebounds, "rebounds add up"),
    )
    for holds, rule in rules:
        if not holds:
            raise DocumentRefused(Reason.STAT_IDENTITY, rule, path)


def check_player(stats: Statistics, path: str) -> None:
    """Refuse (stat_identity) inconsistent statistics of a player. Unlike a team, he has no team rebounds."""
    check_identities(stats, path)
    if stats.reboundsTotal not in (None, stats.reboundsOffensive + stats.reboundsDefensive):
        raise DocumentRefused(Reason.STAT_IDENTITY, "rebounds add up", f"{path}.reboundsTotal", stats.reboundsTotal)


def did_something(stats: Statistics) -> bool:
    """True if any statistic is above zero."""
    return any(getattr(stats, name) for name in COUNTED)
