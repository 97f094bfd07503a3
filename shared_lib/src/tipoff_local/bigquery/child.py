"""The child process of `Warehouse`: local-bigquery with our patches.

Arguments: data folder, default project, folder of the identity whose policy is enforced (empty: every caller owns
everything), folder of the usage log (empty: none is kept), REST port, gRPC port (0 lets the system choose), threads of
DuckDB (0 is one for each processor). The process uses the entry points that local-bigquery's own pytest plugin uses,
because its command line can neither report a port nor end with its parent.
"""

import json
import sys
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import uvicorn
from local_bigquery import app
from local_bigquery.engine import database
from local_bigquery.grpc import server
from local_bigquery.settings import settings

from tipoff_local.bigquery.billing import Billing
from tipoff_local.bigquery.buffer import FOLDER, StreamingBuffer, TableWriter
from tipoff_local.bigquery.catalogue import CatalogueCache
from tipoff_local.bigquery.flush_before_read import FlushBeforeRead, flush_before_read
from tipoff_local.bigquery.patches import private_names
from tipoff_local.bigquery.patches.appends import append_by_columns
from tipoff_local.bigquery.patches.bills import bill_jobs
from tipoff_local.bigquery.patches.catalogue_changes import clear_at_changes
from tipoff_local.bigquery.patches.jobs import keep_jobs_in_memory
from tipoff_local.bigquery.patches.lookups import use_ducklake_catalogue
from tipoff_local.bigquery.patches.operators import bracket_operands
from tipoff_local.bigquery.patches.reraise import keep_reasons
from tipoff_local.bigquery.patches.results import find_results_by_name, run_queries_once
from tipoff_local.bigquery.patches.translations import SavedTranslations, cache_translations
from tipoff_local.bigquery.permissions import CheckPermissions, Permissions, check_calls
from tipoff_local.bigquery.references import ReferencedTables
from tipoff_local.httpd import INSTANCE_PATH
from tipoff_local.iam.access import UNRESTRICTED, Access, Enforced
from tipoff_local.identity import Identity
from tipoff_local.processes import report_ready, send_other_output_to_log, when_parent_ends
from tipoff_local.usage import UsageLog

HOST = "127.0.0.1"
# An open append stream keeps a thread, and each function keeps one stream for each table that it writes.
# local-bigquery's own server has 16 threads: the seventeenth stream would wait forever.
STREAMS_MAX = 256
READ, CREATE_SESSION = "google.cloud.bigquery.storage.v1.BigQueryRead", "CreateReadSession"
# The size limit of an AppendRows request. gRPC's own default is a fifth of it.
APPEND_BYTES_MAX = 20_000_000


def main(
    data_dir: Path, project: str, access: Access, usage: UsageLog, rest_port: int, grpc_port: int, threads: int
) -> None:
    """Serve until the parent ends.

    Raises:
        SystemExit: local-bigquery is not the release that the patches were written for, or the REST port is taken.
    """
    try:
        private_names.check()
    except private_names.PrivateNamesChanged as error:
        raise SystemExit(str(error)) from error
    settings.bigquery_host = HOST
    settings.data_dir = data_dir
    settings.default_project_id = project
    cache, buffer, saved = apply_patches(data_dir, usage)
    references, permissions = ReferencedTables(cache), Permissions(access, cache)
    instance = uuid.uuid4().hex
    app.add_middleware(FlushBeforeRead, buffer=buffer, references=references)
    app.add_middleware(CheckPermissions, permissions=permissions)
    app.add_api_route(INSTANCE_PATH, lambda: {"instance": instance})
    storage, bound_grpc_port = serve_storage(grpc_port, buffer, references, permissions)
    rest = uvicorn.Server(uvicorn.Config(app, host=HOST, port=rest_port, log_level="warning"))
    thread = threading.Thread(target=rest.run)
    thread.start()
    when_parent_ends(lambda: setattr(rest, "should_exit", True))
    # The first query sets DuckDB up; do that before reporting ready.
    with ending_at_failure(rest):
        database.fetch("SELECT 1")
    if threads:
        database.execute(f"SET threads = {threads}")
    while not rest.started and thread.is_alive():
        thread.join(0.01)
    if not rest.started:
        raise SystemExit(f"port {rest_port} is taken")
    bound_rest_port = rest.servers[0].sockets[0].getsockname()[1]
    ports = {"rest_port": bound_rest_port, "grpc_port": bound_grpc_port}
    report_ready(json.dumps({**ports, "instance": instance}))
    thread.join()
    storage.stop(None).wait()
    buffer.flush()
    saved.write()


@contextmanager
def ending_at_failure(rest: uvicorn.Server) -> Iterator[None]:
    """Stop the server if the block fails: its thread would keep this process alive."""
    is_done = False
    try:
        yield
        is_done = True
    finally:
        if not is_done:
            rest.should_exit = True


def apply_patches(data_dir: Path, usage: UsageLog) -> tuple[CatalogueCache, StreamingBuffer, SavedTranslations]:
    """Apply all patches, in an order that they need, and insert the rows that an earlier process left in the buffer."""
    use_ducklake_catalogue()
    cache = CatalogueCache()
    clear_at_changes(cache)
    buffer = StreamingBuffer(data_dir / FOLDER, TableWriter(database.connection))
    buffer.recover()
    append_by_columns(cache, buffer, usage)
    bracket_operands()
    keep_reasons()
    cache_translations(cache)
    saved = SavedTranslations(data_dir, cache)
    keep_jobs_in_memory()
    find_results_by_name()
    run_queries_once()
    bill_jobs(Billing(cache), usage)
    return cache, buffer, saved


def serve_storage(
    port: int, buffer: StreamingBuffer, references: ReferencedTables, permissions: Permissions
) -> tuple[grpc.Server, int]:
    """Start BigQuery Storage on `port` (0 lets the system choose); returns the server and the port."""
    options = [("grpc.max_receive_message_length", APPEND_BYTES_MAX)]
    storage = grpc.server(ThreadPoolExecutor(STREAMS_MAX), options=options)
    read = server.SERVICES[READ]
    services = {
        **server.SERVICES,
        READ: {**read, CREATE_SESSION: flush_before_read(read[CREATE_SESSION], buffer, references)},
    }
    handlers = [
        grpc.method_handlers_generic_handler(name, check_calls(methods, permissions))
        for name, methods in services.items()
    ]
    storage.add_generic_rpc_handlers(handlers)
    bound = storage.add_insecure_port(f"{HOST}:{port}")
    storage.start()
    return storage, bound


if __name__ == "__main__":
    send_other_output_to_log()
    enforced = Enforced(Identity(Path(sys.argv[3]))) if sys.argv[3] else UNRESTRICTED
    counted = UsageLog(Path(sys.argv[4]) if sys.argv[4] else None, "bigquery")
    main(Path(sys.argv[1]), sys.argv[2], enforced, counted, *map(int, sys.argv[5:]))
