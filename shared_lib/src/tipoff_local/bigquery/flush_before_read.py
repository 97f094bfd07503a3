"""Inserts buffered rows before a request that may read them is answered, over REST and over the Storage API."""

import asyncio
import re
from typing import Any

import grpc

from tipoff_local.bigquery.buffer import StreamingBuffer
from tipoff_local.bigquery.references import ReferencedTables

_NEW_JOB_PATH = re.compile(r"/projects/[^/]+/(jobs|queries)/?$")
_JOB_PATH = re.compile(r"/projects/[^/]+/(jobs|queries)(/|$)")


class FlushBeforeRead:
    """ASGI middleware that flushes the tables that a request may read."""

    def __init__(self, app: Any, buffer: StreamingBuffer, references: ReferencedTables) -> None:
        self._app = app
        self._buffer = buffer
        self._references = references

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and self._buffer.holds_rows:
            receive = await self._flush(scope["method"], scope["path"], receive)
        await self._app(scope, receive, send)

    async def _flush(self, method: str, path: str, receive: Any) -> Any:
        """Flush, and return the `receive` of the application.

        A GET of a job or its result needs no flush, because the result exists already. Waiting clients send it often.
        """
        if method == "GET" and _JOB_PATH.search(path):
            return receive
        if method == "POST" and _NEW_JOB_PATH.search(path):
            receive, body = await read_body(receive)
            await asyncio.to_thread(lambda: self._buffer.flush(self._references.of_request(body)))
        else:
            await asyncio.to_thread(self._buffer.flush)
        return receive


async def read_body(receive: Any) -> tuple[Any, bytes]:
    """The whole body, and a `receive` that returns it again."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    left = iter(messages)

    async def again() -> Any:
        return next(left, None) or await receive()

    return again, b"".join(message.get("body", b"") for message in messages)


def flush_before_read(
    handler: grpc.RpcMethodHandler, buffer: StreamingBuffer, references: ReferencedTables
) -> grpc.RpcMethodHandler:
    """The handler of CreateReadSession, which flushes the table before it is read."""
    answer = handler.unary_unary

    def flush_and_answer(request: Any, context: grpc.ServicerContext) -> Any:
        buffer.flush(references.of_text(request.read_session.table))
        return answer(request, context)

    return handler._replace(unary_unary=flush_and_answer)
