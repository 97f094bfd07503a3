"""A replay's messages are alike and small, and it is not asked for its state more often than it can change."""

from itertools import pairwise

import pytest

from tipoff.cloud.storage import ObjectName
from tipoff.steps.replay import CHUNK_BYTES, CHUNK_OBJECTS, FIRST_POLL_S, POLL_MAX_S, POLL_MIN_S, _chunks, _pause_s

KINDS = ("nba-com/boxscores", "nba-com/play-by-play", "odds-api/player-props")


def listing(each: int, size_bytes: int = 1_000) -> list[ObjectName]:
    return [ObjectName(f"{kind}/{number:05}", 1, size_bytes) for kind in KINDS for number in range(each)]


def test_every_object_is_sent_once_and_messages_are_equally_large() -> None:
    listed = listing(1_000)
    chunks = list(_chunks(listed))
    assert sorted(found.name for chunk in chunks for found in chunk) == [found.name for found in listed]
    assert max(map(len, chunks)) <= CHUNK_OBJECTS
    for kind in KINDS:
        counts = [sum(found.name.startswith(kind) for found in chunk) for chunk in chunks]
        assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("size_bytes", [CHUNK_BYTES // 3, CHUNK_BYTES - 1, 4 * CHUNK_BYTES])
def test_a_message_names_no_more_than_can_be_held_at_once(size_bytes: int) -> None:
    for chunk in _chunks(listing(50, size_bytes)):
        assert len(chunk) == 1 or sum(found.size_bytes for found in chunk) <= CHUNK_BYTES


def test_an_empty_replay_has_no_messages() -> None:
    assert list(_chunks([])) == []


def test_polls_become_more_frequent_near_the_end() -> None:
    pauses = [_pause_s(done, 1_000, done / 100) for done in range(500, 1_000, 100)]
    assert all(later <= earlier for earlier, later in pairwise(pauses))
    assert all(POLL_MIN_S <= pause <= POLL_MAX_S for pause in [*pauses, _pause_s(0, 1_000, 60.0), _pause_s(1, 9, 0.0)])


def test_a_slow_beginning_does_not_make_the_end_wait() -> None:
    """The first objects of a run come late; at their pace it would be looked away for far too long."""
    assert _pause_s(250, 2_000, 1.5) == 1.5
    assert _pause_s(0, 2_000, 0.0) == FIRST_POLL_S
