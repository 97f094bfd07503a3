"""Resolves mesh.yaml to the names of one project and environment.

Terraform resolves the same file, and a test checks that both results are equal. The names are: topics, subscriptions,
workflows and schedules `<key>-<environment>`, datasets `<key>`, buckets `<project>-<key>`, functions their `service`.
Each grant in `may` becomes an environment variable (upper case, `-` replaced by `_`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tipoff_local.mesh.declared import (
    Function,
    Grants,
    Mesh,
    Subscription,
    Workflow,
)


@dataclass(frozen=True)
class ResolvedSubscription:
    """A subscription with its names; `endpoint` and `push_email` are None on a hold subscription."""

    name: str
    topic: str
    endpoint: str | None
    audience: str | None
    push_email: str | None
    dead_letter_topic: str | None
    declared: Subscription


@dataclass(frozen=True)
class ResolvedFunction:
    """A function with its names: URL, account, environment variables, and the accounts that may call it."""

    key: str
    service: str
    url: str
    email: str
    env: Mapping[str, str]
    invokers: frozenset[str]
    declared: Function


@dataclass(frozen=True)
class ResolvedWorkflow:
    """A workflow with its names: id, account, environment variables."""

    key: str
    name: str
    email: str
    env: Mapping[str, str]
    declared: Workflow


@dataclass(frozen=True)
class ResolvedSchedule:
    """A schedule with its names; the job starts workflow id `workflow`, or calls `endpoint`, as `email`."""

    name: str
    workflow: str | None
    endpoint: str | None
    audience: str | None
    cron: str
    time_zone: str
    email: str
    argument: Mapping[str, object]


@dataclass(frozen=True)
class Names:
    """All names of one project and environment; maps are by mesh key."""

    project: str
    project_number: str
    environment: str
    region: str
    topics: Mapping[str, str]
    buckets: Mapping[str, str]
    datasets: Mapping[str, str]
    subscriptions: Mapping[str, ResolvedSubscription]
    functions: Mapping[str, ResolvedFunction]
    workflows: Mapping[str, ResolvedWorkflow]
    schedules: Mapping[str, ResolvedSchedule]

    def topic_path(self, key: str) -> str:
        """`projects/P/topics/T` of a topic key."""
        return f"projects/{self.project}/topics/{self.topics[key]}"

    def subscription_path(self, key: str) -> str:
        """`projects/P/subscriptions/S` of a subscription key."""
        return f"projects/{self.project}/subscriptions/{self.subscriptions[key].name}"


def resolve(
    mesh: Mesh, project: str, project_number: str, environment: str, *,
    host_url: str | None = None, releases: Mapping[str, str] | None = None, people: frozenset[str] = frozenset(),
) -> Names:  # fmt: skip
    """All names of one environment.

    Args:
        host_url: base URL of the local function host; without it, URLs are Cloud Run's deterministic ones.
        releases: the digest of each function's zip, by function key; without it, each release is `local`.
        people: e-mail addresses that may call the functions whose ingress is `all`.
    """
    return _Resolver(mesh, project, project_number, environment, host_url, releases or {}, people).names()


def variable(prefix: str, key: str) -> str:
    """The environment variable of a granted key: `TOPIC_RAW_READY` for (`TOPIC`, `raw-ready`)."""
    return f"{prefix}_{key.upper().replace('-', '_')}"


@dataclass(frozen=True)
class _Resolver:
    mesh: Mesh
    project: str
    number: str
    environment: str
    host_url: str | None
    releases: Mapping[str, str]
    people: frozenset[str]

    def names(self) -> Names:
        mesh = self.mesh
        return Names(
            project=self.project,
            project_number=self.number,
            environment=self.environment,
            region=mesh.region,
            topics={key: self._suffixed(key) for key in mesh.topics},
            buckets={key: self._bucket(key) for key in mesh.buckets},
            datasets={key: key for key in mesh.datasets},
            subscriptions={key: self._subscription(key) for key in mesh.subscriptions},
            functions={key: self._function(key) for key in mesh.functions},
            workflows={key: self._workflow(key) for key in mesh.workflows},
            schedules={key: self._schedule(key) for key in mesh.schedules},
        )

    def _suffixed(self, key: str) -> str:
        return f"{key}-{self.environment}"

    def _bucket(self, key: str) -> str:
        return f"{self.project}-{key}"

    def _email(self, account: str) -> str:
        return f"{account}@{self.project}.iam.gserviceaccount.com"

    def _url(self, key: str) -> str:
        service = self.mesh.functions[key].service
        if self.host_url is not None:
            return f"{self.host_url}/{service}"
        return f"https://{service}-{self.number}.{self.mesh.region}.run.app"

    def _subscription(self, key: str) -> ResolvedSubscription:
        declared = self.mesh.subscriptions[key]
        pushed = declared.function is not None
        audience = self._url(declared.function) if declared.function is not None else None
        return ResolvedSubscription(
            name=self._suffixed(key),
            topic=self._suffixed(declared.topic),
            endpoint=f"{audience}{declared.path}" if audience else None,
            audience=audience,
            push_email=self._email(f"push-{key}") if pushed else None,
            dead_letter_topic=self._suffixed(declared.dead_letter) if declared.dead_letter else None,
            declared=declared,
        )

    def _function(self, key: str) -> ResolvedFunction:
        declared = self.mesh.functions[key]
        return ResolvedFunction(
            key=key,
            service=declared.service,
            url=self._url(key),
            email=self._email(f"fn-{key.replace('_', '-')}"),
            env=self._base(key) | {"THREADS": str(declared.concurrency)} | self._granted(declared.may),
            invokers=frozenset(self._invokers(key)),
            declared=declared,
        )

    def _invokers(self, function: str) -> Iterator[str]:
        for key, subscription in self.mesh.subscriptions.items():
            if subscription.function == function:
                yield self._email(f"push-{key}")
        for key, workflow in self.mesh.workflows.items():
            if function in workflow.calls:
                yield self._email(f"wf-{key}")
        if any(schedule.function == function for schedule in self.mesh.schedules.values()):
            yield self._email("scheduler")
        if self.mesh.functions[function].ingress == "all":
            yield from self.people

    def _base(self, key: str) -> dict[str, str]:
        return {
            "PROJECT_ID": self.project,
            "PROJECT_NUMBER": self.number,
            "REGION": self.mesh.region,
            "ENVIRONMENT": self.environment,
            "RELEASE": self.releases.get(key, "local"),
        }

    def _granted(self, may: Grants) -> dict[str, str]:
        return (
            _variables("BUCKET", may.read_buckets + may.write_buckets, self._bucket)
            | _variables("DATASET", may.read_datasets + may.write_datasets, str)
            | _variables("TOPIC", may.publish, self._suffixed)
            | _variables("WORKFLOW", may.start_workflows, self._suffixed)
            | _variables("SECRET", may.secrets, str)
        )

    def _workflow(self, key: str) -> ResolvedWorkflow:
        declared = self.mesh.workflows[key]
        env = (
            _variables("URL", declared.calls, self._url)
            | _variables("WORKFLOW", declared.runs, self._suffixed)
            | _variables("TOPIC", declared.publish, self._suffixed)
        )
        return ResolvedWorkflow(key, self._suffixed(key), self._email(f"wf-{key}"), env, declared)

    def _schedule(self, key: str) -> ResolvedSchedule:
        declared = self.mesh.schedules[key]
        audience = self._url(declared.function) if declared.function else None
        return ResolvedSchedule(
            name=self._suffixed(key),
            workflow=self._suffixed(declared.workflow) if declared.workflow else None,
            endpoint=f"{audience}{declared.path}" if audience else None,
            audience=audience,
            cron=declared.cron,
            time_zone=self.mesh.time_zone,
            email=self._email("scheduler"),
            argument=declared.argument,
        )


def _variables(prefix: str, keys: tuple[str, ...], name_of: Callable[[str], str]) -> dict[str, str]:
    return {variable(prefix, key): name_of(key) for key in keys}
