"""Concurrent requests hold a bounded number of bytes, whatever the number of threads."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from time import sleep

import pytest

from tipoff.core.errors import RateLimited
from tipoff.runtime.bytes_in_flight import BytesInFlight


def test_many_threads_hold_no_more_than_the_limit_and_all_get_their_turn() -> None:
    bound, lock = BytesInFlight(100, wait_s=30.0), Lock()
    held, most, done = [0], [0], [0]

    def change(size_bytes: int) -> None:
        with lock:
            held[0] += size_bytes
            most[0] = max(most[0], held[0])

    def one(number: int) -> None:
        size_bytes = 45 if number % 5 else 1
        with bound.hold(size_bytes):
            change(size_bytes)
            sleep(0.001)
            change(-size_bytes)
        with lock:
            done[0] += 1

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(one, range(200)))
    assert (done[0], held[0]) == (200, 0)
    assert 90 <= most[0] <= 100


def test_more_than_the_limit_is_let_in_alone() -> None:
    bound = BytesInFlight(100, wait_s=0.05)
    with bound.hold(1_000), pytest.raises(RateLimited, match="bytes_in_flight"), bound.hold(1):
        pass
    with bound.hold(1), pytest.raises(RateLimited), bound.hold(1_000):
        pass


def test_a_large_request_is_not_passed_by_later_small_ones_and_a_refused_one_stops_nobody() -> None:
    bound, order = BytesInFlight(100, wait_s=1.0), list[str]()
    holding, release = Event(), Event()

    def first() -> None:
        with bound.hold(60):
            holding.set()
            release.wait(5)

    def take(name: str, size_bytes: int) -> None:
        with bound.hold(size_bytes):
            order.append(name)

    with ThreadPoolExecutor(4) as pool:
        pool.submit(first)
        holding.wait(5)
        large = pool.submit(take, "large", 80)
        sleep(0.4)
        small = pool.submit(take, "small", 10)
        sleep(0.1)
        assert order == []
        with pytest.raises(RateLimited):
            large.result(5)
        small.result(5)
        release.set()
    assert order == ["small"]
