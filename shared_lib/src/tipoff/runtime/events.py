"""Reads the message in an HTTP request: a Pub/Sub push, or an Eventarc CloudEvent."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from tipoff.core.errors import BadRequest

PUBSUB_EVENT = "google.cloud.pubsub.topic.v1.messagePublished"
STORAGE_FINALIZED = "google.cloud.storage.object.v1.finalized"


class _Message(msgspec.Struct, frozen=True, rename="camel"):
    attributes: dict[str, str] = {}
    data: str = ""
    message_id: str = ""


class _Push(msgspec.Struct, frozen=True, rename="camel"):
    message: _Message
    subscription: str = ""
    delivery_attempt: int = 1


@dataclass(frozen=True)
class Delivery:
    """One delivered message.

    Attributes:
        data: the message's bytes.
        attributes: the message's attributes.
        message_id: assigned by the service. A publisher's retry gets a new one, so it does not identify a fact.
        attempt: 1 on the first delivery.
        subscription: full name of the subscription; empty for an event of Eventarc.
    """

    data: bytes
    attributes: Mapping[str, str]
    message_id: str
    attempt: int
    subscription: str = ""


def calling_workflow(user_agent: str) -> str:
    """The id of the workflow that sent a request; empty for another caller.

    Our workflows send their id as User-Agent, and the service adds its own name to it.
    """
    agent, _, rest = user_agent.partition(" ")
    return agent if rest.startswith("GoogleCloudWorkflows") else ""


def delivery(body: bytes, headers: Mapping[str, str]) -> Delivery:
    """The message in a request of a push subscription, or of an Eventarc trigger on a topic or a bucket.

    Raises:
        BadRequest: the body is neither.
    """
    if headers.get("ce-type") == STORAGE_FINALIZED:
        return _storage_event(body, headers)
    try:
        push = msgspec.json.decode(body, type=_Push)
        data = base64.b64decode(push.message.data, validate=True)
    except (msgspec.DecodeError, binascii.Error, UnicodeDecodeError) as error:
        raise BadRequest("bad_envelope", f"not a Pub/Sub push: {error}") from error
    message = push.message
    return Delivery(data, message.attributes, message.message_id, push.delivery_attempt, push.subscription)


class _StorageObject(msgspec.Struct, frozen=True):
    bucket: str
    name: str
    generation: str


def _storage_event(body: bytes, headers: Mapping[str, str]) -> Delivery:
    """The storage object that Eventarc sends, with the attributes of a bucket notification."""
    try:
        found = msgspec.json.decode(body, type=_StorageObject)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest("bad_event", f"not a storage object: {error}") from error
    attributes = {
        "eventType": "OBJECT_FINALIZE",
        "bucketId": found.bucket,
        "objectId": found.name,
        "objectGeneration": found.generation,
    }
    return Delivery(body, attributes, headers.get("ce-id", ""), 1)
