"""The whole mesh on one machine: all servers, and all resources of mesh.yaml, created as Terraform creates them."""

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from google.api_core.exceptions import AlreadyExists
from google.cloud import workflows_v1

from tipoff.cloud.clients.storage import storage_client
from tipoff.cloud.clients.workflows import workflows_client
from tipoff.core import structs
from tipoff.runtime.settings import Settings
from tipoff_local import mesh as meshes
from tipoff_local.bigquery import Warehouse
from tipoff_local.host import FunctionHost, HostedFunction
from tipoff_local.iam.access import Caller, Enforced, PolicyFolder
from tipoff_local.identity import Identity
from tipoff_local.mesh import Mesh, Names
from tipoff_local.pubsub.server import PubsubServer
from tipoff_local.scheduler.jobs import Firing
from tipoff_local.scheduler.scheduler import Delivery, Scheduler, SettableClock
from tipoff_local.scheduler.server import SchedulerServer, Tick
from tipoff_local.storage.server import StorageServer
from tipoff_local.usage import FOLDER as USAGE_FOLDER
from tipoff_local.usage import UsageLog
from tipoff_local.workflows.server import WorkflowsServer
from tipoff_ops.build import Project
from tipoff_ops.build.dist import build_all
from tipoff_ops.build.tables import write_tables
from tipoff_ops.local.declared import declared_subscription, scheduled_jobs
from tipoff_ops.local.policy import policy_of
from tipoff_ops.local.ports import Ports
from tipoff_ops.local.project import ENVIRONMENT, OPERATOR, PROJECT_ID, PROJECT_NUMBER, REGION
from tipoff_ops.local.warehouse import LocalWarehouse

PUSH_WINDOW = 250
POLL_S = 0.1


class Manifest(msgspec.Struct, frozen=True):
    """`dist/manifest.json`: the release and each function's zip."""

    release: str
    functions: dict[str, dict[str, str]]


@dataclass
class LocalMesh:
    """A running mesh.

    Args:
        project: the checkout whose zips, workflows and tables are used.
        folder: where the data are stored; a mesh that is started on it later continues with them.
        sleep_scale: real seconds for each second that a workflow sleeps.
        ports: where the servers listen; a taken port raises PortTaken or ChildFailed.
        by_the_clock: whether scheduled jobs fire at their time; otherwise only `tick` fires them.
        sources_url: a server that stands for the outside sources; without one nothing is collected.
        isolate: whether each function has a process of its own, or all share one.
        instances: number of processes of an isolated function, by its key (default 1, never more than mesh.yaml
            allows).
        warehouse_threads: threads of the local warehouse; 0 is one for each processor.
        backoff_scale: real seconds for each second that mesh.yaml states between two deliveries of a message.
    """

    project: Project
    folder: Path
    sleep_scale: float = 0.2
    ports: Ports = Ports()
    by_the_clock: bool = False
    sources_url: str | None = None
    isolate: bool = True
    instances: Mapping[str, int] = field(default_factory=dict)
    warehouse_threads: int = 0
    backoff_scale: float = 0.1
    iam: PolicyFolder = field(init=False)
    access: Enforced = field(init=False)
    names: Names = field(init=False)
    manifest: Manifest = field(init=False)
    identity: Identity = field(init=False)
    pubsub: PubsubServer = field(init=False)
    storage: StorageServer = field(init=False)
    warehouse: Warehouse = field(init=False)
    workflows: WorkflowsServer = field(init=False)
    host: FunctionHost = field(init=False)
    scheduler: Scheduler = field(init=False)
    scheduler_server: SchedulerServer = field(init=False)
    settings: Settings = field(init=False)
    _local_warehouse: LocalWarehouse = field(init=False)
    clock: SettableClock = field(init=False, default_factory=SettableClock)

    def start(self) -> None:
        """Build the zips, start all servers, create all resources.

        Raises:
            PortTaken: a chosen port is taken; nothing was started.
        """
        self.ports.check()
        structs.prepare()
        self._start_storage()
        write_tables(self.project)  # The warehouse reads the tables while the zips are built.
        with ThreadPoolExecutor(1) as pool:
            warehouse = pool.submit(self._start_warehouse)
            self.manifest = msgspec.convert(build_all(self.project), Manifest)
            self._start_workflows()
            warehouse.result()
        self._make_settings()
        mesh = meshes.load(self.project.root / "terraform" / "mesh.yaml")
        self._start_host(mesh)
        self._create_resources()
        self._start_scheduler()

    @property
    def usage_folder(self) -> Path:
        """Where every server counts what it was used for."""
        return self.folder / USAGE_FOLDER

    def stop(self) -> None:
        """Stop all servers that were started; the data stay in the folder."""
        for name in ("scheduler_server", "scheduler", "host", "workflows", "storage", "pubsub", "_local_warehouse"):
            server = getattr(self, name, None)
            if server is not None:
                server.stop()

    def tick(self, wanted: Tick) -> list[Delivery]:
        """Advance the clock to an instant. Each job that falls due fires, and its workflows end before the next job.

        The workflows see the instant of their job as the present one. Afterwards the clock shows the end.
        """
        if wanted.start_at is not None:
            self.scheduler.skip_to(wanted.start_at)
        deliveries = self.scheduler.tick(wanted.end_at, self._firing)
        self.clock.set_to(wanted.end_at)
        return deliveries

    @contextmanager
    def _firing(self, firing: Firing) -> Iterator[None]:
        self.clock.set_to(firing.at)
        yield
        while self.workflows.active:
            time.sleep(POLL_S)

    def _start_storage(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.identity = Identity(self.folder / "identity")
        mesh = meshes.load(self.project.root / "terraform" / "mesh.yaml")
        self.iam = PolicyFolder(self.identity.folder)
        self.iam.write(policy_of(mesh))
        self.access = Enforced(self.identity)
        ports = self.ports
        self.pubsub = PubsubServer(
            self.folder / "pubsub",
            self.identity,
            ports.pubsub,
            ports.pubsub_rest,
            push_window=PUSH_WINDOW,
            access=self.access,
            usage=UsageLog(self.usage_folder, "pubsub"),
        )
        self.pubsub.start()
        counted = UsageLog(self.usage_folder, "storage")
        self.storage = StorageServer(self.folder / "storage", self._notify, ports.storage, self.access, counted)
        self.storage.start()

    def _make_settings(self) -> None:
        self.settings = Settings(
            project_id=PROJECT_ID,
            project_number=PROJECT_NUMBER,
            region=REGION,
            environment=ENVIRONMENT,
            release=self.manifest.release,
            **self.endpoints(),
        )

    def _start_warehouse(self) -> None:
        self._local_warehouse = LocalWarehouse(
            self.project,
            self.folder,
            storage_url=self.storage.url,
            identity=self.identity,
            usage_folder=self.usage_folder,
            ports=self.ports,
            threads=self.warehouse_threads,
        )
        self.warehouse = self._local_warehouse.server
        self._local_warehouse.start()

    def _start_workflows(self) -> None:
        self.workflows = WorkflowsServer(
            self.folder / "workflows",
            self.identity,
            PROJECT_ID,
            PROJECT_NUMBER,
            REGION,
            self.ports.workflows,
            rest_port=self.ports.workflows_rest,
            publish=self._publish,
            sleep_scale=self.sleep_scale,
            now_s=lambda: self.clock.now().timestamp(),
            access=self.access,
            usage=UsageLog(self.usage_folder, "workflows"),
        )
        self.workflows.start()

    def _start_scheduler(self) -> None:
        jobs = scheduled_jobs(self.names)
        self.scheduler = Scheduler(self.folder / "scheduler", self.identity, self.clock, jobs, self.workflows.rest_url)
        self.scheduler_server = SchedulerServer(
            self.scheduler,
            PROJECT_ID,
            REGION,
            self.ports.scheduler,
            rest_port=self.ports.scheduler_rest,
            tick=self.tick,
        )
        self.scheduler_server.start()
        if self.by_the_clock:
            self.scheduler.start()

    def _publish(self, topic_path: str, data: bytes, attributes: dict[str, str]) -> str:
        return self.pubsub.publish(topic_path, data, attributes)

    def _notify(self, topic_path: str, data: bytes, attributes: dict[str, str]) -> None:
        self.pubsub.publish(topic_path, data, attributes, self.access.agent("storage"))

    def endpoints(self) -> dict[str, str]:
        """Addresses of the servers by field name of Settings."""
        return {
            "storage_emulator_host": self.storage.url,
            "pubsub_emulator_host": self.pubsub.endpoint,
            "bigquery_emulator_host": self.warehouse.rest_url,
            "bigquery_storage_emulator_host": self.warehouse.grpc_address,
            "workflows_emulator_host": self.workflows.grpc_endpoint,
        } | ({"sources_emulator_host": self.sources_url} if self.sources_url else {})

    def _start_host(self, mesh: Mesh) -> None:
        releases = {key: built["sha256"] for key, built in self.manifest.functions.items()}
        names = meshes.resolve(
            mesh, PROJECT_ID, PROJECT_NUMBER, ENVIRONMENT, releases=releases, people=frozenset({OPERATOR})
        )
        functions = [self._hosted(names, key) for key in sorted(names.functions) if key in self.manifest.functions]
        self.host = FunctionHost(
            functions,
            self.identity,
            self.ports.functions,
            folder=self.folder / "host",
            isolate=self.isolate,
            enforces=True,
            usage_folder=self.usage_folder,
        )
        self.host.start()
        self.names = meshes.resolve(
            mesh,
            PROJECT_ID,
            PROJECT_NUMBER,
            ENVIRONMENT,
            host_url=self.host.url,
            releases=releases,
            people=frozenset({OPERATOR}),
        )

    def _hosted(self, names: Names, key: str) -> HostedFunction:
        function = names.functions[key]
        for secret in function.declared.may.secrets:
            self.access.check(Caller(f"serviceAccount:{function.email}"), "run.mountSecret", {"secret": secret})
        token = {"EMULATOR_ACCESS_TOKEN": self.identity.access_token(function.email)}
        endpoints = {name.upper(): value for name, value in self.endpoints().items()}
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return HostedFunction(
            name=key,
            zip=str(self.project.root / self.manifest.functions[key]["zip"]),
            env=inherited | dict(function.env) | endpoints | token,
            service=function.service,
            invokers=function.invokers,
            timeout_s=function.declared.timeout_s,
            concurrency=function.declared.concurrency,
            memory=function.declared.memory,
            max_instances=function.declared.max_instances,
            cpu=function.declared.cpu,
            instances=min(self.instances.get(key, 1), function.declared.max_instances),
        )

    def _create_resources(self) -> None:
        self._create_topics()
        self._create_buckets()
        self._create_workflows()

    def _create_topics(self) -> None:
        for key in self.names.topics:
            self.pubsub.create_topic(self.names.topic_path(key))
        for key, resolved in self.names.subscriptions.items():
            if resolved.declared.function is None or resolved.declared.function in self.manifest.functions:
                self.pubsub.ensure_subscription(declared_subscription(self.names, key, self.backoff_scale))

    def _create_buckets(self) -> None:
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

    def _create_workflows(self) -> None:
        client = workflows_client(self.settings)
        parent = f"projects/{PROJECT_ID}/locations/{REGION}"
        for resolved in self.names.workflows.values():
            calls = set(resolved.declared.calls)
            if not calls <= set(self.manifest.functions):
                continue
            source = (self.project.dist / "workflows" / resolved.declared.file).read_text(encoding="utf-8")
            workflow = workflows_v1.Workflow(
                name=f"{parent}/workflows/{resolved.name}",
                source_contents=source,
                user_env_vars=dict(resolved.env),
                service_account=f"projects/{PROJECT_ID}/serviceAccounts/{resolved.email}",
                call_log_level=workflows_v1.Workflow.CallLogLevel.LOG_ALL_CALLS,
            )
            try:
                client.create_workflow(parent=parent, workflow=workflow, workflow_id=resolved.name).result()
            except AlreadyExists:  # from an earlier start, whose functions listened on another port
                client.update_workflow(workflow=workflow).result()


@contextmanager
def running(
    project: Project,
    folder: Path,
    sleep_scale: float = 0.2,
    ports: Ports | None = None,
    *,
    by_the_clock: bool = False,
    isolate: bool = True,
    warehouse_threads: int = 0,
) -> Iterator[LocalMesh]:
    """A mesh that runs as long as the block; afterwards only its folder remains."""
    mesh = LocalMesh(
        project,
        folder,
        sleep_scale,
        ports or Ports(),
        by_the_clock,
        isolate=isolate,
        warehouse_threads=warehouse_threads,
    )
    try:
        mesh.start()
        yield mesh
    finally:
        mesh.stop()
