"""Which games of a date lack a committed document of a source."""

from collections.abc import Sequence
from dataclasses import dataclass

from tipoff.core.collect.model import Game


@dataclass(frozen=True, slots=True)
class CommittedGame:
    """A game and the sources that it has a committed document of."""

    nba_game_id: str
    sources: frozenset[str]


def missing_games(source: str, games: Sequence[Game], committed: Sequence[CommittedGame]) -> tuple[str, ...]:
    """NBA ids of the games without a document of the source. A postponed game needs no document."""
    have = {one.nba_game_id for one in committed if source in one.sources}
    return tuple(game.nba_game_id for game in games if not game.is_postponed and game.nba_game_id not in have)
