"""The state of a running local cloud: its process, its servers, and the variables that point clients at it."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from tipoff_local.httpd import INSTANCE_PATH
from tipoff_local.mesh import variable
from tipoff_ops.local.project import OPERATOR, PROJECT_ID, REGION

if TYPE_CHECKING:
    from tipoff_ops.local.cloud import LocalMesh

ANSWER_TIMEOUT_S = 3.0


class Server(msgspec.Struct, frozen=True):
    """One server.

    Attributes:
        instance: the token with which this very server answers; None if it never answered with one.
    """

    name: str
    url: str
    instance: str | None
    pid: int


class State(msgspec.Struct, frozen=True):
    """Content of `state.json`.

    Attributes:
        variables: environment variables for the official clients, gcloud and bq.
        services: URLs of the functions by mesh key.
    """

    pid: int
    folder: str
    servers: tuple[Server, ...]
    variables: dict[str, str]
    services: dict[str, str]


class _Instance(msgspec.Struct, frozen=True):
    instance: str


def state_of(mesh: "LocalMesh") -> State:
    """The state of a running mesh."""
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


def _services(mesh: "LocalMesh") -> dict[str, str]:
    return {key: found.url for key, found in mesh.names.functions.items() if key in mesh.manifest.functions}


def answered_instance(url: str) -> str | None:
    """The token of the server that answers at a URL; None if no server answers, or one that is not ours."""
    try:
        answer = urllib3.PoolManager(retries=False, timeout=ANSWER_TIMEOUT_S).request("GET", f"{url}{INSTANCE_PATH}")
        return msgspec.json.decode(answer.data, type=_Instance).instance
    except (HTTPError, OSError, msgspec.DecodeError):
        return None


def server_status(server: Server) -> str:
    """`up`: the server that was started answers; `silent`: no server answers; `foreign`: another one answers."""
    found = answered_instance(server.url)
    if found is None:
        return "silent"
    return "up" if found == server.instance else "foreign"


def exports(mesh: "LocalMesh") -> dict[str, str]:
    """Environment variables that point the official clients, gcloud, bq and curl at a mesh.

    bq reads its flags from a file and requires an access token; both are written into the folder of the mesh.
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


def _bq_variables(mesh: "LocalMesh") -> dict[str, str]:
    folder = mesh.folder / "bq"
    folder.mkdir(parents=True, exist_ok=True)
    flags, token = folder / "bigqueryrc", folder / "token"
    flags.write_text(f"api = {mesh.warehouse.rest_url}\nproject_id = {PROJECT_ID}\n", encoding="utf-8")
    token.write_text(mesh.identity.access_token(OPERATOR), encoding="utf-8")
    return {"BIGQUERYRC": str(flags), "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token)}


def export_lines(variables: Mapping[str, str]) -> list[str]:
    """`export` lines for a shell; no value holds a character that is special between double quotes."""
    return [f'export {name}="{value}"' for name, value in variables.items()]


def is_whole(state: State) -> bool:
    """Whether every server that was started still answers."""
    return all(server_status(server) == "up" for server in state.servers)
