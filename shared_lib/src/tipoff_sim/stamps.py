"""Formats of instants in documents."""

from datetime import UTC, datetime

from tipoff_sim.calendar import EASTERN


def iso_utc(instant: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def iso_eastern(instant: datetime) -> str:
    """Eastern wall time with its offset."""
    return instant.astimezone(EASTERN).isoformat()


def clock_12h(instant: datetime) -> str:
    """`7:30 pm ET`."""
    local = instant.astimezone(EASTERN)
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'} ET"
