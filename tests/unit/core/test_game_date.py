"""Game dates: one Eastern rule for every instant (docs/pitfalls.md#21)."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.core import game_date


def test_a_late_tip_off_belongs_to_the_evening_before_in_utc() -> None:
    assert game_date.game_date_of(datetime(2024, 1, 25, 3, 20, 30, tzinfo=UTC)) == date(2024, 1, 24)


@pytest.mark.parametrize(
    ("utc", "eastern"),
    [
        (datetime(2024, 3, 10, 4, 59, tzinfo=UTC), date(2024, 3, 9)),  # clocks go forward at 07:00Z
        (datetime(2024, 3, 11, 3, 59, tzinfo=UTC), date(2024, 3, 10)),
        (datetime(2024, 3, 11, 4, 0, tzinfo=UTC), date(2024, 3, 11)),
        (datetime(2024, 11, 3, 3, 59, tzinfo=UTC), date(2024, 11, 2)),  # and back at 06:00Z
        (datetime(2024, 11, 4, 4, 59, tzinfo=UTC), date(2024, 11, 3)),
        (datetime(2024, 11, 4, 5, 0, tzinfo=UTC), date(2024, 11, 4)),
    ],
)
def test_both_clock_changes_are_read_right(utc: datetime, eastern: date) -> None:
    assert game_date.game_date_of(utc) == eastern


FIVE_SEASONS = st.integers(0, 5 * 365 * 24 * 60).map(lambda n: datetime(2021, 10, 1, tzinfo=UTC) + timedelta(minutes=n))


@given(FIVE_SEASONS, st.integers(-14, 14))
def test_the_offset_a_stamp_is_written_in_does_not_matter(instant: datetime, hours: int) -> None:
    elsewhere = instant.astimezone(timezone(timedelta(hours=hours)))
    day = game_date.game_date_of(instant)
    assert day == game_date.game_date_of(elsewhere)
    since_utc_midnight = instant - datetime.combine(day, datetime.min.time(), UTC)
    assert timedelta(hours=4) <= since_utc_midnight < timedelta(hours=29)


def test_an_instant_without_offset_or_outside_the_league_is_refused() -> None:
    for bad in (
        datetime(2024, 1, 1),  # noqa: DTZ001
        datetime(1945, 1, 1, tzinfo=UTC),
        datetime(2101, 1, 1, tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC),
    ):
        with pytest.raises(ValueError):
            game_date.to_utc(bad)


@given(st.dates(date(2021, 1, 1), date(2026, 12, 31)), st.integers(3, 23), st.integers(0, 59))
def test_an_eastern_wall_clock_names_one_instant_of_that_date(day: date, hour: int, minute: int) -> None:
    assert game_date.game_date_of(game_date.eastern_instant(day, hour, minute)) == day


def test_words_are_resolved_in_eastern_time() -> None:
    now = datetime(2024, 1, 25, 3, 0, tzinfo=UTC)
    words = {
        "today": date(2024, 1, 24),
        "AUTO": date(2024, 1, 23),
        "yesterday": date(2024, 1, 23),
        "2024-02-29": date(2024, 2, 29),
    }
    assert {word: game_date.resolve(word, now) for word in words} == words
    for bad in ("2024-02-30", "2024-1-5", "TODAY!", "２０２４-01-01"):
        with pytest.raises(ValueError):
            game_date.resolve(bad, now)


def test_a_range_holds_both_ends() -> None:
    assert game_date.date_range(date(2024, 2, 28), date(2024, 3, 1)) == (
        date(2024, 2, 28),
        date(2024, 2, 29),
        date(2024, 3, 1),
    )
    assert game_date.date_range(date(2024, 3, 1), date(2024, 2, 1)) == ()
