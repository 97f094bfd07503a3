"""What a source is: one value with everything that differs between sources."""

from collections.abc import Callable
from dataclasses import dataclass

from tipoff.core.collect.collection import Collection
from tipoff.core.contracts.results import Content
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.expected import Output

type ParseFunction = Callable[[Route, bytes], Content]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source of documents.

    Attributes:
        name: as object receipts and requests spell it; also the name of the source's module.
        object_names: layouts of its object names. The first is the one that Tipoff writes.
        parse: reads plain bytes and raises DocumentRefused.
        parse_seq: number of the parser; raise it whenever the rows change.
        is_json: whether the body must be UTF-8 text.
        delivers: the outputs that every game of a date is expected to have of it, and by when.
        collection: how Tipoff fetches it; None if its documents only come from outside.
    """

    name: str
    object_names: tuple[Template, ...]
    parse: ParseFunction
    parse_seq: int
    is_json: bool = True
    delivers: tuple[Output, ...] = ()
    collection: Collection | None = None
