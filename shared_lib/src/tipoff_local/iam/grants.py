"""The grants of one environment, as they follow from mesh.yaml. A Terraform test holds them equal to the plan."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tipoff_local.mesh import Mesh, Names

# An entry of a dataset's access list by which the views of another dataset may read it for their callers.
AUTHORISED_VIEWS = "authorised VIEWS"


class Grant(NamedTuple):
    """A grant: resource (`kind:name`), role, member and condition."""

    on: str
    role: str
    to: str
    condition: str = ""


@dataclass(frozen=True)
class People:
    """The grants that the variables of an environment add.

    Attributes:
        invokers: members that may call the functions whose ingress is `all`.
        operators: members, people or groups, that own the datasets.
        public: whether everybody may read the published documents.
    """

    invokers: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    public: bool = False


def grants_of(mesh: Mesh, names: Names, people: People = People()) -> frozenset[Grant]:
    """All grants of an environment."""
    derived = _Derivation(mesh, names, people)
    parts = (
        derived.functions(),
        derived.workflows(),
        derived.subscriptions(),
        derived.agents(),
        derived.datasets(),
        derived.people_(),
    )
    return frozenset(grant for part in parts for grant in part)


def pubsub_agent(project_number: str) -> str:
    """The account as which Pub/Sub signs tokens and forwards dead letters."""
    return f"serviceAccount:service-{project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"


def storage_agent(project_number: str) -> str:
    """The account as which Cloud Storage publishes notifications."""
    return f"serviceAccount:service-{project_number}@gs-project-accounts.iam.gserviceaccount.com"


@dataclass(frozen=True)
class _Derivation:
    mesh: Mesh
    names: Names
    people: People

    @property
    def project(self) -> str:
        return f"project:{self.names.project}"

    def account(self, id_: str) -> str:
        """A service account as a member."""
        return f"serviceAccount:{id_}@{self.names.project}.iam.gserviceaccount.com"

    def topic(self, key: str) -> str:
        """A topic as a resource."""
        return f"pubsub_topic:{self.names.topics[key]}"

    def service(self, function: str) -> str:
        """A function's Cloud Run service as a resource."""
        return f"cloud_run_v2_service:{self.mesh.functions[function].service}"

    def functions(self) -> Iterator[Grant]:
        """The grants that `may` states for each function."""
        for key, function in self.mesh.functions.items():
            member, may = f"serviceAccount:{self.names.functions[key].email}", function.may
            yield from self._buckets(member, may.read_buckets, may.write_buckets)
            yield from self._datasets(member, may.read_datasets, may.write_datasets)
            for topic in may.publish:
                yield Grant(self.topic(topic), "roles/pubsub.publisher", member)
            for secret in may.secrets:
                yield Grant(f"secret_manager_secret:{secret}", "roles/secretmanager.secretAccessor", member)
            if may.read_sessions:
                yield Grant(self.project, "roles/bigquery.readSessionUser", member)
            if may.start_workflows:
                yield Grant(self.project, "roles/workflows.invoker", member)

    def _datasets(self, member: str, reads: Collection[str], writes: Collection[str]) -> Iterator[Grant]:
        for dataset in set(reads) - set(writes):
            yield Grant(f"dataset:{dataset}", "roles/bigquery.dataViewer", member)
        for dataset in writes:
            yield Grant(f"dataset:{dataset}", "roles/bigquery.dataEditor", member)
        # Appending needs no job.
        if reads:
            yield Grant(self.project, "roles/bigquery.jobUser", member)

    def _buckets(self, member: str, reads: Iterable[str], writes: Iterable[str]) -> Iterator[Grant]:
        for key in {*reads, *writes}:
            once = self.mesh.buckets[key].write_once
            on = f"storage_bucket:{self.names.buckets[key]}"
            if key in writes:
                yield Grant(on, f"roles/storage.object{'Creator' if once else 'User'}", member)
            if key in reads and (once or key not in writes):
                yield Grant(on, "roles/storage.objectViewer", member)

    def workflows(self) -> Iterator[Grant]:
        """What each workflow calls, runs, publishes and logs, and the scheduler that starts workflows."""
        yield Grant(self.project, "roles/workflows.invoker", self.account("scheduler"))
        for key, workflow in self.mesh.workflows.items():
            member = f"serviceAccount:{self.names.workflows[key].email}"
            yield Grant(self.project, "roles/logging.logWriter", member)
            for function in workflow.calls:
                yield Grant(self.service(function), "roles/run.invoker", member)
            for topic in workflow.publish:
                yield Grant(self.topic(topic), "roles/pubsub.publisher", member)
            if workflow.runs:
                yield Grant(self.project, "roles/workflows.invoker", member)
        for schedule in self.mesh.schedules.values():
            if schedule.function is not None:
                yield Grant(self.service(schedule.function), "roles/run.invoker", self.account("scheduler"))

    def subscriptions(self) -> Iterator[Grant]:
        """Each push account calls its function. Pub/Sub creates its token and moves its dead letters."""
        agent = pubsub_agent(self.names.project_number)
        for resolved in self.names.subscriptions.values():
            declared = resolved.declared
            if declared.function is None:
                continue
            yield Grant(self.service(declared.function), "roles/run.invoker", f"serviceAccount:{resolved.push_email}")
            yield Grant(f"service_account:{resolved.push_email}", "roles/iam.serviceAccountTokenCreator", agent)
            yield Grant(f"pubsub_subscription:{resolved.name}", "roles/pubsub.subscriber", agent)
            if declared.dead_letter is not None:
                yield Grant(self.topic(declared.dead_letter), "roles/pubsub.publisher", agent)

    def agents(self) -> Iterator[Grant]:
        """Cloud Storage publishes notifications. The builder builds, and reads uploaded sources only."""
        number = self.names.project_number
        for bucket in self.mesh.buckets.values():
            if bucket.notify is not None:
                yield Grant(self.topic(bucket.notify), "roles/pubsub.publisher", storage_agent(number))
        builder = self.account("builder")
        yield Grant(self.project, "roles/artifactregistry.writer", builder)
        yield Grant(self.project, "roles/logging.logWriter", builder)
        sources = f'resource.name.startsWith("projects/_/buckets/gcf-v2-sources-{number}-")'
        yield Grant(self.project, "roles/storage.objectViewer", builder, sources)

    def datasets(self) -> Iterator[Grant]:
        """The owners of the project and the operators own the datasets. An authorised dataset reads another."""
        for key, dataset in self.mesh.datasets.items():
            yield Grant(f"dataset:{key}", "roles/bigquery.dataOwner", "projectOwners")
            for member in self.people.operators:
                yield Grant(f"dataset:{key}", "roles/bigquery.dataOwner", member)
            if dataset.authorised_over is not None:
                yield Grant(f"dataset:{dataset.authorised_over}", AUTHORISED_VIEWS, f"dataset:{key}")

    def people_(self) -> Iterator[Grant]:
        """Invokers call the functions with ingress `all`. Everybody reads `public` if the variable says so."""
        for key, function in self.mesh.functions.items():
            for member in self.people.invokers if function.ingress == "all" else ():
                yield Grant(self.service(key), "roles/run.invoker", member)
        if self.people.public:
            yield Grant(f"storage_bucket:{self.names.buckets['public']}", "roles/storage.objectViewer", "allUsers")
