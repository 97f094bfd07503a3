"""The child process of `Warehouse`: local-bigquery on ports of its own choosing, reported to the parent.

Arguments: data folder, default project, REST port, gRPC port (0 = free), threads of DuckDB (0 = as many as it likes).
Uses the three entry points that local-bigquery's own pytest plugin uses, because its command line can neither report a
port nor leave with us.
"""

import json
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import uvicorn
from local_bigquery import app
from local_bigquery.engine import database
from local_bigquery.grpc import server
from local_bigquery.settings import settings

from tipoff_local.bigquery.buffer import FOLDER, StreamingBuffer, Tables
from tipoff_local.bigquery.catalogue import CatalogueMemory
from tipoff_local.bigquery.looks import Looks, SettledFirst, settled_before
from tipoff_local.bigquery.patches import private_names
from tipoff_local.bigquery.patches.appends import append_by_columns
from tipoff_local.bigquery.patches.jobs import remember_jobs
from tipoff_local.bigquery.patches.lookups import look_names_up
from tipoff_local.bigquery.patches.results import find_results_by_name, work_results_out_once
from tipoff_local.bigquery.patches.translations import Keepsake, remember_translations
from tipoff_local.httpd import INSTANCE_PATH
from tipoff_local.processes import report_ready, when_parent_leaves

HOST = "127.0.0.1"
# An append stream keeps a thread for as long as it is open, and each function keeps one per table it writes.
# local-bigquery's own server has 16 threads: the seventeenth stream would wait for ever.
STREAMS_MAX = 256
READ, BEGIN = "google.cloud.bigquery.storage.v1.BigQueryRead", "CreateReadSession"
# What one AppendRows request may hold; gRPC's own default is a fifth of it.
APPEND_BYTES_MAX = 20_000_000


def main(data_dir: Path, project: str, rest_port: int, grpc_port: int, threads: int) -> None:
    """Serve until the parent leaves.

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
    look_names_up()
    memory = CatalogueMemory()
    memory.watch()
    buffer = StreamingBuffer(data_dir / FOLDER, Tables(database.connection))
    buffer.recover()
    append_by_columns(memory, buffer)
    remember_translations(memory)
    keepsake = Keepsake(data_dir, memory)
    remember_jobs()
    find_results_by_name()
    work_results_out_once()
    instance = uuid.uuid4().hex
    looks = Looks(memory)
    app.add_middleware(SettledFirst, buffer=buffer, looks=looks)
    app.add_api_route(INSTANCE_PATH, lambda: {"instance": instance})
    storage, bound_grpc_port = serve_storage(grpc_port, buffer, looks)
    rest = uvicorn.Server(uvicorn.Config(app, host=HOST, port=rest_port, log_level="warning"))
    thread = threading.Thread(target=rest.run)
    thread.start()
    when_parent_leaves(lambda: setattr(rest, "should_exit", True))
    # The first query pays for DuckDB's set-up; do it before saying that we are ready.
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
    buffer.settle()
    keepsake.write()


def serve_storage(port: int, buffer: StreamingBuffer, looks: Looks) -> tuple[grpc.Server, int]:
    """BigQuery Storage on `port` (0 = free); returns the server and the port."""
    options = [("grpc.max_receive_message_length", APPEND_BYTES_MAX)]
    storage = grpc.server(ThreadPoolExecutor(STREAMS_MAX), options=options)
    read = server.SERVICES[READ]
    services = {**server.SERVICES, READ: {**read, BEGIN: settled_before(read[BEGIN], buffer, looks)}}
    handlers = [grpc.method_handlers_generic_handler(name, methods) for name, methods in services.items()]
    storage.add_generic_rpc_handlers(handlers)
    bound = storage.add_insecure_port(f"{HOST}:{port}")
    storage.start()
    return storage, bound


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:]))
