"""Push delivery: each subscription has workers, started and stopped on demand, that post messages as the service does.

The time-out of a request is the ack deadline. Status 102, 200, 201, 202 and 204 acknowledge; everything else is a NACK
("Push subscriptions"). Workers are not shared, so a slow subscription does not delay another one.
"""

import base64
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
from google.pubsub_v1 import types

from tipoff_local.errors import ApiError
from tipoff_local.http1 import Client, Disconnected
from tipoff_local.iam.access import UNRESTRICTED, Access
from tipoff_local.identity import Identity
from tipoff_local.pubsub.queue import Lease, Queue
from tipoff_local.pubsub.usage import PubsubUsage

_ACKNOWLEDGES = frozenset({102, 200, 201, 202, 204})
_PAUSE_WITHOUT_POLICY_S = 0.1
IDLE_ROUNDS = 5
_HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "CloudPubSub-Google",
    "Accept": "application/json",
}


@dataclass(frozen=True, slots=True)
class Target:
    """The endpoint of a push subscription, and the identity of its tokens."""

    endpoint: str
    audience: str
    email: str
    subscription: str
    deadline_s: float
    counts_attempts: bool


class Pusher:
    """Pushes the messages of every subscription with an endpoint, at most `window` requests at a time for each."""

    def __init__(self, identity: Identity, window: int, usage: PubsubUsage, access: Access = UNRESTRICTED) -> None:
        self._identity = identity
        self._access = access
        self._window = window
        self._usage = usage
        self._pushes: dict[str, _Push] = {}

    def update(self, subscription: types.Subscription, queue: Queue) -> None:
        """Start or redirect the push of a subscription; stop it if there is no endpoint."""
        known = self._pushes.get(subscription.name)
        if known is not None and known.queue is queue:
            known.target = target_of(subscription)
            known.begin()
        else:
            target = target_of(subscription)
            push = _Push(queue, target, self._identity, self._window, self._usage, self._access)
            self._pushes[subscription.name] = push
            push.begin()


class _Push:
    """The workers of one subscription."""

    def __init__(
        self, queue: Queue, target: Target | None, identity: Identity, window: int, usage: PubsubUsage, access: Access
    ) -> None:
        self.queue = queue
        self.target = target
        self._identity = identity
        self._window = window
        self._access = access
        self._usage = usage
        self._workers = 0
        self._waiting = 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Start a first worker if there is none."""
        if self.target is not None and not self._workers:
            self._start_worker()

    def _start_worker(self) -> None:
        with self._lock:
            if self._workers >= self._window:
                return
            self._workers += 1
        threading.Thread(target=self._work, name=f"push-{self.queue.name}", daemon=True).start()

    def _work(self) -> None:
        client: Client | None = None
        endpoint = ""
        idle = 0
        while not self.queue.closed and (target := self.target) is not None:
            leases = self._take(target)
            idle = 0 if leases else idle + 1
            if idle >= IDLE_ROUNDS and self._may_stop():
                return
            if self.target is not target:
                # The subscription was redirected or became a pull one: the old endpoint must not get the message.
                self.queue.release(lease.ack_id for lease in leases)
                continue
            if leases and client is None or target.endpoint != endpoint:
                client, endpoint = Client(target.endpoint, target.deadline_s), target.endpoint
            for lease in leases:
                self._deliver(client, target, lease)
        with self._lock:
            self._workers -= 1

    def _take(self, target: Target) -> list[Lease]:
        """Wait up to one second for a message. A worker that gets one starts another worker if no other is waiting.

        So there is always a worker for the next message, however slow the current deliveries are.
        """
        with self._lock:
            self._waiting += 1
        leases = self.queue.take(1, wait_s=1.0, deadline_s=target.deadline_s + 5)
        with self._lock:
            self._waiting -= 1
            alone = not self._waiting
        if leases and alone:
            self._start_worker()
        return leases

    def _may_stop(self) -> bool:
        """Whether an idle worker may stop, because another one is waiting."""
        with self._lock:
            if not self._waiting:
                return False
            self._workers -= 1
            return True

    def _deliver(self, client: Client | None, target: Target, lease: Lease) -> None:
        if client is not None and self._post(client, target, lease):
            self.queue.ack([lease.ack_id])
            return
        if self.queue.policy.min_backoff_s is None:
            threading.Event().wait(_PAUSE_WITHOUT_POLICY_S)  # the service slows down too
        self.queue.extend([lease.ack_id], 0)

    def _post(self, client: Client, target: Target, lease: Lease) -> bool:
        headers = dict(_HEADERS)
        try:
            if target.email:
                self._access.check(self._access.agent("pubsub"), "pubsub.agent.sign", {"service_account": target.email})
                headers |= self._identity.authorization(target.audience, target.email)
            self._usage.pushed(target.subscription, lease.message.data, lease.message.attributes)
            answer = client.request("POST", _path(target.endpoint), headers, envelope(target, lease))
        except (TimeoutError, Disconnected, ApiError):
            return False
        return answer.status in _ACKNOWLEDGES


def target_of(subscription: types.Subscription) -> Target | None:
    """The target of a push subscription; None for a pull subscription."""
    push = subscription.push_config
    if not push.push_endpoint:
        return None
    oidc = push.oidc_token
    return Target(
        endpoint=push.push_endpoint,
        audience=oidc.audience or push.push_endpoint,
        email=oidc.service_account_email,
        subscription=subscription.name,
        deadline_s=float(subscription.ack_deadline_seconds),
        counts_attempts="dead_letter_policy" in subscription,
    )


def envelope(target: Target, lease: Lease) -> bytes:
    """The wrapped body: id and time in both spellings, `deliveryAttempt` only with a dead-letter policy."""
    message = lease.message
    published = message.published_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    wrapped: dict[str, object] = {
        "attributes": message.attributes,
        "messageId": str(message.id),
        "message_id": str(message.id),
        "publishTime": published,
        "publish_time": published,
    }
    if message.data:
        wrapped["data"] = base64.b64encode(message.data).decode()
    body: dict[str, object] = {"message": wrapped, "subscription": target.subscription}
    if target.counts_attempts:
        body["deliveryAttempt"] = lease.attempt
    return msgspec.json.encode(body)


def _path(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
