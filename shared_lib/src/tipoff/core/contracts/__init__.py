"""Contracts with the sources: names of their objects, shapes of their documents, and the rows they become.

route(name) -> Route | None          parse(route, body, content_encoding) -> Parsed
object_name(source, **fields)        read(name, body, content_encoding) -> Parsed   (both in one, refusals included)
"""

from tipoff.core.contracts.registry import PARSERS, parse, parse_seq, read
from tipoff.core.contracts.results import Parsed, Reject, Row, TableRows
from tipoff.core.contracts.routes import SOURCES, TEMPLATES, Route, object_name, refusal, route

__all__ = [
    "PARSERS",
    "SOURCES",
    "TEMPLATES",
    "Parsed",
    "Reject",
    "Route",
    "Row",
    "TableRows",
    "object_name",
    "parse",
    "parse_seq",
    "read",
    "refusal",
    "route",
]
