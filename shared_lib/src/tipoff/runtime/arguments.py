"""The arguments of endpoints and messages: the one place where they are decoded, converted and bounded.

A step gets a struct whose dates and instants are those of the league, whose ranges are ordered and not too long, and
whose instants have an offset. Bounds of one field are in its type.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated

import msgspec

from tipoff.core.errors import BadRequest
from tipoff.core.game_date import FIRST_INSTANT, LAST_INSTANT, resolve, to_utc

RANGE_DAYS_MAX = 366
TEXT_CHARS_MAX = 1024  # as many as the name of an object may have

type LeadMinutes = Annotated[int, msgspec.Meta(ge=1, le=24 * 60)]
type PageDays = Annotated[int, msgspec.Meta(ge=1, le=31)]


def decode_body[S: msgspec.Struct](kind: type[S], body: bytes, range_days_max: int = RANGE_DAYS_MAX) -> S:
    """The arguments in a JSON body.

    Raises:
        BadRequest: the body is no object of this kind, or a value breaks a rule; the message names field and rule.
    """
    try:
        found = msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest("bad_request", f"{kind.__name__}: {error}") from error
    return checked(found, range_days_max)


def decode_query[S: msgspec.Struct](kind: type[S], query: Mapping[str, str], range_days_max: int = RANGE_DAYS_MAX) -> S:
    """The arguments in a query string, for a request without a body.

    Raises:
        BadRequest: as `decode_body`.
    """
    try:
        found = msgspec.convert(dict(query), kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest("bad_request", f"{kind.__name__}: {error}") from error
    return checked(found, range_days_max)


def checked[S: msgspec.Struct](arguments: S, range_days_max: int = RANGE_DAYS_MAX) -> S:
    """The same arguments, once every value and every range keeps the rules.

    Raises:
        BadRequest: one does not.
    """
    values = msgspec.structs.asdict(arguments)
    for field, value in values.items():
        for one in value if isinstance(value, tuple) else (value,):
            _check_value(field, one)
    first, last = values.get("start_date"), values.get("end_date")
    if isinstance(first, date) and isinstance(last, date):
        check_range("start_date", first, last, range_days_max)
    return arguments


def check_range(first_field: str, first: date, last: date, days_max: int = RANGE_DAYS_MAX) -> None:
    """Check that a range from `first` to `end_date` is ordered and has at most `days_max` dates.

    Raises:
        BadRequest: it is not.
    """
    days = (last - first).days + 1
    if days < 1:
        raise BadRequest("bad_range", f"end_date {last} is before {first_field} {first}")
    if days > days_max:
        raise BadRequest("range_too_long", f"{first_field} to end_date has {days} dates, of at most {days_max}")


def parse_date(field: str, text: str, now: datetime) -> date:
    """An ISO date, or TODAY, YESTERDAY, TOMORROW, AUTO in Eastern time.

    Raises:
        BadRequest: the text is none of them.
    """
    try:
        day = resolve(text, now)
    except ValueError as error:
        raise BadRequest("bad_date", f"{field}: {error}") from error
    _check_value(field, day)
    return day


def _check_value(field: str, value: object) -> None:
    if isinstance(value, datetime):
        _check_instant(field, value)
    elif isinstance(value, date):
        if not FIRST_INSTANT.date() <= value < LAST_INSTANT.date():
            raise BadRequest("bad_date", f"{field}: {value} is not between 1946-11-01 and 2099-12-31")
    elif isinstance(value, str) and len(value) > TEXT_CHARS_MAX:
        raise BadRequest("too_long", f"{field}: a text has at most {TEXT_CHARS_MAX} characters, this one {len(value)}")


def _check_instant(field: str, value: datetime) -> None:
    try:
        to_utc(value)
    except ValueError as error:
        stamp = value.isoformat() if value.tzinfo is None or value.tzinfo is UTC else str(value)
        raise BadRequest("bad_instant", f"{field}: {stamp}: {error}") from error
