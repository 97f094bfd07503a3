"""The type of a source: one value with everything that differs between sources."""

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
        name: as in object receipts and requests; also the name of the source's module.
        object_names: templates of its object names. Tipoff writes under the first.
        parse: reads plain bytes and raises DocumentRefused.
        parse_seq: version of the parser; increase it whenever its rows change.
        is_json: whether the body must be UTF-8 text.
        delivers: the outputs that each game date is expected to have from it, and by when.
        collection: how Tipoff fetches it; None if its documents only come from outside.
    """

    name: str
    object_names: tuple[Template, ...]
    parse: ParseFunction
    parse_seq: int
    is_json: bool = True
    delivers: tuple[Output, ...] = ()
    collection: Collection | None = None
