"""Counts the games of a range of dates, as known at an instant."""

import msgspec

from tipoff.cloud.bigquery import BuildRange, Warehouse
from tipoff.core.errors import NotReady
from tipoff.steps.queries import load

# From any day of the summer, this reaches the games of a season.
SEASON_DAYS = 200


class _SlateSize(msgspec.Struct, frozen=True):
    games: int
    games_known: int


def games_in(warehouse: Warehouse, over: BuildRange) -> int:
    """The number of games in the range. No games is a normal result.

    Raises:
        NotReady: no schedule of the season was known at that instant.
    """
    games = _size(warehouse, over, 0).games
    if games == 0 and _size(warehouse, over, SEASON_DAYS).games_known == 0:
        raise NotReady(
            "NO_SCHEDULE", f"no schedule near {over.start_date} was known at {over.as_of}: collect the schedule first"
        )
    return games


def _size(warehouse: Warehouse, over: BuildRange, around_days: int) -> _SlateSize:
    return warehouse.rows(load("rebuild/slate_size"), {**over.parameters(), "around_days": around_days}, _SlateSize)[0]
