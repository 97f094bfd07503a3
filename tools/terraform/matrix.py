"""The grants that follow from mesh.yaml, and the grants of a plan. The two must be equal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from plans import Plan

ROLES_OF_DATASETS = {"READER": "roles/bigquery.dataViewer", "WRITER": "roles/bigquery.dataEditor",
                     "OWNER": "roles/bigquery.dataOwner"}  # fmt: skip


# Types of resources whose IAM members are compared, with the field that names the scope.
SCOPES = {
    "storage_bucket": "bucket", "pubsub_topic": "topic", "pubsub_subscription": "subscription", "project": "project",
    "cloud_run_v2_service": "name", "secret_manager_secret": "secret_id", "service_account": "service_account_id",
}  # fmt: skip


class Grant(NamedTuple):
    """A grant: scope, role, member and condition."""

    on: str
    role: str
    to: str
    condition: str = ""


def granted(plan: Plan) -> set[Grant]:
    """Every grant of a plan. The caller checks that no other resource type grants anything."""
    found: set[Grant] = set()
    for kind, scope in SCOPES.items():
        for values in plan.all(f"google_{kind}_iam_member"):
            condition = values.get("condition") or []
            where = condition[0]["expression"] if condition else ""
            found.add(Grant(f"{kind}:{values[scope].rpartition('/')[2]}", values["role"], values["member"], where))
    for values in plan.all("google_bigquery_dataset"):
        found |= {_access(values["dataset_id"], entry) for entry in values["access"]}
    return found


def _access(dataset: str, entry: dict[str, Any]) -> Grant:
    on = f"dataset:{dataset}"
    if entry["dataset"]:
        inner = entry["dataset"][0]
        return Grant(
            on, "authorised " + ",".join(inner["target_types"]), f"dataset:{inner['dataset'][0]['dataset_id']}"
        )
    to = (
        (entry["user_by_email"] and f"serviceAccount:{entry['user_by_email']}")
        or (entry["group_by_email"] and f"group:{entry['group_by_email']}")
        or entry["special_group"]
        or entry["iam_member"]
        or entry["domain"]
    )
    return Grant(on, ROLES_OF_DATASETS.get(entry["role"], entry["role"]), to)


class Derivation:
    """The grants that follow from mesh.yaml, for one project and environment."""

    def __init__(self, page: dict[str, Any], plan: Plan) -> None:
        self.page, self.project, self.number = page, plan.project, plan.project_number
        self.environment = plan.environment
        self.invokers: list[str] = list(plan.variable("invokers"))
        self.operators: list[str] = list(plan.variable("operators"))
        self.public: bool = plan.variable("publish_to_world")

    def all(self) -> set[Grant]:
        """All grants."""
        parts = (
            self.functions(),
            self.workflows(),
            self.subscriptions(),
            self.agents(),
            self.datasets(),
            self.people(),
        )
        return {grant for part in parts for grant in part}

    def account(self, id_: str) -> str:
        """A service account as an IAM member."""
        return f"serviceAccount:{id_}@{self.project}.iam.gserviceaccount.com"

    def topic(self, key: str) -> str:
        """A topic as the scope of a grant."""
        return f"pubsub_topic:{key}-{self.environment}"

    def service(self, function: str) -> str:
        """A function's Cloud Run service as the scope of a grant."""
        return f"cloud_run_v2_service:{self.page['functions'][function]['service']}"

    def functions(self) -> Iterator[Grant]:
        """The grants that `may` states for each function."""
        for key, entry in self.page["functions"].items():
            member, may = self.account(f"fn-{key.replace('_', '-')}"), entry["may"]
            yield from self._buckets(member, may)
            for topic in may.get("publish", ()):
                yield Grant(self.topic(topic), "roles/pubsub.publisher", member)
            for dataset in may.get("read_datasets", ()):
                if dataset not in may.get("write_datasets", ()):
                    yield Grant(f"dataset:{dataset}", "roles/bigquery.dataViewer", member)
            for dataset in may.get("write_datasets", ()):
                yield Grant(f"dataset:{dataset}", "roles/bigquery.dataEditor", member)
            for secret in may.get("secrets", ()):
                yield Grant(f"secret_manager_secret:{secret}", "roles/secretmanager.secretAccessor", member)
            if may.get("read_datasets") or may.get("write_datasets"):
                yield Grant(f"project:{self.project}", "roles/bigquery.jobUser", member)
            if may.get("start_workflows"):
                yield Grant(f"project:{self.project}", "roles/workflows.invoker", member)

    def _buckets(self, member: str, may: dict[str, Any]) -> Iterator[Grant]:
        reads, writes = set(may.get("read_buckets", ())), set(may.get("write_buckets", ()))
        for bucket in reads | writes:
            once = self.page["buckets"][bucket].get("write_once", False)
            on = f"storage_bucket:{self.project}-{bucket}"
            if bucket in writes:
                yield Grant(on, f"roles/storage.object{'Creator' if once else 'User'}", member)
            if bucket in reads and (once or bucket not in writes):
                yield Grant(on, "roles/storage.objectViewer", member)

    def workflows(self) -> Iterator[Grant]:
        """What each workflow calls, runs, publishes and logs, and the scheduler that starts workflows."""
        yield Grant(f"project:{self.project}", "roles/workflows.invoker", self.account("scheduler"))
        for key, entry in self.page["workflows"].items():
            member = self.account(f"wf-{key}")
            yield Grant(f"project:{self.project}", "roles/logging.logWriter", member)
            for function in entry.get("calls", ()):
                yield Grant(self.service(function), "roles/run.invoker", member)
        for entry in self.page["schedules"].values():
            if "function" in entry:
                yield Grant(self.service(entry["function"]), "roles/run.invoker", self.account("scheduler"))
            for topic in entry.get("publish", ()):
                yield Grant(self.topic(topic), "roles/pubsub.publisher", member)
            if entry.get("runs"):
                yield Grant(f"project:{self.project}", "roles/workflows.invoker", member)

    def subscriptions(self) -> Iterator[Grant]:
        """Each push account calls its function. Pub/Sub creates its token and moves its dead letters."""
        agent = f"serviceAccount:service-{self.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
        for key, entry in self.page["subscriptions"].items():
            if "function" not in entry:
                continue
            email = f"push-{key}@{self.project}.iam.gserviceaccount.com"
            yield Grant(self.service(entry["function"]), "roles/run.invoker", f"serviceAccount:{email}")
            yield Grant(f"service_account:{email}", "roles/iam.serviceAccountTokenCreator", agent)
            yield Grant(f"pubsub_subscription:{key}-{self.environment}", "roles/pubsub.subscriber", agent)
            yield Grant(self.topic(entry["dead_letter"]), "roles/pubsub.publisher", agent)

    def agents(self) -> Iterator[Grant]:
        """Cloud Storage publishes notifications. The builder builds, and reads uploaded sources only."""
        storage = f"serviceAccount:service-{self.number}@gs-project-accounts.iam.gserviceaccount.com"
        for entry in self.page["buckets"].values():
            if "notify" in entry:
                yield Grant(self.topic(entry["notify"]), "roles/pubsub.publisher", storage)
        builder, project = self.account("builder"), f"project:{self.project}"
        yield Grant(project, "roles/artifactregistry.writer", builder)
        yield Grant(project, "roles/logging.logWriter", builder)
        sources = f'resource.name.startsWith("projects/_/buckets/gcf-v2-sources-{self.number}-")'
        yield Grant(project, "roles/storage.objectViewer", builder, sources)

    def datasets(self) -> Iterator[Grant]:
        """The owners of the project and the operators own the datasets. An authorised dataset reads another."""
        for key, entry in self.page["datasets"].items():
            yield Grant(f"dataset:{key}", "roles/bigquery.dataOwner", "projectOwners")
            for group in self.operators:
                yield Grant(f"dataset:{key}", "roles/bigquery.dataOwner", f"group:{group}")
            if "authorised_over" in entry:
                yield Grant(f"dataset:{entry['authorised_over']}", "authorised VIEWS", f"dataset:{key}")

    def people(self) -> Iterator[Grant]:
        """Invokers call the functions with ingress `all`. Everybody reads `public` if the variable says so."""
        for key, entry in self.page["functions"].items():
            for member in self.invokers if entry["ingress"] == "all" else ():
                yield Grant(self.service(key), "roles/run.invoker", member)
        if self.public:
            yield Grant(f"storage_bucket:{self.project}-public", "roles/storage.objectViewer", "allUsers")
