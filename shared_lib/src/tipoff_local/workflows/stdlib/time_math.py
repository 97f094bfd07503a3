"""time and math (docs: Modules time, math)."""

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tipoff_local.workflows.language.values import Value
from tipoff_local.workflows.stdlib.registry import function

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@function("time.format")
def format_(seconds: int | float, timezone: str = "UTC") -> Value:
    """ISO 8601 with six fraction digits and `Z` or an offset."""
    try:
        local = (_EPOCH + timedelta(seconds=seconds)).astimezone(ZoneInfo(timezone))
    except (ZoneInfoNotFoundError, OverflowError) as error:
        raise ValueError(str(error)) from error
    text = local.isoformat(timespec="microseconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


@function("time.parse")
def parse(value: str) -> Value:
    """Seconds since the epoch of an ISO 8601 instant that names its offset."""
    return seconds_of(value)


def seconds_of(value: str) -> float:
    """Seconds since the epoch of an ISO 8601 instant; ValueError for anything else."""
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None or "T" not in value:
        raise ValueError(f"{value!r} is not an ISO 8601 instant with an offset")
    return (instant - _EPOCH).total_seconds()


@function("math.abs")
def abs_(x: int | float) -> Value:
    """The absolute value."""
    return abs(x)


@function("math.floor")
def floor(x: int | float) -> Value:
    """The greatest integer that is not above `x`."""
    return math.floor(x)


@function("math.max")
def max_(x: int | float, y: int | float) -> Value:
    """The greater one."""
    return max(x, y)


@function("math.min")
def min_(x: int | float, y: int | float) -> Value:
    """The smaller one."""
    return min(x, y)
