"""Checks topics, subscriptions and messages with the service's limits and error messages."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.pubsub_v1 import types

from tipoff_local.errors import ApiError, invalid, unsupported

_NAME = re.compile(r"projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/(topics|subscriptions)/[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}")
_TOPIC_UNSUPPORTED = (
    "message_storage_policy", "kms_key_name", "schema_settings", "message_retention_duration",
    "ingestion_data_source_settings", "message_transforms", "tags",
)  # fmt: skip
_SUBSCRIPTION_UNSUPPORTED = (
    "filter", "enable_message_ordering", "enable_exactly_once_delivery", "retain_acked_messages",
    "bigquery_config", "cloud_storage_config", "message_transforms", "tags",
)  # fmt: skip
_MAX_MESSAGE_BYTES = 10_000_000
_MAX_MESSAGES = 1000
MIN_ACK_DEADLINE_S, MAX_ACK_DEADLINE_S = 10, 600


def check_topic(topic: types.Topic) -> None:
    """400 for a bad name, 501 for a feature that is not implemented."""
    _check_name(topic.name, "topics")
    _refuse(topic, _TOPIC_UNSUPPORTED, "topic")


def completed(subscription: types.Subscription) -> types.Subscription:
    """The subscription with the service's defaults; 400 for a wrong field, 501 for one that is not implemented."""
    _check_name(subscription.name, "subscriptions")
    _refuse(subscription, _SUBSCRIPTION_UNSUPPORTED, "subscription")
    done = types.Subscription(subscription)
    done.ack_deadline_seconds = subscription.ack_deadline_seconds or MIN_ACK_DEADLINE_S
    check_ack_deadline(done.ack_deadline_seconds, lowest=MIN_ACK_DEADLINE_S)
    if "dead_letter_policy" in done:
        _complete_dead_letter(done.dead_letter_policy)
    if "retry_policy" in done:
        _complete_retry(done.retry_policy)
    check_push(done.push_config)
    done.state = types.Subscription.State(1)  # ACTIVE
    if not done.message_retention_duration:
        done.message_retention_duration = Duration(seconds=7 * 86_400)
    return done


def check_ack_deadline(seconds: int, lowest: int = 0) -> None:
    """400 outside `lowest`..600 seconds."""
    if not lowest <= seconds <= MAX_ACK_DEADLINE_S:
        raise invalid(f"Invalid ack deadline given: {seconds}; it must be between {lowest} and 600 seconds.")


def check_push(push: types.PushConfig) -> None:
    """501 for unwrapped push and for https endpoints, which no local server has."""
    if "no_wrapper" in push:
        raise unsupported("unwrapped push (no_wrapper)")
    if push.attributes and dict(push.attributes) != {"x-goog-version": "v1"}:
        raise unsupported("push attributes other than x-goog-version=v1")
    if push.push_endpoint and not push.push_endpoint.startswith("http://"):
        raise unsupported(f"push to {push.push_endpoint!r}: only http:// endpoints")


def check_message(message: types.PubsubMessage) -> None:
    """400 for an empty or too large message, 501 for an ordering key."""
    if message.ordering_key:
        raise unsupported("ordering keys")
    if not message.data and not message.attributes:
        raise invalid("The message must contain either non-empty data or at least one attribute.")
    if len(message.data) > _MAX_MESSAGE_BYTES:
        raise invalid("The message is larger than 10 MB.")
    for key, value in message.attributes.items():
        if not key or len(key.encode()) > 256 or len(value.encode()) > 1024 or key.startswith("goog"):
            raise invalid(f"Invalid attribute {key!r}: keys have 1-256 bytes, values at most 1024.")


def check_batch(messages: Iterable[types.PubsubMessage]) -> None:
    """400 unless there are 1 to 1,000 valid messages."""
    batch = list(messages)
    if not 1 <= len(batch) <= _MAX_MESSAGES:
        raise invalid(f"The request contains {len(batch)} messages; it must be between 1 and 1000.")
    for message in batch:
        check_message(message)


def resource_not_found(path: str) -> ApiError:
    """404 with Pub/Sub's message."""
    return ApiError(404, f"Resource not found (resource={path.rsplit('/', 1)[-1]}).", "notFound")


def already_exists(path: str) -> ApiError:
    """409 with Pub/Sub's message."""
    return ApiError(409, f"Resource already exists in the project (resource={path.rsplit('/', 1)[-1]}).")


def seconds(value: Any) -> float:
    """A protobuf duration, as proto-plus shows it, in seconds."""
    return float(value.total_seconds())


def _check_name(name: str, kind: str) -> None:
    match = _NAME.fullmatch(name)
    if match is None or match.group(1) != kind or name.split("/")[3].startswith("goog"):
        raise invalid(f"Invalid [{kind}] name: (name={name})")


def _refuse(message: Any, fields: Iterable[str], what: str) -> None:
    for field in fields:
        if field in message and getattr(message, field):
            raise unsupported(f"Pub/Sub {what} field {field!r}")


def _complete_dead_letter(policy: types.DeadLetterPolicy) -> None:
    _check_name(policy.dead_letter_topic, "topics")
    policy.max_delivery_attempts = policy.max_delivery_attempts or 5
    if not 5 <= policy.max_delivery_attempts <= 100:
        raise invalid("max_delivery_attempts must be between 5 and 100.")


def _complete_retry(policy: types.RetryPolicy) -> None:
    limits: Mapping[str, int] = {"minimum_backoff": 10, "maximum_backoff": 600}
    for field, default in limits.items():
        if field not in policy:
            setattr(policy, field, Duration(seconds=default))
        if not 0 <= seconds(getattr(policy, field)) <= 600:
            raise invalid(f"{field} must be between 0 and 600 seconds.")
    if seconds(policy.minimum_backoff) > seconds(policy.maximum_backoff):
        raise invalid("minimum_backoff must not exceed maximum_backoff.")
