"""Redelivery on a manual clock: back-off, attempts, deadlines, leases. No test waits."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tipoff_local import mesh as meshes
from tipoff_local.pubsub.queue import Delivery, Hooks, Message, Policy, Queue

MESH = meshes.load(Path(__file__).parents[2] / "terraform" / "mesh.yaml")
POLICY = Policy(ack_deadline_s=10, min_backoff_s=1, max_backoff_s=8, max_attempts=5)


class Bench:
    """A queue with a manual clock; records the calls of its hooks."""

    def __init__(self, policy: Policy = POLICY, *, forwards: bool = True) -> None:
        self.now = 0.0
        self.acked: list[int] = []
        self.dead: list[int] = []
        self.failures: list[int] = []

        def dead(delivery: Delivery) -> bool:
            self.dead.append(delivery.failures)
            return forwards

        hooks = Hooks(
            acked=lambda message: self.acked.append(message.id),
            failed=lambda delivery: self.failures.append(delivery.failures),
            dead=dead,
        )
        self.queue = Queue("projects/p/subscriptions/s", policy, hooks, now=lambda: self.now)

    def publish(self, *ids: int) -> None:
        moment = datetime(2025, 1, 1, tzinfo=UTC)
        self.queue.put([Delivery(Message(number, b"x", {}, moment)) for number in ids])

    def take(self, limit: int = 1) -> list[tuple[str, int]]:
        return [(lease.ack_id, lease.attempt) for lease in self.queue.take(limit, wait_s=0)]


def test_nacks_are_redelivered_after_1_2_4_8_seconds_and_the_fifth_failure_is_dead() -> None:
    bench = Bench()
    bench.publish(1)
    waits: list[float] = []
    for attempt in range(1, 6):
        failed_at = bench.now
        while not (taken := bench.take()):
            bench.now += 0.5
        waits.append(bench.now - failed_at)
        assert taken[0][1] == attempt
        bench.queue.extend([taken[0][0]], 0)
    assert waits == [0, 1, 2, 4, 8]
    assert bench.dead == [5] and bench.queue.backlog() == 0


def test_backoff_stays_at_its_maximum() -> None:
    policy = Policy(ack_deadline_s=10, min_backoff_s=10, max_backoff_s=600)
    assert [policy.backoff_s(n) for n in (1, 2, 7, 8, 1000)] == [10, 20, 600, 600, 600]


@pytest.mark.parametrize("key", [key for key, declared in MESH.subscriptions.items() if declared.function])
def test_an_outage_of_five_minutes_leaves_no_dead_letter(key: str) -> None:
    """Five attempts within 15 seconds made every message of a short outage a dead letter."""
    declared = MESH.subscriptions[key]
    bench = Bench(Policy(60, declared.min_backoff_s, declared.max_backoff_s, declared.attempts))
    bench.publish(1)
    while not bench.acked:
        for ack_id, _ in bench.take():
            if bench.now < 300:
                bench.queue.extend([ack_id], 0)
            else:
                bench.queue.ack([ack_id])
        bench.now += 1
    assert bench.dead == []
    assert bench.now <= 300 + 320, "delivered soon after the outage"


def test_without_a_dead_letter_topic_to_forward_to_a_message_stays() -> None:
    bench = Bench(forwards=False)
    bench.publish(1)
    for _ in range(7):
        while not (taken := bench.take()):
            bench.now += 8
        bench.queue.extend([taken[0][0]], 0)
    assert bench.queue.backlog() == 1


def test_an_expired_lease_counts_as_a_failure_and_its_ack_comes_too_late() -> None:
    bench = Bench()
    bench.publish(1)
    [(first, _)] = bench.take()
    bench.now = 10.0
    bench.queue.expire()
    bench.queue.ack([first])
    assert bench.acked == []
    bench.now = 11.0
    [(second, attempt)] = bench.take()
    assert attempt == 2
    bench.queue.ack([second])
    bench.queue.ack([second])
    assert bench.acked == [1]


def test_an_extended_deadline_holds_beyond_the_first_one() -> None:
    bench = Bench()
    bench.publish(1)
    [(ack_id, _)] = bench.take()
    bench.now = 9.0
    bench.queue.extend([ack_id], 30)
    bench.now = 38.9
    assert bench.take() == []
    bench.queue.ack([ack_id])
    assert bench.acked == [1]


def test_a_message_waiting_for_its_backoff_does_not_hold_up_others() -> None:
    bench = Bench()
    bench.publish(1)
    [(poison, _)] = bench.take()
    bench.queue.extend([poison], 0)
    bench.publish(2, 3)
    assert [ack_id.split(":")[1] for ack_id, _ in bench.take(10)] == ["2", "3"]


def test_deadlines_of_acknowledged_messages_do_not_pile_up() -> None:
    bench = Bench()
    for number in range(5000):
        bench.publish(number)
        bench.queue.ack([ack_id for ack_id, _ in bench.take()])
    assert len(bench.queue._deadlines) < 2000


@pytest.mark.parametrize("attempts", [None, 5])
def test_a_policy_changed_while_messages_wait_applies_to_them(attempts: int | None) -> None:
    bench = Bench(dataclasses.replace(POLICY, max_attempts=None))
    bench.publish(1)
    bench.queue.policy = dataclasses.replace(POLICY, max_attempts=attempts, min_backoff_s=None)
    for _ in range(6):
        for ack_id, _ in bench.take():
            bench.queue.extend([ack_id], 0)
    assert bench.queue.backlog() == (1 if attempts is None else 0)
