"""Checks each request to the warehouse before its handler: over REST and over the Storage API.

A query needs bigquery.jobs.create, and the permissions on each dataset that its statement uses (`statements`).
"""

import asyncio
import gzip
import re
from collections.abc import Iterator, Mapping
from typing import Any

import grpc
import msgspec
from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.errors import BigQueryError

from tipoff_local.bigquery.catalogue import CatalogueCache
from tipoff_local.bigquery.definitions import definitions
from tipoff_local.bigquery.flush_before_read import read_body
from tipoff_local.bigquery.statements import (
    CHANGE,
    READ,
    Definitions,
    UnknownStatement,
    Use,
    definition_references,
    uses_of,
)
from tipoff_local.errors import ApiError, unsupported
from tipoff_local.httpd import INSTANCE_PATH
from tipoff_local.iam.access import Access, Caller

# As local-bigquery lists its datasets. The other schemas are DuckDB's own, or have the results of jobs.
_DATASETS = """SELECT DISTINCT schema_name FROM duckdb_schemas()
    WHERE NOT internal AND schema_name <> 'main' AND NOT starts_with(schema_name, '_')"""
_DATASET = r"/bigquery/v2/projects/[^/]+/datasets/(?P<dataset>[^/]+)"
_JOB = r"/bigquery/v2/projects/[^/]+/jobs/[^/]+"
_RESULT = r"/bigquery/v2/projects/[^/]+/queries/[^/]+"
# Methods without a statement. A request that no entry matches is the owner's alone.
_METHODS = [
    (re.compile(f"{method} {path}"), name)
    for method, path, name in (
        ("GET", _JOB, "bigquery.jobs.get"),
        ("POST", f"{_JOB}/cancel", "bigquery.jobs.cancel"),
        ("GET", _RESULT, "bigquery.jobs.getQueryResults"),
        ("GET", _DATASET, "bigquery.datasets.get"),
        ("GET", f"{_DATASET}/tables", "bigquery.tables.list"),
        ("GET", f"{_DATASET}/tables/[^/]+", "bigquery.tables.get"),
        ("GET", f"{_DATASET}/tables/[^/]+/data", "bigquery.tabledata.list"),
        ("POST", f"{_DATASET}/tables/[^/]+/insertAll", "bigquery.tabledata.insertAll"),
    )
]
_NEW_JOB = re.compile(r"POST (?:/upload)?/bigquery/v2/projects/[^/]+/(?P<kind>jobs|queries)/?")
_TABLE = re.compile(r"projects/[^/]+/datasets/(?P<dataset>[^/]+)/tables/[^/]+")


class Permissions:
    """The checks of one warehouse."""

    def __init__(self, access: Access, cache: CatalogueCache) -> None:
        self._access = access
        self._cache = cache

    def caller(self, authorization: str | None) -> Caller:
        """The caller of a request."""
        return self._access.caller(authorization)

    def check_request(self, caller: Caller, line: str, body: bytes) -> None:
        """Check a REST request (`GET /path`).

        Raises:
            ApiError: 403, a permission is missing; 501, a kind of statement that is not looked into.
        """
        new_job = _NEW_JOB.fullmatch(line)
        if new_job is not None:
            self._check_job(caller, new_job["kind"], body)
            return
        found = next(((match, name) for pattern, name in _METHODS if (match := pattern.fullmatch(line))), None)
        if found is None:
            self._access.check(caller, line)
        elif found[0].groupdict().get("dataset") != tables.RESULTS:
            self._access.check(caller, found[1], found[0].groupdict())

    def _check_job(self, caller: Caller, kind: str, body: bytes) -> None:
        self._access.check(caller, "bigquery.jobs.insert" if kind == "jobs" else "bigquery.jobs.query")
        if caller.is_owner:
            return
        request = _decoded(body)
        query = request.get("configuration", {}).get("query") if kind == "jobs" else request
        if query is None:
            raise unsupported("jobs other than queries, for a caller who is not the owner")
        default = query.get("defaultDataset", {}).get("datasetId")
        self.check_statement(caller, str(query.get("query", "")), default)
        destination = query.get("destinationTable", {}).get("datasetId")
        if destination is not None:
            self._access.check(caller, f"bigquery.statement.{CHANGE}", {"dataset": destination})

    def check_statement(self, caller: Caller, text: str, default_dataset: str | None = None) -> None:
        """Check the permissions on each dataset that a statement uses.

        Raises:
            ApiError: 403, a permission is missing; 501, the statement runs a text that is not looked into.
        """
        key = ("uses", text, default_dataset)
        try:
            uses: frozenset[Use] = self._cache.get(key, lambda: uses_of(text, self._definitions(), default_dataset))
        except UnknownStatement as error:
            raise unsupported(f"{error} for a caller who is not the owner") from error
        for use in sorted(uses, key=str):
            if use.via is None or not self._access.authorised(use.via, use.dataset):
                self._access.check(caller, f"bigquery.statement.{use.action}", {"dataset": use.dataset})

    def check_call(self, caller: Caller, method: str, table: str = "") -> None:
        """Check a method of the Storage API, for a table (`projects/P/datasets/D/tables/T`) if it has one."""
        match = _TABLE.match(table)
        dataset = match["dataset"] if match else ""
        # An anonymous result belongs to the account whose job made it.
        if dataset == tables.RESULTS:
            dataset = ""
        self._access.check(caller, f"bigquerystorage.{method}", {"dataset": dataset} if dataset else {})
        if dataset and method == "CreateReadSession":
            self._access.check(caller, f"bigquery.statement.{READ}", {"dataset": dataset})

    def _definitions(self) -> Definitions:
        found: Definitions = self._cache.get("definitions by dataset", _by_dataset)
        return found


def _by_dataset() -> Definitions:
    datasets = frozenset(name for (name,) in database.fetch(_DATASETS))
    found: dict[str, dict[tuple[str, str], frozenset[tuple[str, str]]]] = {"view": {}, "routine": {}, "policy": {}}
    for kind, dataset, name, text in definitions():
        found[kind][dataset, name] = definition_references(text, datasets)
    return Definitions(datasets, found["view"], found["routine"])


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise ApiError(400, f"Invalid JSON payload received: {error}", "invalid") from error


class CheckPermissions:
    """ASGI middleware that answers 401 or 403 before the application sees the request."""

    def __init__(self, app: Any, permissions: Permissions) -> None:
        self._app = app
        self._permissions = permissions

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] != INSTANCE_PATH:
            try:
                receive = await self._checked(scope, receive)
            except ApiError as error:
                await _answer(send, error)
                return
        await self._app(scope, receive, send)

    async def _checked(self, scope: Any, receive: Any) -> Any:
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        caller = self._permissions.caller(headers.get(b"authorization", b"").decode("latin-1") or None)
        line = f"{scope['method']} {scope['path']}"
        if caller.is_owner or not _NEW_JOB.fullmatch(line):
            self._permissions.check_request(caller, line, b"")
            return receive
        receive, body = await read_body(receive)
        plain = gzip.decompress(body) if headers.get(b"content-encoding") == b"gzip" else body
        await asyncio.to_thread(self._permissions.check_request, caller, line, plain)
        return receive


async def _answer(send: Any, error: ApiError) -> None:
    body = msgspec.json.encode(error.body())
    headers = [(b"content-type", b"application/json; charset=UTF-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def check_calls(
    methods: Mapping[str, grpc.RpcMethodHandler], permissions: Permissions
) -> dict[str, grpc.RpcMethodHandler]:
    """The handlers of a service of the Storage API, each with its check."""
    return {name: _checked(name, handler, permissions) for name, handler in methods.items()}


def _checked(name: str, handler: grpc.RpcMethodHandler, permissions: Permissions) -> grpc.RpcMethodHandler:
    def allow(caller: Caller, request: Any) -> None:
        try:
            permissions.check_call(caller, name, _table_of(request))
        except ApiError as error:
            raise BigQueryError("accessDenied", error.message) from error

    def caller_of(context: grpc.ServicerContext) -> Caller:
        try:
            return permissions.caller(dict(context.invocation_metadata()).get("authorization"))
        except ApiError as error:
            context.abort(error.code, error.message)
            raise

    if handler.stream_stream:

        def streaming(requests: Iterator[Any], context: grpc.ServicerContext) -> Any:
            return handler.stream_stream(_each_checked(requests, caller_of(context), allow), context)

        return handler._replace(stream_stream=streaming)

    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        caller = caller_of(context)
        try:
            allow(caller, request)
        except BigQueryError as error:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, error.message)
        return (handler.unary_unary or handler.unary_stream)(request, context)

    return handler._replace(**{"unary_stream" if handler.response_streaming else "unary_unary": answer})


def _each_checked(requests: Iterator[Any], caller: Caller, allow: Any) -> Iterator[Any]:
    """Each request. The stream is checked with the first one, and again where a request names another table."""
    table = None
    for request in requests:
        named = _table_of(request)
        if named and named != table:
            allow(caller, request)
            table = named
        yield request


def _table_of(request: Any) -> str:
    """The table or stream that a request names."""
    session = getattr(request, "read_session", None)
    if session:
        return str(session.table)
    return str(getattr(request, "write_stream", "") or getattr(request, "parent", "") or "")
