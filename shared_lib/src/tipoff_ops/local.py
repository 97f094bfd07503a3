"""The whole mesh on one machine: every server, and every resource that mesh.yaml names, made as Terraform would."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from google.cloud import workflows_v1
from google.pubsub_v1 import types as pubsub_types

from tipoff.cloud.clients.storage import storage_client
from tipoff.cloud.clients.workflows import workflows_client
from tipoff.runtime.settings import Settings
from tipoff_local import mesh as meshes
from tipoff_local.bigquery import Warehouse
from tipoff_local.host import FunctionHost, HostedFunction
from tipoff_local.identity import Identity
from tipoff_local.mesh import Mesh, Names
from tipoff_local.pubsub.server import PubsubServer
from tipoff_local.storage.server import StorageServer
from tipoff_local.workflows.server import WorkflowsServer
from tipoff_ops.build import Project, build_all
from tipoff_ops.templates import empty_warehouse

PROJECT_ID = "tipoff-local"
PROJECT_NUMBER = "123456789012"
ENVIRONMENT = "local"
PUSH_WINDOW = 250
OPERATOR = "operator@tipoff.example"


class Manifest(msgspec.Struct, frozen=True):
    """`dist/manifest.json`: the release and each function's zip."""

    release: str
    functions: dict[str, dict[str, str]]


@dataclass
class LocalMesh:
    """A running mesh.

    Args:
        project: the checkout whose zips, workflows and tables are used.
        folder: where its data are kept; a mesh started on it later goes on.
        sleep_scale: real seconds per second that a workflow sleeps.
    """

    project: Project
    folder: Path
    sleep_scale: float = 0.2
    names: Names = field(init=False)
    manifest: Manifest = field(init=False)
    identity: Identity = field(init=False)
    pubsub: PubsubServer = field(init=False)
    storage: StorageServer = field(init=False)
    warehouse: Warehouse = field(init=False)
    workflows: WorkflowsServer = field(init=False)
    host: FunctionHost = field(init=False)
    settings: Settings = field(init=False)

    def start(self) -> None:
        """Build the zips, start every server, make every resource."""
        self.manifest = msgspec.convert(build_all(self.project), Manifest)
        self._start_servers()
        mesh = meshes.load(self.project.root / "terraform" / "mesh.yaml")
        self._start_host(mesh)
        self._make_resources()

    def stop(self) -> None:
        """Stop every server that was started; the data stay in the folder."""
        for name in ("host", "workflows", "storage", "pubsub", "warehouse"):
            server = getattr(self, name, None)
            if server is not None:
                server.stop()

    def _start_servers(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.identity = Identity(self.folder / "identity")
        self.pubsub = PubsubServer(self.folder / "pubsub", self.identity, push_window=PUSH_WINDOW)
        self.pubsub.start()
        self.storage = StorageServer(self.folder / "storage", self._publish)
        self.storage.start()
        if not (self.folder / "bigquery").is_dir():
            empty_warehouse(self.folder / "bigquery", self.project.root / ".tipoff" / "templates", PROJECT_ID)
        self.warehouse = Warehouse(self.folder / "bigquery", PROJECT_ID, storage_url=self.storage.url)
        self.warehouse.start()
        self.workflows = WorkflowsServer(
            self.folder / "workflows",
            self.identity,
            PROJECT_ID,
            PROJECT_NUMBER,
            "us-west2",
            publish=self._publish,
            sleep_scale=self.sleep_scale,
        )
        self.workflows.start()
        self.settings = Settings(
            project_id=PROJECT_ID,
            project_number=PROJECT_NUMBER,
            region="us-west2",
            environment=ENVIRONMENT,
            release=self.manifest.release,
            **self.endpoints(),
        )

    def _publish(self, topic_path: str, data: bytes, attributes: dict[str, str]) -> None:
        self.pubsub.publish(topic_path, data, attributes)

    def endpoints(self) -> dict[str, str]:
        """Where the servers listen, by the settings' field names."""
        return {
            "storage_emulator_host": self.storage.url,
            "pubsub_emulator_host": self.pubsub.endpoint,
            "bigquery_emulator_host": self.warehouse.rest_url,
            "bigquery_storage_emulator_host": self.warehouse.grpc_address,
            "workflows_emulator_host": self.workflows.grpc_endpoint,
        }

    def _start_host(self, mesh: Mesh) -> None:
        release = self.manifest.release
        names = meshes.resolve(
            mesh, PROJECT_ID, PROJECT_NUMBER, ENVIRONMENT, release=release, people=frozenset({OPERATOR})
        )
        functions = [self._hosted(names, key) for key in sorted(names.functions) if key in self.manifest.functions]
        self.host = FunctionHost(functions, self.identity, folder=self.folder / "host")
        self.host.start()
        self.names = meshes.resolve(
            mesh,
            PROJECT_ID,
            PROJECT_NUMBER,
            ENVIRONMENT,
            host_url=self.host.url,
            release=release,
            people=frozenset({OPERATOR}),
        )

    def _hosted(self, names: Names, key: str) -> HostedFunction:
        function = names.functions[key]
        endpoints = {name.upper(): value for name, value in self.endpoints().items()}
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return HostedFunction(
            name=key,
            zip=str(self.project.root / self.manifest.functions[key]["zip"]),
            env=inherited | dict(function.env) | endpoints,
            service=function.service,
            invokers=function.invokers,
            timeout_s=function.declared.timeout_s,
            concurrency=function.declared.concurrency,
            memory=function.declared.memory,
        )

    def _make_resources(self) -> None:
        self._make_topics()
        self._make_buckets()
        self._make_workflows()

    def _make_topics(self) -> None:
        for key in self.names.topics:
            self.pubsub.create_topic(self.names.topic_path(key))
        for key, resolved in self.names.subscriptions.items():
            if resolved.declared.function is None or resolved.declared.function in self.manifest.functions:
                self.pubsub.ensure_subscription(_subscription(self.names, key))

    def _make_buckets(self) -> None:
        client = storage_client(self.settings)
        mesh_buckets = self._mesh_buckets()
        for key, name in self.names.buckets.items():
            if client.lookup_bucket(name) is None:
                bucket = client.create_bucket(name)
                topic = mesh_buckets.get(key)
                if topic:
                    bucket.notification(
                        topic_name=self.names.topics[topic],
                        topic_project=PROJECT_ID,
                        payload_format="JSON_API_V1",
                        event_types=["OBJECT_FINALIZE"],
                    ).create()

    def _mesh_buckets(self) -> dict[str, str | None]:
        mesh = meshes.load(self.project.root / "terraform" / "mesh.yaml")
        return {key: bucket.notify for key, bucket in mesh.buckets.items()}

    def _make_workflows(self) -> None:
        client = workflows_client(self.settings)
        parent = f"projects/{PROJECT_ID}/locations/us-west2"
        for resolved in self.names.workflows.values():
            calls = set(resolved.declared.calls)
            if not calls <= set(self.manifest.functions):
                continue
            source = (self.project.root / "workflows" / resolved.declared.file).read_text(encoding="utf-8")
            workflow = workflows_v1.Workflow(
                source_contents=source,
                user_env_vars=dict(resolved.env),
                service_account=f"projects/{PROJECT_ID}/serviceAccounts/{resolved.email}",
            )
            client.create_workflow(parent=parent, workflow=workflow, workflow_id=resolved.name).result()


def _subscription(names: Names, key: str) -> pubsub_types.Subscription:
    resolved = names.subscriptions[key]
    declared = resolved.declared
    subscription = pubsub_types.Subscription(
        name=names.subscription_path(key),
        topic=f"projects/{names.project}/topics/{resolved.topic}",
        ack_deadline_seconds=declared.ack_deadline_s,
        expiration_policy=pubsub_types.ExpirationPolicy(),
    )
    if resolved.endpoint is not None:
        token = pubsub_types.PushConfig.OidcToken(service_account_email=resolved.push_email, audience=resolved.audience)
        subscription.push_config = pubsub_types.PushConfig(push_endpoint=resolved.endpoint, oidc_token=token)
        subscription.retry_policy = pubsub_types.RetryPolicy(
            minimum_backoff={"seconds": declared.min_backoff_s}, maximum_backoff={"seconds": declared.max_backoff_s}
        )
    if resolved.dead_letter_topic is not None:
        subscription.dead_letter_policy = pubsub_types.DeadLetterPolicy(
            dead_letter_topic=f"projects/{names.project}/topics/{resolved.dead_letter_topic}",
            max_delivery_attempts=declared.attempts,
        )
    return subscription


@contextmanager
def running(project: Project, folder: Path, sleep_scale: float = 0.2) -> Iterator[LocalMesh]:
    """A mesh that runs while the block does; nothing is left behind but its folder."""
    mesh = LocalMesh(project, folder, sleep_scale)
    try:
        mesh.start()
        yield mesh
    finally:
        mesh.stop()


def environment_lines(mesh: LocalMesh) -> list[str]:
    """`export` lines that point the official clients, gcloud and bq at this mesh."""
    exports = {name.upper(): value for name, value in mesh.endpoints().items()}
    exports |= {
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_PROJECT": PROJECT_ID,
        "CLOUDSDK_WORKFLOWS_LOCATION": "us-west2",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{mesh.storage.url}/storage/v1/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB": f"{mesh.pubsub.rest_url}/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_WORKFLOWS": f"{mesh.workflows.rest_url}/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_WORKFLOWEXECUTIONS": f"{mesh.workflows.rest_url}/",
    }
    return [f"export {name}={json.dumps(value)}" for name, value in exports.items()]
