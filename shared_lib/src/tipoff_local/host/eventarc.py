"""Eventarc's part: turns a wrapped Pub/Sub push into a binary-mode CloudEvent.

Formats follow "CloudEvents format - HTTP protocol binding" for Cloud Storage (notifications carry the object
resource) and Pub/Sub (`messagePublished`; the topic is named by the query, `?topic=projects/P/topics/T`).
"""

import base64
import binascii
from urllib.parse import quote

import msgspec

from tipoff_local.errors import invalid
from tipoff_local.http1 import Request

# Header values have all other characters percent-encoded as UTF-8:
# https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values
_UNENCODED = "".join(map(chr, range(0x21, 0x7F))).replace('"', "").replace("%", "")
_STORAGE_TYPES = {
    "OBJECT_FINALIZE": "finalized",
    "OBJECT_DELETE": "deleted",
    "OBJECT_ARCHIVE": "archived",
    "OBJECT_METADATA_UPDATE": "metadataUpdated",
}


class _Message(msgspec.Struct, frozen=True, rename="camel"):
    message_id: str
    publish_time: str
    data: str = ""
    attributes: dict[str, str] = {}


class _Push(msgspec.Struct, frozen=True):
    message: _Message
    subscription: str


def cloud_event(request: Request) -> Request:
    """The request that Eventarc would send for this push.

    Raises:
        ApiError: 400 if the request is not a Pub/Sub push.
    """
    try:
        push = msgspec.json.decode(request.body, type=_Push)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise invalid(f"not a Pub/Sub push: {error}") from error
    kind = _STORAGE_TYPES.get(push.message.attributes.get("eventType", ""))
    event = _published(push, request) if kind is None else _storage(push.message, kind)
    headers = {name: value for name, value in request.headers.items() if not name.startswith("ce-")}
    return Request("POST", "/", headers | event[0], event[1])


def _storage(message: _Message, kind: str) -> tuple[dict[str, str], bytes]:
    bucket, name = message.attributes["bucketId"], message.attributes["objectId"]
    headers = _headers(message, f"google.cloud.storage.object.v1.{kind}") | {
        "ce-source": f"//storage.googleapis.com/projects/_/buckets/{bucket}",
        "ce-subject": quote(f"objects/{name}", safe=_UNENCODED),
        "ce-bucket": bucket,
    }
    try:
        return headers, base64.b64decode(message.data, validate=True)
    except binascii.Error as error:
        raise invalid(f"the message's data are not base64: {error}") from error


def _published(push: _Push, request: Request) -> tuple[dict[str, str], bytes]:
    topic = request.query.get("topic")
    if not topic:
        raise invalid("an Eventarc push of a Pub/Sub message needs ?topic=projects/P/topics/T")
    headers = _headers(push.message, "google.cloud.pubsub.topic.v1.messagePublished")
    return headers | {"ce-source": f"//pubsub.googleapis.com/{topic}"}, request.body


def _headers(message: _Message, kind: str) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "ce-id": message.message_id,
        "ce-specversion": "1.0",
        "ce-type": kind,
        "ce-time": message.publish_time,
    }
