"""Whether a date has all that its schedule calls for: each game its box score and actions, each its quotes."""

from collections.abc import Sequence
from dataclasses import dataclass

from tipoff.core.collect.model import Game

PER_GAME = ("nbac_boxscore", "nbac_play_by_play", "odds_api_game_lines", "odds_api_player_props")


@dataclass(frozen=True, slots=True)
class Held:
    """What is committed of one game, by source."""

    nba_game_id: str
    sources: frozenset[str]


def missing(source: str, games: Sequence[Game], held: Sequence[Held]) -> tuple[str, ...]:
    """NBA ids of the games that lack a document of `source`; nothing is missing of what is not kept per game.

    A postponed game needs none.
    """
    if source not in PER_GAME:
        return ()
    have = {one.nba_game_id for one in held if source in one.sources}
    return tuple(game.nba_game_id for game in games if not game.is_postponed and game.nba_game_id not in have)
