"""Which games a range holds, as known at an instant."""

import msgspec

from tipoff.cloud.bigquery import BuildRange, Warehouse
from tipoff.core.errors import NotReady
from tipoff.steps.queries import load


class _SlateSize(msgspec.Struct, frozen=True):
    games: int
    games_known: int


def games_in(warehouse: Warehouse, over: BuildRange) -> int:
    """How many games the range holds; 0 is a normal outcome.

    Raises:
        NotReady: no schedule of the season is known at that instant, so nothing can be said.
    """
    found = warehouse.rows(load("slate_size"), over.parameters(), _SlateSize)[0]
    if found.games_known == 0:
        raise NotReady("NO_SCHEDULE", f"no schedule is known around {over.start_date} as of {over.as_of}")
    return found.games
