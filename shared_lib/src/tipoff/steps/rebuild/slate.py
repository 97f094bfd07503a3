"""Which games a range holds, as known at an instant."""

import msgspec

from tipoff.cloud.bigquery import BuildRange, Warehouse
from tipoff.core.errors import NotReady
from tipoff.steps.queries import load

# Wide enough to reach a season from the middle of the summer.
SEASON_DAYS = 200


class _SlateSize(msgspec.Struct, frozen=True):
    games: int
    games_known: int


def games_in(warehouse: Warehouse, over: BuildRange) -> int:
    """How many games the range holds; 0 is a normal outcome.

    Raises:
        NotReady: no schedule of the season is known at that instant, so nothing can be said.
    """
    games = _size(warehouse, over, 0).games
    if games == 0 and _size(warehouse, over, SEASON_DAYS).games_known == 0:
        raise NotReady("NO_SCHEDULE", f"no schedule is known around {over.start_date} as of {over.as_of}")
    return games


def _size(warehouse: Warehouse, over: BuildRange, around_days: int) -> _SlateSize:
    return warehouse.rows(load("rebuild/slate_size"), {**over.parameters(), "around_days": around_days}, _SlateSize)[0]
