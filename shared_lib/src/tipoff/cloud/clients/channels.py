"""Connections to local emulators."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import grpc

STREAM_MESSAGE_BYTES = 20 * 1024 * 1024


def channel(endpoint: str) -> "grpc.Channel":
    """An insecure channel to a local emulator."""
    import grpc

    options = [
        ("grpc.max_receive_message_length", -1),
        ("grpc.max_send_message_length", STREAM_MESSAGE_BYTES),
    ]
    return grpc.insecure_channel(endpoint, options=options)
