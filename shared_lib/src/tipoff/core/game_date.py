"""Eastern game dates. Only this module converts an instant to a calendar date."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
FIRST_INSTANT = datetime(1946, 11, 1, tzinfo=UTC)  # the league's first game
LAST_INSTANT = datetime(2100, 1, 1, tzinfo=UTC)


def to_utc(instant: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        ValueError: the stamp has no offset, or is before 1946 or after 2100.
    """
    converted = instant if instant.tzinfo is UTC else _converted(instant)
    if not FIRST_INSTANT <= converted < LAST_INSTANT:
        raise ValueError("an instant is between 1946 and 2100")
    return converted


def _converted(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a UTC offset")
    if not 1946 <= instant.year <= 2100:  # the conversion overflows near the limits of the calendar
        raise ValueError("an instant is between 1946 and 2100")
    return instant.astimezone(UTC)


def game_date_of(instant: datetime) -> date:
    """The game date of an instant: its calendar date in America/New_York.

    Raises:
        ValueError: as `to_utc`.
    """
    return to_utc(instant).astimezone(EASTERN).date()


@lru_cache(maxsize=4096)
def eastern_instant(day: date, hour: int, minute: int) -> datetime:
    """UTC instant of an Eastern wall-clock time. A time that occurs twice in autumn means the first."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=EASTERN).astimezone(UTC)


def resolve(word: str, now: datetime) -> date:
    """Game date of `today`, `yesterday`, `tomorrow`, `AUTO` (= yesterday) or an ISO date, at the instant `now`.

    Raises:
        ValueError: any other word.
    """
    today = game_date_of(now)
    days = {"today": 0, "yesterday": -1, "auto": -1, "tomorrow": 1}
    if (offset := days.get(word.strip().lower())) is not None:
        return today + timedelta(days=offset)
    return parse_iso(word)


@lru_cache(maxsize=4096)
def parse_iso(text: str) -> date:
    """Date of `YYYY-MM-DD`, exactly that form.

    Raises:
        ValueError: another form, or no such day.
    """
    if len(text) != 10 or not text.isascii():
        raise ValueError(f"not a date of the form YYYY-MM-DD: {text[:20]!r}")
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()


def date_range(first: date, last: date) -> tuple[date, ...]:
    """All dates from first to last, both included; empty if last is earlier."""
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
