"""Many messages, one rebuild (issue 6: 434 messages over 19 dates cause at most 40 rebuilds)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier, Event
from time import sleep

import pytest

from tipoff.core.errors import BackendUnavailable
from tipoff.steps.analyze import date_runs
from tipoff.steps.rebuild.coalesce import Coalescer

DAY = date(2024, 11, 1)


def test_messages_that_come_together_share_one_rebuild_of_the_union() -> None:
    done: list[set[date]] = []
    coalescer = Coalescer(wait_s=0.2, wait_max_s=2.0)
    together = Barrier(20)

    def one(number: int) -> None:
        together.wait()
        coalescer.run({DAY + timedelta(days=number % 5)}, lambda dates: done.append(set(dates)))

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(one, range(20)))
    assert done == [{DAY + timedelta(days=n) for n in range(5)}]


def test_a_message_that_comes_during_a_rebuild_is_not_answered_by_it() -> None:
    """Its rows may have been committed after the rebuild read the table."""
    working, release = Event(), Event()
    done: list[set[date]] = []
    coalescer = Coalescer(wait_s=0.0, wait_max_s=0.0)

    def slow(dates: set[date]) -> None:
        working.set()
        release.wait(5)
        done.append(set(dates))

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(coalescer.run, {DAY}, slow)
        working.wait(5)
        second = pool.submit(coalescer.run, {DAY}, slow)
        release.set()
        first.result(5)
        second.result(5)
    assert done == [{DAY}, {DAY}]


def test_what_came_during_a_rebuild_waits_for_what_is_still_coming() -> None:
    working, release = Event(), Event()
    done: list[set[date]] = []
    coalescer = Coalescer(wait_s=0.3, wait_max_s=5.0)
    days = [DAY + timedelta(days=n) for n in range(3)]

    def slow(dates: set[date]) -> None:
        working.set()
        release.wait(5)
        done.append(set(dates))

    with ThreadPoolExecutor(3) as pool:
        pool.submit(coalescer.run, {days[0]}, slow)
        working.wait(5)
        pool.submit(coalescer.run, {days[1]}, slow)
        sleep(0.1)
        release.set()
        sleep(0.05)
        pool.submit(coalescer.run, {days[2]}, slow)
    assert done == [{days[0]}, {days[1], days[2]}]


def test_a_failed_rebuild_fails_every_message_of_its_batch() -> None:
    """No message is acknowledged for work that was not done (docs/pitfalls.md#38)."""
    coalescer = Coalescer(wait_s=0.1, wait_max_s=1.0)
    together = Barrier(3)

    def fail(dates: set[date]) -> None:
        raise BackendUnavailable("down", "the warehouse is away")

    def one(_: int) -> bool:
        together.wait()
        with pytest.raises(BackendUnavailable):
            coalescer.run({DAY}, fail)
        return True

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(one, range(3))) == [True, True, True]


def test_neighbouring_dates_become_one_range_and_distant_ones_do_not() -> None:
    days = {DAY, DAY + timedelta(days=2), DAY + timedelta(days=40)}
    assert date_runs(days) == [(DAY, DAY + timedelta(days=2)), (DAY + timedelta(days=40), DAY + timedelta(days=40))]


def test_434_messages_over_19_dates_cause_at_most_40_rebuilds_of_all_their_dates() -> None:
    """The original's own case, delivered as Pub/Sub pushes it: a hundred at a time, a new one when one is answered."""
    rebuilt: list[set[date]] = []

    def rebuild(dates: set[date]) -> None:
        sleep(0.02)
        rebuilt.append(set(dates))

    coalescer = Coalescer(wait_s=0.01, wait_max_s=0.3)
    with ThreadPoolExecutor(100) as pool:
        list(pool.map(lambda n: coalescer.run({DAY + timedelta(days=n % 19)}, rebuild), range(434)))
    assert set().union(*rebuilt) == {DAY + timedelta(days=n) for n in range(19)}
    assert len(rebuilt) <= 40
