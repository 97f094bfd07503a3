"""What must be known of the structs before threads meet them."""

from collections.abc import Iterator

import msgspec


def prepare() -> None:
    """Let msgspec look at every struct that is loaded while there is one thread.

    It looks at a struct when it first decodes one, and lets others see its notes before they are whole: a thread that
    meets the same struct in that moment ends the process (SIGSEGV, msgspec 0.22). A fresh instance is called by many.

    Raises:
        TypeError: msgspec cannot decode a struct; what is never decoded is a dataclass.
    """
    for struct in _below(msgspec.Struct):
        msgspec.json.Decoder(struct)


def _below(parent: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for struct in parent.__subclasses__():
        yield struct
        yield from _below(struct)
