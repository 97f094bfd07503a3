"""NBA game ids, platform ids, and the normal form of a player's name."""

import re
import unicodedata
from datetime import date
from functools import lru_cache

from tipoff.core.aliases import ALIASES

SEASON_TYPES: dict[str, str] = {
    "001": "preseason",
    "002": "regular_season",
    "003": "all_star",
    "004": "playoffs",
    "005": "play_in",
    "006": "cup_final",
}

_NBA_ID = re.compile(r"00[1-6][0-9]{7}")
_LETTERS = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"})
MAX_NAME = 120


def nba_game_id(value: str | int) -> str:
    """Canonical ten-digit NBA game id; sources also write it as a number or without leading zeros.

    Raises:
        ValueError: not an NBA game id, or of an unknown kind of game.
    """
    text = str(value)
    padded = text.zfill(10) if text.isascii() and text.isdigit() else text
    if not _NBA_ID.fullmatch(padded):
        raise ValueError(f"not an NBA game id: {text[:20]!r}")
    return padded


def season_year(game_id: str) -> int:
    """Year of opening night, from digits 4 and 5 of a canonical id (46-99 are 19xx)."""
    two = int(game_id[3:5])
    return (1900 if two >= 46 else 2000) + two


def season_label(year: int) -> str:
    """`2023-24` of 2023."""
    return f"{year}-{(year + 1) % 100:02d}"


def season_type(game_id: str) -> str:
    """Kind of game of a canonical id: see SEASON_TYPES."""
    return SEASON_TYPES[game_id[:3]]


def platform_id(game_date: date, away: str, home: str) -> str:
    """`YYYYMMDD_AWAY_HOME` of an Eastern date and two tricodes."""
    return f"{game_date:%Y%m%d}_{away}_{home}"


def normalise(name: str) -> str:
    """Lower case, without combining marks, only a-z and 0-9. Letters that NFD does not split are mapped first."""
    return _normalised(name[:MAX_NAME])


@lru_cache(maxsize=16384)
def _normalised(name: str) -> str:
    lowered = name.lower().translate(_LETTERS)
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFD", lowered))


def player_lookup(name: str) -> str:
    """Normal form of a player's name after `ALIASES`; empty for a name without letters."""
    plain = normalise(name)
    return ALIASES.get(plain, plain)


def flip_name(name: str) -> str:
    """`First Last` of `Last, First` (`Porter Jr., Michael` -> `Michael Porter Jr.`); other forms unchanged."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and first.strip() else name
