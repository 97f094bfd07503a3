"""Formats of numbers, dates and instants on the page."""

from datetime import UTC, date, datetime

MISSING = "\u2013"
_MINUS = "\u2212"


def number(value: float | None, digits: int = 2) -> str:
    """A number with fixed digits and a true minus sign; a dash for None."""
    return MISSING if value is None else f"{value:.{digits}f}".replace("-", _MINUS)


def signed(value: float | None, digits: int = 2) -> str:
    """As `number`, with a plus sign above zero."""
    return MISSING if value is None else f"{value:+.{digits}f}".replace("-", _MINUS)


def count(value: int | None) -> str:
    """A count with thin spaces between thousands."""
    return MISSING if value is None else f"{value:,}".replace(",", "\u202f")


def percent(share: float | None) -> str:
    """A share in [0, 1] as whole per cent."""
    return MISSING if share is None else f"{100 * share:.0f}\u202f%"


def day(value: date) -> str:
    """`Fri 1 Nov`."""
    return f"{value:%a} {value.day} {value:%b}"


def instant(value: datetime) -> str:
    """`2024-11-01 21:30 UTC`."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def duration(seconds: float) -> str:
    """`4.2 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
    return f"{int(seconds) // 3600} h {int(seconds) % 3600 // 60:02d} min"


def shortened(text: str, limit: int = 96) -> str:
    """At most `limit` characters without the middle, because both ends of an object name are informative."""
    if len(text) <= limit:
        return text
    half = (limit - 1) // 2
    return f"{text[:half]}\u2026{text[-half:]}"
