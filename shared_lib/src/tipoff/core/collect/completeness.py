"""Which games of a date lack a committed document of a source."""

from collections.abc import Sequence
from dataclasses import dataclass

from tipoff.core.collect.model import Game


@dataclass(frozen=True, slots=True)
class CommittedGame:
    """The sources of which a game has a committed document."""

    nba_game_id: str
    sources: frozenset[str]


def missing_games(source: str, games: Sequence[Game], committed: Sequence[CommittedGame]) -> tuple[str, ...]:
    """NBA ids of the games that lack a document of a source that has one per game. A postponed game needs none."""
    have = {one.nba_game_id for one in committed if source in one.sources}
    return tuple(game.nba_game_id for game in games if not game.is_postponed and game.nba_game_id not in have)
