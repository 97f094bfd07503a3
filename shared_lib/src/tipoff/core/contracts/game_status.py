"""What NBA.com's documents say of a game's status: whether it is called off, and whether its tip-off is known."""

import re
from datetime import datetime, time

from tipoff.core.game_date import EASTERN, FIRST_INSTANT

_CALLED_OFF = re.compile(r"\b(ppd|pstp|postponed|cancell?ed|cancellation)\b", re.IGNORECASE)
_STANDS = re.compile(r"\d:\d\d|\b(final|half|halftime|end|q[1-4]|[1-9]?ot)\b", re.IGNORECASE)
_UNDECIDED = re.compile(r"\btb[ad]\b", re.IGNORECASE)
_FLAGS = ("Y", "P")


def is_called_off(status_text: str | None) -> bool:
    """True if the status text says that the game is postponed or cancelled."""
    return _CALLED_OFF.search(status_text or "") is not None


def is_postponed(flag: str | None, status_text: str | None) -> bool:
    """True if a game does not take place on its date.

    The text decides, because it is what people see: `PPD` postpones whatever the flag says, and a clock time or a score
    means that the game stands. In the feed of 2026-27 the flag marked a whole season. Without either, the flag decides.
    """
    if is_called_off(status_text):
        return True
    return flag in _FLAGS and _STANDS.search(status_text or "") is None


def known_tipoff(stamp: datetime | None, status_text: str | None) -> datetime | None:
    """The tip-off, None while it is to be determined.

    A schedule prints a tip-off that is not set as midnight Eastern, as an instant before the league, or as `TBD`.
    """
    if stamp is None or stamp.tzinfo is None or stamp.year < FIRST_INSTANT.year or _UNDECIDED.search(status_text or ""):
        return None
    is_midnight = stamp.year <= 2100 and stamp.astimezone(EASTERN).time() == time()
    return None if is_midnight else stamp
