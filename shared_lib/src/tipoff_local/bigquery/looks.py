"""What a request to the local warehouse may look at: the buffered rows of those tables are settled before its answer.

Found by names alone, and never too little: a request looks at each table whose name is in its texts, or in the
definition of a view or function that is named there. Settling a table costs the same for one row as for thousands, so
a question about receipts leaves the rows of all other tables where they are.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import grpc
import msgspec
from local_bigquery.engine import database

from tipoff_local.bigquery.buffer import StreamingBuffer, Wanted, every_table
from tipoff_local.bigquery.catalogue import CatalogueMemory

_WORD = re.compile(r"\w+")
_ASKS = re.compile(r"/projects/[^/]+/(jobs|queries)/?$")
_OF_A_JOB = re.compile(r"/projects/[^/]+/(jobs|queries)(/|$)")
# What these look at, their text does not say: whoever names them looks at everything.
_UNSAID = re.compile(r"information_schema|\*`|\bexecute\b|\bcall\b", re.IGNORECASE)
_VIEWS = "SELECT view_name, sql FROM duckdb_views() WHERE NOT internal"
_RESOURCES = """SELECT routine_id, resource FROM emulator.routines
    UNION ALL SELECT table_id, resource FROM emulator.row_access_policies"""

_EVERYTHING = "*"

type Words = frozenset[str]


class Looks:
    """Says which tables a text may look at, as the catalogue is."""

    def __init__(self, memory: CatalogueMemory) -> None:
        self._memory = memory

    def of_request(self, body: bytes) -> Wanted:
        """Of the JSON body of a job or query: its statement, parameters, destination and sources."""
        try:
            return self.of_text("\n".join(_texts(msgspec.json.decode(body))))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return every_table

    def of_text(self, text: str) -> Wanted:
        """Of a statement or a table's name."""
        definitions: dict[Words, Words] = self._memory.answer("definitions by name", _definitions)
        words = _with_definitions(set(_words(text)), definitions)
        return every_table if _EVERYTHING in words else lambda table: words >= _words(table[2])


def _words(text: str) -> Words:
    """In lower case: DuckDB finds some names in any."""
    words = frozenset(_WORD.findall(text.lower()))
    return words | {_EVERYTHING} if _UNSAID.search(text) else words


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict | list):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from _texts(part)


def _definitions() -> dict[Words, Words]:
    """The words in the definition of each view, table function and access policy, by the words of its name."""
    found: dict[Words, Words] = defaultdict(frozenset)
    for name, sql in database.fetch(_VIEWS):
        found[_words(name)] |= _words(sql)
    for name, resource in database.fetch(_RESOURCES):
        found[_words(name)] |= _words("\n".join(_texts(msgspec.json.decode(resource))))
    return found


def _with_definitions(words: set[str], definitions: Mapping[Words, Words]) -> set[str]:
    """These words and those of every definition that is named by them, or by such a definition."""
    left = dict(definitions)
    while named := [name for name in left if name <= words]:
        words.update(*(left.pop(name) for name in named))
    return words


class SettledFirst:
    """Has rows settled before a request is answered that may look at them (ASGI)."""

    def __init__(self, app: Any, buffer: StreamingBuffer, looks: Looks) -> None:
        self._app = app
        self._buffer = buffer
        self._looks = looks

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and self._buffer.holds_rows:
            receive = await self._settle(scope["method"], scope["path"], receive)
        await self._app(scope, receive, send)

    async def _settle(self, method: str, path: str, receive: Any) -> Any:
        """Returns what the application receives.

        A GET of a job or its result shows what was found already; waiting clients ask for it again and again.
        """
        if method == "GET" and _OF_A_JOB.search(path):
            return receive
        if method == "POST" and _ASKS.search(path):
            receive, body = await _read(receive)
            await asyncio.to_thread(lambda: self._buffer.settle(self._looks.of_request(body)))
        else:
            await asyncio.to_thread(self._buffer.settle)
        return receive


async def _read(receive: Any) -> tuple[Any, bytes]:
    """The whole body, and a `receive` that gives it once more."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    left = iter(messages)

    async def again() -> Any:
        return next(left, None) or await receive()

    return again, b"".join(message.get("body", b"") for message in messages)


def settled_before(handler: grpc.RpcMethodHandler, buffer: StreamingBuffer, looks: Looks) -> grpc.RpcMethodHandler:
    """The same for the call of the Storage API that begins to read a table."""
    answer = handler.unary_unary

    def settle_and_answer(request: Any, context: grpc.ServicerContext) -> Any:
        buffer.settle(looks.of_text(request.read_session.table))
        return answer(request, context)

    return handler._replace(unary_unary=settle_and_answer)
