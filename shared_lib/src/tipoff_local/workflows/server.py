"""The local Cloud Workflows server: both services over gRPC (official clients) and REST (gcloud)."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from tipoff_local.httpd import HttpServer, PortTaken
from tipoff_local.iam.access import UNRESTRICTED, Access
from tipoff_local.usage import UsageLog
from tipoff_local.workflows.context import Clock, Publish, Signer
from tipoff_local.workflows.engine.executor import Executor
from tipoff_local.workflows.engine.journal import Journal
from tipoff_local.workflows.service.api import ExecutionsApi, WorkflowsApi
from tipoff_local.workflows.service.rest import Rest
from tipoff_local.workflows.service.rpc import handlers

_OPTIONS = [("grpc.max_receive_message_length", 20 * 1024 * 1024), ("grpc.so_reuseport", 0)]


class WorkflowsServer:
    """Workflows and Executions of one project and location.

    Args:
        folder: keeps the journal; a later server on this folder resumes what was running.
        identity: signs OIDC and OAuth2 tokens of http calls.
        project, project_number, location: what `sys.get_env` answers; `location_path` is their resource name.
        port: gRPC port; rest_port: REST port; 0 lets the system choose.
        publish: takes (topic path, data, attributes) and may return a message id; None makes the connector fail.
        sleep_scale: real seconds per second of `sys.sleep` and retry delays (0: no waiting).
        now_s: what `sys.now` answers.
        access: decides who may call, and what the workflows themselves may do; by default everybody may.
        usage: counts the steps of each execution.
    """

    def __init__(
        self,
        folder: Path,
        identity: Signer,
        project: str,
        project_number: str,
        location: str,
        port: int = 0,
        *,
        rest_port: int = 0,
        publish: Publish | None = None,
        sleep_scale: float = 1.0,
        now_s: Callable[[], float] = time.time,
        access: Access = UNRESTRICTED,
        usage: UsageLog | None = None,
    ) -> None:
        self.location_path = f"projects/{project}/locations/{location}"
        self.journal = Journal(folder)
        clock = Clock(sleep_scale, now_s)
        self.executor = Executor(self.journal, identity, publish, clock, project_number, access, usage)
        workflows, executions = WorkflowsApi(self.executor), ExecutionsApi(self.executor)
        self._http = HttpServer(Rest(workflows, executions, access), rest_port)
        self._grpc = grpc.server(ThreadPoolExecutor(16, "workflows-grpc"), options=_OPTIONS)
        self._grpc.add_generic_rpc_handlers(handlers(workflows, executions, access))
        self._port = _bound(self._grpc, port)

    @property
    def grpc_endpoint(self) -> str:
        """`127.0.0.1:port`, for an insecure channel."""
        return f"127.0.0.1:{self._port}"

    @property
    def rest_url(self) -> str:
        """Base URL without a trailing slash (gcloud's endpoint overrides need one)."""
        return self._http.url

    @property
    def instance(self) -> str:
        """The token that the REST server answers, which shows which server was reached."""
        return self._http.instance

    @property
    def active(self) -> int:
        """Number of executions that have not ended."""
        return len(self.executor.store.active())

    def start(self) -> None:
        """Begin to serve, and resume the executions that were running before a restart."""
        self._http.start()
        self._grpc.start()
        self.executor.resume()

    def stop(self) -> None:
        """Stop serving; running executions resume at the next start."""
        self._http.stop()
        self.executor.stop()
        self._grpc.stop(grace=0.2).wait()
        self.journal.database.close()


def _bound(server: grpc.Server, port: int) -> int:
    try:
        return int(server.add_insecure_port(f"127.0.0.1:{port}"))
    except RuntimeError as error:
        raise PortTaken(f"port {port} of 127.0.0.1 is taken") from error
