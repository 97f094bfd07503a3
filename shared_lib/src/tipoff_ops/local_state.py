"""What a running local cloud tells about itself: a file with its process, its servers and the proof of who they are.

The folder's lock is held as long as the process lives, however it ends: whoever finds it free knows that nothing
runs there, whatever the file says.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from tipoff_local.files import write_whole
from tipoff_local.httpd import INSTANCE_PATH
from tipoff_local.mesh import variable
from tipoff_ops.local import PROJECT_ID, REGION, LocalMesh

ANSWER_S = 3.0


class AlreadyUp(Exception):
    """Another process runs the local cloud of this folder."""


class NotUp(Exception):
    """No process runs the local cloud of this folder."""


class Server(msgspec.Struct, frozen=True):
    """One server: where it listens, and the token it answers (None: it never answered with one)."""

    name: str
    url: str
    instance: str | None
    pid: int


class State(msgspec.Struct, frozen=True):
    """`state.json`: `variables` is what clients, gcloud and bq need; `services` are function URLs by mesh key."""

    pid: int
    folder: str
    servers: tuple[Server, ...]
    variables: dict[str, str]
    services: dict[str, str]


class _Instance(msgspec.Struct, frozen=True):
    instance: str


class Place:
    """A folder for one local cloud: `data` (all that it keeps), `state.json`, the lock, the log of a detached one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "local.log"
        self._state = folder / "state.json"
        self._lock = folder / "lock"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the one process that runs here.

        Raises:
            AlreadyUp: there is one.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a") as lock:
            if not _locked(lock):
                raise AlreadyUp(f"a local cloud runs in {self.folder} already; `tipoff local down` ends it")
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            try:
                yield
            finally:
                self._state.unlink(missing_ok=True)

    @property
    def busy(self) -> bool:
        """Whether a living process holds the folder."""
        if not self._lock.exists():
            return False
        with self._lock.open("a") as lock:
            return not _locked(lock)

    def holder(self) -> int:
        """The id of the process that holds the folder: it wrote it, and it lives.

        Raises:
            NotUp: there is none.
        """
        if not self.busy:
            raise self._nobody()
        return int(self._lock.read_text())

    def _nobody(self) -> NotUp:
        return NotUp(f"no local cloud runs in {self.folder}; `tipoff local up` starts one")

    def write(self, state: State) -> None:
        """Tell; readers see the whole of it or nothing. The file holds no secret but is nobody else's business."""
        write_whole(self._state, msgspec.json.format(msgspec.json.encode(state)), 0o600)

    def read(self) -> State:
        """What the process here has told.

        Raises:
            NotUp: there is none, or it is still starting.
        """
        if not self.busy:
            raise self._nobody()
        try:
            return msgspec.json.decode(self._state.read_bytes(), type=State)
        except FileNotFoundError as error:
            raise NotUp(f"the local cloud in {self.folder} is still starting") from error


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def state_of(mesh: LocalMesh) -> State:
    """What a running mesh has to tell."""
    pid = os.getpid()
    tokens = {
        "storage": (mesh.storage.url, mesh.storage.instance),
        "pubsub": (mesh.pubsub.rest_url, mesh.pubsub.instance),
        "workflows": (mesh.workflows.rest_url, mesh.workflows.instance),
        "scheduler": (mesh.scheduler_server.rest_url, mesh.scheduler_server.instance),
    }
    servers = [Server(name, url, instance, pid) for name, (url, instance) in tokens.items()]
    servers.append(Server("functions", mesh.host.url, answered_instance(mesh.host.url), mesh.host.pids["host"]))
    servers.append(Server("bigquery", mesh.warehouse.rest_url, mesh.warehouse.instance, mesh.warehouse.pid or 0))
    return State(pid, str(mesh.folder), tuple(servers), exports(mesh), _services(mesh))


def _services(mesh: LocalMesh) -> dict[str, str]:
    return {key: found.url for key, found in mesh.names.functions.items() if key in mesh.manifest.functions}


def answered_instance(url: str) -> str | None:
    """The token of the server that answers at a URL; None if nobody does, or somebody who is none of ours."""
    try:
        answer = urllib3.PoolManager(retries=False, timeout=ANSWER_S).request("GET", f"{url}{INSTANCE_PATH}")
        return msgspec.json.decode(answer.data, type=_Instance).instance
    except (HTTPError, OSError, msgspec.DecodeError):
        return None


def standing(server: Server) -> str:
    """`up`: the server that was started answers; `silent`: nobody does; `foreign`: somebody else does."""
    found = answered_instance(server.url)
    if found is None:
        return "silent"
    return "up" if found == server.instance else "foreign"


def exports(mesh: LocalMesh) -> dict[str, str]:
    """Variables that point the official clients, gcloud, bq and curl at a mesh.

    bq takes its flags from a file and insists on some access token; both are written into the mesh's folder.
    """
    rest = {
        "STORAGE": f"{mesh.storage.url}/storage/v1/",
        "PUBSUB": f"{mesh.pubsub.rest_url}/",
        "WORKFLOWS": f"{mesh.workflows.rest_url}/",
        "WORKFLOWEXECUTIONS": f"{mesh.workflows.rest_url}/",
        "CLOUDSCHEDULER": f"{mesh.scheduler_server.rest_url}/",
    }
    return (
        {name.upper(): value for name, value in mesh.endpoints().items()}
        | {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}": url for name, url in rest.items()}
        | {
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "CLOUDSDK_CORE_PROJECT": PROJECT_ID,
            "CLOUDSDK_WORKFLOWS_LOCATION": REGION,
            "GOOGLE_CLOUD_PROJECT": PROJECT_ID,
        }
        | _bq_variables(mesh)
        | {variable("URL", key): url for key, url in _services(mesh).items()}
    )


def _bq_variables(mesh: LocalMesh) -> dict[str, str]:
    folder = mesh.folder / "bq"
    folder.mkdir(parents=True, exist_ok=True)
    flags, token = folder / "bigqueryrc", folder / "token"
    flags.write_text(f"api = {mesh.warehouse.rest_url}\nproject_id = {PROJECT_ID}\n", encoding="utf-8")
    token.write_text("local", encoding="utf-8")
    return {"BIGQUERYRC": str(flags), "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token)}


def export_lines(variables: Mapping[str, str]) -> list[str]:
    """`export` lines for a shell; values hold nothing that a shell would read between double quotes."""
    return [f'export {name}="{value}"' for name, value in variables.items()]
