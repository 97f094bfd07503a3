"""Headers that Cloud Run and Eventarc set, in the form that their pages give."""

import base64
import json
from urllib.parse import unquote

from tipoff_local.host.eventarc import cloud_event
from tipoff_local.host.router import _as_received
from tipoff_local.http1 import Request


def test_a_name_outside_ascii_is_percent_encoded_in_the_subject() -> None:
    """https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md"""
    name = 'landing/Jokić 日本/ß "100%".json'
    attributes = {"eventType": "OBJECT_FINALIZE", "bucketId": "b", "objectId": name}
    message = {"messageId": "1", "publishTime": "2024-11-01T00:00:00Z", "attributes": attributes}
    message["data"] = base64.b64encode(b"{}").decode()
    body = json.dumps({"message": message, "subscription": "s"}).encode()
    subject = cloud_event(Request("POST", "/eventarc/x", {}, body)).headers["ce-subject"]
    assert subject == "objects/landing/Joki%C4%87%20%E6%97%A5%E6%9C%AC/%C3%9F%20%22100%25%22.json"
    assert unquote(subject) == f"objects/{name}"


def test_a_request_has_a_trace_and_the_addresses_that_it_came_from() -> None:
    """https://cloud.google.com/run/docs/trace"""
    first = _as_received(Request("POST", "/", {}, b""), "/").headers
    version, trace, span, flags = first["traceparent"].split("-")
    assert (version, len(trace), len(span), flags) == ("00", 32, 16, "00")
    assert first["x-cloud-trace-context"] == f"{trace}/{int(span, 16)};o=0"
    assert first["x-forwarded-for"] == "127.0.0.1"
    sent = {"traceparent": first["traceparent"], "x-forwarded-for": "10.0.0.1"}
    second = _as_received(Request("POST", "/", sent, b""), "/").headers
    assert (second["traceparent"], second["x-forwarded-for"]) == (first["traceparent"], "10.0.0.1,127.0.0.1")
