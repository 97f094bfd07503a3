"""The REST API of Pub/Sub, for gcloud and curl: JSON forms of the same messages as in gRPC."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from google.protobuf import json_format
from google.pubsub_v1 import types

from tipoff_local.errors import invalid, unsupported
from tipoff_local.http1 import Request, Response
from tipoff_local.httpd import json_response
from tipoff_local.iam.access import UNRESTRICTED, Access
from tipoff_local.iam.messages import check_message
from tipoff_local.pubsub.api import Api

_TOPIC = r"projects/[^/]+/topics/[^/:]+"
_SUBSCRIPTION = r"projects/[^/]+/subscriptions/[^/:]+"
_PULL_WAIT_S = 2.0

type _Call = Callable[[Any], Any]


class Rest:
    """Routes requests by method and path. The third part of a route is the request field that the path fills."""

    def __init__(self, api: Api, access: Access = UNRESTRICTED) -> None:
        self._access = access

        def pull(request: types.PullRequest) -> types.PullResponse:
            return api.pull(request, _PULL_WAIT_S)

        topic, project, subscription = "topic", "project", "subscription"
        routes: list[tuple[str, str, str, Any, _Call]] = [
            ("PUT", f"({_TOPIC})", "name", types.Topic, api.create_topic),
            ("GET", f"({_TOPIC})", topic, types.GetTopicRequest, api.get_topic),
            ("PATCH", f"({_TOPIC})", "topic.name", types.UpdateTopicRequest, api.update_topic),
            ("DELETE", f"({_TOPIC})", topic, types.DeleteTopicRequest, api.delete_topic),
            ("GET", r"(projects/[^/]+)/topics", project, types.ListTopicsRequest, api.list_topics),
            ("GET", f"({_TOPIC})/subscriptions", topic, types.ListTopicSubscriptionsRequest,
             api.list_topic_subscriptions),
            ("POST", f"({_TOPIC}):publish", topic, types.PublishRequest, api.publish),
            ("PUT", f"({_SUBSCRIPTION})", "name", types.Subscription, api.create_subscription),
            ("GET", f"({_SUBSCRIPTION})", subscription, types.GetSubscriptionRequest, api.get_subscription),
            ("PATCH", f"({_SUBSCRIPTION})", "subscription.name", types.UpdateSubscriptionRequest,
             api.update_subscription),
            ("DELETE", f"({_SUBSCRIPTION})", subscription, types.DeleteSubscriptionRequest,
             api.delete_subscription),
            ("GET", r"(projects/[^/]+)/subscriptions", project, types.ListSubscriptionsRequest,
             api.list_subscriptions),
            ("POST", f"({_SUBSCRIPTION}):pull", subscription, types.PullRequest, pull),
            ("POST", f"({_SUBSCRIPTION}):acknowledge", subscription, types.AcknowledgeRequest,
             api.acknowledge),
            ("POST", f"({_SUBSCRIPTION}):modifyAckDeadline", subscription, types.ModifyAckDeadlineRequest,
             api.modify_ack_deadline),
            ("POST", f"({_SUBSCRIPTION}):modifyPushConfig", subscription, types.ModifyPushConfigRequest,
             api.modify_push_config),
        ]  # fmt: skip
        self._routes = [
            (method, re.compile(f"/v1/{pattern}"), *rest) for method, pattern, *rest in routes
        ]  # fmt: skip

    def handle(self, request: Request) -> Response:
        """Answer one request.

        Raises:
            ApiError: the request is refused.
        """
        path = unquote(request.path)
        for method, pattern, field, kind, call in self._routes:
            match = pattern.fullmatch(path)
            if match is not None and method == request.method:
                message = _message(request, kind, field, match.group(1))
                caller = self._access.caller(request.headers.get("authorization"))
                check_message(self._access, caller, f"pubsub.{_method_of(call)}", message)
                return _render(call(message))
        raise unsupported(f"{request.method} {request.path}")


def _method_of(call: _Call) -> str:
    """The name of a method in the API: `CreateTopic` for `create_topic`."""
    return "".join(word.capitalize() for word in call.__name__.split("_"))


def _message(request: Request, kind: Any, field: str, path: str) -> Any:
    """The request message, from body, query and path.

    Raises:
        ApiError: 400 for malformed JSON or an unknown field.
    """
    try:
        message = kind.from_json(request.body or b"{}", ignore_unknown_fields=False)
    except (json_format.ParseError, UnicodeDecodeError) as error:
        raise invalid(f"Invalid JSON payload received. {error}") from error
    for name, value in (("page_size", "pageSize"), ("page_token", "pageToken")):
        if value in request.query:
            setattr(message, name, int(request.query[value]) if name == "page_size" else request.query[value])
    owner, _, name = field.rpartition(".")
    setattr(getattr(message, owner) if owner else message, name, path)
    return message


def _render(answer: Any) -> Response:
    if not hasattr(type(answer), "to_json"):
        return json_response({})
    fields = json_format.MessageToDict(type(answer).pb(answer))
    return json_response(fields)
