"""The sources of documents, one module each. The module `x` defines `SOURCE`, with the name `x`.

The package lists its modules, so a new source needs no further entry. The modules do no I/O. A source is atomic (one
bad row refuses its document) or row-wise (a bad row is rejected, and the other rows are kept).

route(object_name) -> Route | None          parse(route, body, content_encoding) -> Parsed
object_name(source, **fields) -> str        read(object_name, body, content_encoding) -> Parsed
"""

from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules

from tipoff.core.collect.collection import Collection
from tipoff.core.collect.windows import Window
from tipoff.core.contracts.results import Parsed, refused
from tipoff.core.contracts.routes import ObjectNames, Route
from tipoff.core.expected import expected_outputs
from tipoff.core.reading import read_document
from tipoff.core.source import Source


def _all_sources() -> dict[str, Source]:
    names = sorted(module.name for module in iter_modules(__path__))
    return {name: import_module(f"{__name__}.{name}").SOURCE for name in names}


SOURCES: Mapping[str, Source] = _all_sources()
COLLECTIONS: Mapping[str, Collection] = {
    name: source.collection for name, source in SOURCES.items() if source.collection is not None
}
WINDOWS: Mapping[str, Window] = {
    name: collection.window for name, collection in COLLECTIONS.items() if collection.window is not None
}
KEYS = frozenset(collection.key for collection in COLLECTIONS.values() if collection.key is not None)
EXPECTED_OUTPUTS = expected_outputs(output for source in SOURCES.values() for output in source.delivers)
_NAMES = ObjectNames({name: source.object_names for name, source in SOURCES.items()})

route = _NAMES.route
refusal = _NAMES.refusal
object_name = _NAMES.object_name


def parse(
    found: Route, body: bytes, content_encoding: str | None = None, received_at: datetime | None = None
) -> Parsed:
    """Read one document by its route. Arguments as in `read_document`."""
    return read_document(SOURCES[found.source], found, body, content_encoding, received_at)


def read(name: str, body: bytes, content_encoding: str | None = None, received_at: datetime | None = None) -> Parsed:
    """Read one object by its name. A name without a route is refused. Arguments as in `read_document`."""
    found = route(name)
    if found is None:
        return refused(refusal(name, len(body)))
    return parse(found, body, content_encoding, received_at)
