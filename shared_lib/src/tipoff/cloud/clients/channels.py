"""Connections to local emulators."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import grpc

STREAM_MESSAGE_BYTES = 20 * 1024 * 1024


def channel(endpoint: str, access_token: str | None = None) -> "grpc.Channel":
    """An insecure channel to a local emulator.

    Args:
        access_token: sent with each call. gRPC sends its own call credentials over secure channels only.
    """
    import grpc

    options = [
        ("grpc.max_receive_message_length", -1),
        ("grpc.max_send_message_length", STREAM_MESSAGE_BYTES),
    ]
    plain = grpc.insecure_channel(endpoint, options=options)
    return grpc.intercept_channel(plain, _authorizing(access_token)) if access_token else plain


def _authorizing(access_token: str) -> Any:
    """An interceptor that adds the token to the metadata of each call, of any kind."""
    import grpc

    header = ("authorization", f"Bearer {access_token}")

    def authorized(details: Any) -> Any:
        return details._replace(metadata=[*(details.metadata or ()), header])

    class Authorizing(
        grpc.UnaryUnaryClientInterceptor,  # type: ignore[misc]
        grpc.UnaryStreamClientInterceptor,  # type: ignore[misc]
        grpc.StreamStreamClientInterceptor,  # type: ignore[misc]
    ):
        def intercept_unary_unary(self, call: Any, details: Any, request: Any) -> Any:
            return call(authorized(details), request)

        def intercept_unary_stream(self, call: Any, details: Any, request: Any) -> Any:
            return call(authorized(details), request)

        def intercept_stream_stream(self, call: Any, details: Any, requests: Any) -> Any:
            return call(authorized(details), requests)

    return Authorizing()
