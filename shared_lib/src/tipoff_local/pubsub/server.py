"""The Pub/Sub server: gRPC for the official clients and REST for gcloud, on one broker."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.pubsub_v1 import types

from tipoff_local.errors import ApiError, unsupported
from tipoff_local.httpd import HttpServer, PortTaken, listen
from tipoff_local.iam.access import UNRESTRICTED, Access, Caller
from tipoff_local.iam.messages import check_message
from tipoff_local.identity import Identity
from tipoff_local.pubsub.api import Api
from tipoff_local.pubsub.broker import Broker
from tipoff_local.pubsub.push import Pusher
from tipoff_local.pubsub.rest import Rest
from tipoff_local.pubsub.usage import PubsubUsage
from tipoff_local.usage import UsageLog

_THREADS = 64
_OPTIONS = [
    ("grpc.so_reuseport", 0),  # a second server on the same port must be an error
    ("grpc.max_receive_message_length", 20 * 1024 * 1024),
    ("grpc.max_send_message_length", 20 * 1024 * 1024),
]


class PubsubServer:
    """Pub/Sub on 127.0.0.1.

    Args:
        folder: keeps the data over restarts and SIGKILL.
        identity: signs the tokens of push requests.
        port, rest_port: ports of gRPC and REST; 0 lets the system choose.
        push_window: concurrent requests of each push subscription; 1 makes the order of deliveries deterministic.
        interceptors: gRPC server interceptors, for fault injection.
        access: decides who may call; by default everybody may.
        usage: counts the bytes of publish and push requests.
    """

    def __init__(
        self, folder: Path, identity: Identity, port: int = 0, rest_port: int = 0, *, push_window: int = 16,
        interceptors: Sequence[grpc.ServerInterceptor] = (), access: Access = UNRESTRICTED,
        usage: UsageLog | None = None,
    ) -> None:  # fmt: skip
        rest_listener = listen(rest_port)
        self._access = access
        self._broker = Broker(folder, access)
        counted = PubsubUsage(usage or UsageLog(None, ""))
        self._broker.on_publish = counted.published
        self._broker.on_queue = Pusher(identity, push_window, counted, access).update
        api = Api(self._broker)
        self._http = HttpServer(Rest(api, access).handle, listener=rest_listener)
        pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="pubsub-grpc")
        self._grpc = grpc.server(pool, options=_OPTIONS, interceptors=list(interceptors))
        self._grpc.add_generic_rpc_handlers(_handlers(api, access))
        self.port = _bind(self._grpc, port)

    @property
    def endpoint(self) -> str:
        """The value of PUBSUB_EMULATOR_HOST: `127.0.0.1:port`, gRPC."""
        return f"127.0.0.1:{self.port}"

    @property
    def rest_url(self) -> str:
        """Base URL of the REST API, for gcloud."""
        return self._http.url

    @property
    def instance(self) -> str:
        """The token that `GET /.well-known/tipoff-local` answers at the REST URL."""
        return self._http.instance

    def start(self) -> None:
        """Begin to serve, and to deliver what an earlier run had not delivered."""
        self._broker.start()
        self._grpc.start()
        self._http.start()

    def stop(self) -> None:
        """Stop serving; undelivered messages stay in the folder."""
        self._http.stop()
        self._grpc.stop(grace=None).wait()
        self._broker.close()

    def create_topic(self, path: str) -> None:
        """Create the topic `projects/P/topics/T` unless it exists."""
        try:
            self._broker.create_topic(types.Topic(name=path))
        except ApiError as error:
            if error.status != 409:
                raise

    def ensure_subscription(self, subscription: types.Subscription) -> None:
        """Create the subscription, or update the existing one to these settings."""
        try:
            self._broker.create_subscription(subscription)
        except ApiError as error:
            if error.status != 409:
                raise
            self._broker.update_subscription(subscription)

    def publish(self, topic_path: str, data: bytes, attributes: Mapping[str, str], caller: Caller | None = None) -> str:
        """Publish a message, and return its id once it is durable.

        Args:
            caller: another service of this local cloud that publishes; without one, it is not checked.

        Raises:
            ApiError: 404 if there is no such topic, 403 if the caller may not publish to it.
        """
        if caller is not None:
            self._access.check(caller, "pubsub.Publish", {"topic": topic_path.rpartition("/")[2]})
        return self._broker.publish(topic_path, [(data, attributes)])[0]

    def backlog(self, subscription_path: str) -> int:
        """Number of messages that a subscription has neither acknowledged nor dead-lettered."""
        return self._broker.queue(subscription_path).backlog()


def _bind(server: grpc.Server, port: int) -> int:
    try:
        return int(server.add_insecure_port(f"127.0.0.1:{port}"))
    except RuntimeError as error:
        raise PortTaken(f"port {port} of 127.0.0.1 is taken") from error


def _handlers(api: Api, access: Access) -> tuple[grpc.GenericRpcHandler, ...]:
    """The method tables; a method without an entry answers UNIMPLEMENTED with its name."""
    publisher = {
        "CreateTopic": _unary(access, "CreateTopic", api.create_topic, types.Topic),
        "GetTopic": _unary(access, "GetTopic", api.get_topic, types.GetTopicRequest),
        "UpdateTopic": _unary(access, "UpdateTopic", api.update_topic, types.UpdateTopicRequest),
        "ListTopics": _unary(access, "ListTopics", api.list_topics, types.ListTopicsRequest),
        "ListTopicSubscriptions": _unary(
            access, "ListTopicSubscriptions", api.list_topic_subscriptions, types.ListTopicSubscriptionsRequest
        ),
        "DeleteTopic": _unary(access, "DeleteTopic", api.delete_topic, types.DeleteTopicRequest),
        "Publish": _unary(access, "Publish", api.publish, types.PublishRequest),
    }
    subscriber = {
        "CreateSubscription": _unary(access, "CreateSubscription", api.create_subscription, types.Subscription),
        "GetSubscription": _unary(access, "GetSubscription", api.get_subscription, types.GetSubscriptionRequest),
        "UpdateSubscription": _unary(
            access, "UpdateSubscription", api.update_subscription, types.UpdateSubscriptionRequest
        ),
        "ListSubscriptions": _unary(
            access, "ListSubscriptions", api.list_subscriptions, types.ListSubscriptionsRequest
        ),
        "DeleteSubscription": _unary(
            access, "DeleteSubscription", api.delete_subscription, types.DeleteSubscriptionRequest
        ),
        "ModifyPushConfig": _unary(access, "ModifyPushConfig", api.modify_push_config, types.ModifyPushConfigRequest),
        "Pull": _pull(api, access),
        "StreamingPull": _stream(api, access),
        "Acknowledge": _unary(access, "Acknowledge", api.acknowledge, types.AcknowledgeRequest),
        "ModifyAckDeadline": _unary(
            access, "ModifyAckDeadline", api.modify_ack_deadline, types.ModifyAckDeadlineRequest
        ),
    }
    return (
        grpc.method_handlers_generic_handler("google.pubsub.v1.Publisher", publisher),
        grpc.method_handlers_generic_handler("google.pubsub.v1.Subscriber", subscriber),
        _UnimplementedMethods(),
    )


def _check(access: Access, method: str, message: Any, context: grpc.ServicerContext) -> None:
    caller = access.caller(dict(context.invocation_metadata()).get("authorization"))
    check_message(access, caller, f"pubsub.{method}", message)


def _unary(access: Access, method: str, call: Callable[[Any], Any], request: Any) -> grpc.RpcMethodHandler:
    def answer(message: Any, context: grpc.ServicerContext) -> Any:
        try:
            _check(access, method, message, context)
            return call(message)
        except ApiError as error:
            _abort(context, error)

    return grpc.unary_unary_rpc_method_handler(
        answer, request_deserializer=request.deserialize, response_serializer=_serialize)  # fmt: skip


def _pull(api: Api, access: Access) -> grpc.RpcMethodHandler:
    def answer(message: types.PullRequest, context: grpc.ServicerContext) -> types.PullResponse:
        remaining = context.time_remaining()
        try:
            _check(access, "Pull", message, context)
            return api.pull(message, 20.0 if remaining is None else max(0.0, remaining - 0.2))
        except ApiError as error:
            _abort(context, error)

    return grpc.unary_unary_rpc_method_handler(
        answer, request_deserializer=types.PullRequest.deserialize,
        response_serializer=_serialize)  # fmt: skip


def _stream(api: Api, access: Access) -> grpc.RpcMethodHandler:
    def answer(
        requests: Iterator[types.StreamingPullRequest], context: grpc.ServicerContext
    ) -> Iterator[types.StreamingPullResponse]:
        def checked() -> Iterator[types.StreamingPullRequest]:
            for position, request in enumerate(requests):
                if position == 0:
                    _check(access, "StreamingPull", request, context)
                yield request

        try:
            yield from api.streaming_pull(checked(), context.is_active)
        except ApiError as error:
            _abort(context, error)

    return grpc.stream_stream_rpc_method_handler(
        answer, request_deserializer=types.StreamingPullRequest.deserialize,
        response_serializer=_serialize)  # fmt: skip


class _UnimplementedMethods(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Refuses methods that no table has, with their names."""

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        def refuse(message: bytes, context: grpc.ServicerContext) -> NoReturn:
            _abort(context, unsupported(str(details.method)))

        return grpc.unary_unary_rpc_method_handler(refuse)


def _serialize(message: Any) -> bytes:
    kind = type(message)
    serialize = kind.serialize if hasattr(kind, "serialize") else kind.SerializeToString
    return bytes(serialize(message))


def _abort(context: grpc.ServicerContext, error: ApiError) -> NoReturn:
    context.abort(error.code, error.message)
    raise error  # for the type checker: abort() has raised already
