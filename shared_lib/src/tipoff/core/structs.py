"""Preparation of msgspec structs before threads decode them."""

from collections.abc import Iterator

import msgspec


def prepare() -> None:
    """Make msgspec analyse every loaded struct. Call it while the process has one thread.

    msgspec (0.22) analyses a struct at its first use and publishes the result before it is complete. If two threads do
    this at the same time, the process crashes with SIGSEGV. A new instance often gets several requests at once.

    Raises:
        TypeError: msgspec cannot decode a struct. Make a type that is never decoded a dataclass.
    """
    for struct in _below(msgspec.Struct):
        msgspec.json.Decoder(struct)


def _below(parent: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for struct in parent.__subclasses__():
        yield struct
        yield from _below(struct)
