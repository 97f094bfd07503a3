"""A client is made once, also when many threads need it first at the same moment."""

from threading import Barrier, Thread
from time import sleep
from unittest.mock import Mock

from tipoff.runtime.settings import DeadLetterSettings
from tipoff.steps.wiring import Wiring, client

THREADS = 16


class Slow(Wiring[DeadLetterSettings]):
    """Has a client that takes a while to make."""

    @client
    def made(self) -> object:
        sleep(0.05)
        return object()


def test_threads_that_need_a_client_at_the_same_time_share_one() -> None:
    """`cached_property` has no lock since Python 3.12: sixteen threads made sixteen clients."""
    wiring, barrier, found = Slow(Mock(spec=DeadLetterSettings)), Barrier(THREADS), list[object]()

    def need() -> None:
        barrier.wait()
        found.append(wiring.made)

    threads = [Thread(target=need) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found))) == (THREADS, 1)
