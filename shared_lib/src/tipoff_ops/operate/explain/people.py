"""The player whom a person means by a name as people type it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff.core.ids import normalise, player_lookup
from tipoff_ops.queries import load

SUGGESTED_MAX = 5
SIMILARITY_MIN = 0.7


class NamedPlayer(msgspec.Struct, frozen=True):
    """A name that some document gives a player; `on_slate` tells whether the date's slate has him."""

    player_lookup: str
    player_name: str
    on_slate: bool


@dataclass(frozen=True)
class Found:
    """The player that is meant, or those that may be meant."""

    player: NamedPlayer | None
    suggested: tuple[NamedPlayer, ...] = ()


def find_player(warehouse: Warehouse, name: str, day: date) -> Found:
    """The player whom a name means on a date."""
    known = warehouse.rows(load(__file__, "players_known"), {"game_date": day}, NamedPlayer)
    return choose_player(name, known)


def choose_player(name: str, known: Sequence[NamedPlayer]) -> Found:
    """The one player of that name; a part of a name is enough where one player has it, or one on the slate."""
    lookup = player_lookup(name)
    exact = [each for each in known if each.player_lookup == lookup]
    matching = exact or [each for each in known if _has_words(each, name)]
    on_slate = [each for each in matching if each.on_slate]
    if len(matching) == 1 or len(on_slate) == 1:
        return Found((on_slate or matching)[0])
    return Found(None, tuple(matching[:SUGGESTED_MAX]) or _similar(lookup, known))


def _has_words(player: NamedPlayer, name: str) -> bool:
    """Whether each typed word begins a word of the player's name."""
    words = [normalise(word) for word in player.player_name.replace("-", " ").split()]
    typed = [word for each in name.replace("-", " ").replace(",", " ").split() if (word := normalise(each))]
    return bool(typed) and all(any(word.startswith(part) for word in words) for part in typed)


def _similar(lookup: str, known: Sequence[NamedPlayer]) -> tuple[NamedPlayer, ...]:
    """The players whose name, or a word of it, is spelled almost so."""
    spelled = {each.player_lookup: each for each in known}
    for each in known:
        for word in each.player_name.split():
            spelled.setdefault(normalise(word), each)
    close = get_close_matches(lookup, spelled, SUGGESTED_MAX, SIMILARITY_MIN)
    return tuple({spelled[key].player_lookup: spelled[key] for key in close}.values())
