"""Rules for a plan. Each rule yields the problems that it finds.

The gate runs every rule on the plan of every environment. The fault tests run each rule on a faulty plan.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from matrix import SCOPES, derived, granted
from plans import Plan

from tipoff_local import mesh as resolver
from tipoff_local.iam import policy

READABLE = re.compile(r"\bsys\.get_env\(\s*\"(\w+)\"")
BASIC_ROLES = re.compile(r"^roles/(owner|editor|viewer)$|[aA]dmin$")
NAMING = {
    "name", "dataset_id", "table_id", "routine_id", "account_id", "topic", "subscription", "bucket", "member", "role",
    "service_account", "source_contents", "user_env_vars", "uri", "service_account_id", "payload_format",
}  # fmt: skip
# Fields of these names are set by the API.
ASSIGNED = {("google_storage_project_service_account", "member"),
            ("google_service_account", "name"), ("google_service_account", "member"),
            ("google_secret_manager_secret", "name"), ("google_monitoring_alert_policy", "name"),
            ("google_monitoring_notification_channel", "name"), ("google_billing_budget", "name"),
            ("google_artifact_registry_repository", "name")}  # fmt: skip
GIVEN_BY_WORKFLOWS = re.compile(r"^GOOGLE_CLOUD_")


@dataclass(frozen=True)
class Case:
    """A plan with the repository that it was made from."""

    plan: Plan
    root: Path

    @cached_property
    def page(self) -> dict[str, Any]:
        """mesh.yaml as plain data."""
        page: dict[str, Any] = yaml.safe_load((self.root / "terraform" / "mesh.yaml").read_text())
        return page

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest of the build."""
        manifest: dict[str, Any] = json.loads((self.root / "dist" / "manifest.json").read_text())
        return manifest

    @cached_property
    def mesh(self) -> resolver.Mesh:
        """mesh.yaml as the local cloud reads it."""
        return resolver.load(self.root / "terraform" / "mesh.yaml")

    @cached_property
    def names(self) -> resolver.Names:
        """The names that the local cloud derives from the same mesh.yaml."""
        plan = self.plan
        releases = {key: built["sha256"] for key, built in self.manifest["functions"].items()}
        return resolver.resolve(self.mesh, plan.project, plan.project_number, plan.environment, releases=releases)

    @cached_property
    def tables(self) -> dict[str, dict[str, Any]]:
        """`table.yaml` by `dataset.table`."""
        folder = self.root / "dist" / "tables"
        return {
            f"{path.parts[-3]}.{path.parts[-2]}": {**yaml.safe_load(path.read_text()), "folder": path.parent}
            for path in sorted(folder.glob("*/*/table.yaml"))
        }


Rule = Callable[[Case], Iterator[str]]
RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    """Register a rule under its name."""
    RULES[function.__name__] = function
    return function


def both_ways(what: str, planned: Any, expected: Any) -> Iterator[str]:
    """Compare two sets or dicts, and yield what each side lacks."""
    if isinstance(planned, dict):
        planned, expected = set(_items(planned)), set(_items(expected))
    yield from (f"{what}: {item} is planned and not declared" for item in sorted(planned - expected))
    yield from (f"{what}: {item} is declared and not planned" for item in sorted(expected - planned))


def _items(mapping: dict[str, Any]) -> Iterator[tuple[str, str]]:
    return ((key, str(value)) for key, value in mapping.items())


@rule
def names(case: Case) -> Iterator[str]:
    """The plan has exactly the names of mesh.yaml and the table folders."""
    plan, resolved, page = case.plan, case.names, case.page
    kinds = case.tables
    accounts = {f"fn-{k.replace('_', '-')}" for k in page["functions"]} | {f"wf-{k}" for k in page["workflows"]}
    accounts |= {f"push-{k}" for k, s in page["subscriptions"].items() if "function" in s} | {"scheduler", "builder"}
    suffix = case.plan.environment
    expected: dict[str, tuple[str, set[str]]] = {
        "pubsub_topic": ("name", set(resolved.topics.values())),
        "pubsub_subscription": ("name", {s.name for s in resolved.subscriptions.values()}),
        "storage_bucket": ("name", set(resolved.buckets.values())),
        "artifact_registry_repository": ("repository_id", set(page["registries"])),
        "bigquery_dataset": ("dataset_id", set(resolved.datasets.values())),
        "cloudfunctions2_function": ("name", {f.service for f in resolved.functions.values()}),
        "workflows_workflow": ("name", {w.name for w in resolved.workflows.values()}),
        "cloud_scheduler_job": ("name", {s.name for s in resolved.schedules.values()}),
        "secret_manager_secret": ("secret_id", set(page["secrets"])),
        "service_account": ("account_id", accounts),
        "logging_metric": ("name", {f"{k}-{suffix}" for k in page["log_metrics"]}),
        "monitoring_alert_policy": ("display_name", {f"{k}-{suffix}" for k in page["alerts"]}),
    }
    for kind, (field, declared) in expected.items():
        yield from both_ways(kind, {values[field] for values in plan.all(f"google_{kind}")}, declared)
    held = {f"{v['dataset_id']}.{v['table_id']}" for v in plan.all("google_bigquery_table")}
    yield from both_ways("bigquery_table", held, {n for n, t in kinds.items() if t["kind"] != "table_function"})
    routines = {f"{v['dataset_id']}.{v['routine_id']}" for v in plan.all("google_bigquery_routine")}
    yield from both_ways("bigquery_routine", routines, {n for n, t in kinds.items() if t["kind"] == "table_function"})


@rule
def nothing_unknown(case: Case) -> Iterator[str]:
    """No name, member or variable depends on a value that is known only after apply."""
    for resource in case.plan.resources:
        for field in sorted(resource.unknown & NAMING):
            if (resource.type, field) not in ASSIGNED:
                yield f"{resource.address}.{field} is not known before apply"
    nested = {"google_cloudfunctions2_function": "service_config", "google_pubsub_subscription": "push_config"}
    for resource in case.plan.resources:
        inner = (resource.values.get(nested.get(resource.type, "")) or [{}])[0]
        for field in ("environment_variables", "push_endpoint", "oidc_token"):
            if field in inner and inner[field] is None:
                yield f"{resource.address}.{field} is not known before apply"


@rule
def function_variables(case: Case) -> Iterator[str]:
    """Each function has exactly the variables that the resolver derives."""
    planned = case.plan.by_type("google_cloudfunctions2_function")
    for key, function in case.names.functions.items():
        config = planned[key]["service_config"][0]
        secrets = {entry["key"]: entry["secret"] for entry in config["secret_environment_variables"]}
        yield from both_ways(f"variables of {key}", config["environment_variables"] | secrets, dict(function.env))


@rule
def workflow_variables(case: Case) -> Iterator[str]:
    """Each workflow has exactly the variables that it reads with sys.get_env and the resolver derives: 20 at most."""
    planned = case.plan.by_type("google_workflows_workflow")
    for key, workflow in case.names.workflows.items():
        given = planned[key]["user_env_vars"] or {}
        asked = {n for n in READABLE.findall(planned[key]["source_contents"]) if not GIVEN_BY_WORKFLOWS.match(n)}
        yield from both_ways(f"variables of workflow {key}", given, dict(workflow.env))
        yield from (f"workflow {key} asks for {name}, which nobody gives" for name in sorted(asked - set(given)))
        yield from (f"workflow {key} is given {name} and never asks" for name in sorted(set(given) - asked))
        if len(given) > 20 or any(len(value) > 4096 for value in given.values()):
            yield f"workflow {key} is given more than 20 variables, or one above 4 KiB"
        yield from (f"workflow {key}: {n} is reserved" for n in given if n.startswith(("GOOGLE", "WORKFLOWS")))


@rule
def pushes(case: Case) -> Iterator[str]:
    """A push goes to the URL of an existing function, is signed by its own account, and never expires."""
    planned = case.plan.by_type("google_pubsub_subscription")
    for key, resolved in case.names.subscriptions.items():
        values = planned[key]
        if values["topic"] != resolved.topic:
            yield f"{key} listens to {values['topic']}"
        if [policy["ttl"] for policy in values["expiration_policy"]] != [""]:
            yield f"{key} expires"
        if resolved.endpoint is None:
            yield from (f"{key} holds and yet pushes" for _ in values["push_config"])
            continue
        yield from _push(key, values, resolved)


def _push(key: str, values: dict[str, Any], resolved: resolver.ResolvedSubscription) -> Iterator[str]:
    push = values["push_config"][0]
    token = (push["oidc_token"] or [{}])[0]
    found = (push["push_endpoint"], token.get("audience"), token.get("service_account_email"))
    expected = (resolved.endpoint, resolved.audience, resolved.push_email)
    if found != expected:
        yield f"{key} pushes {found}, expected {expected}"
    retry = (values["retry_policy"] or [{}])[0]
    backoffs = [int(str(retry.get(f"{end}_backoff", "-1s")).rstrip("s")) for end in ("minimum", "maximum")]
    if not 0 <= backoffs[0] <= backoffs[1] <= 600:
        yield f"{key} retries {retry}"
    if not 10 <= values["ack_deadline_seconds"] <= 600:
        yield f"{key}: ack deadline {values['ack_deadline_seconds']} s"


@rule
def notifications(case: Case) -> Iterator[str]:
    """Exactly the buckets that mesh.yaml states notify the stated topic of each finalized object."""
    names = case.names
    told = {
        values["bucket"]: f"{values['topic'].rpartition('/')[2]} {values['payload_format']} {values['event_types']}"
        for values in case.plan.all("google_storage_notification")
    }
    declared = {
        names.buckets[key]: f"{names.topics[entry['notify']]} JSON_API_V1 ['OBJECT_FINALIZE']"
        for key, entry in case.page["buckets"].items()
        if "notify" in entry
    }
    yield from both_ways("notification", told, declared)


@rule
def callers(case: Case) -> Iterator[str]:
    """The same accounts may call a function in the cloud and on the local function host."""
    for function in case.names.functions.values():
        members = {grant.to for grant in granted(case.plan) if grant.on == f"cloud_run_v2_service:{function.service}"}
        named = members - set(case.plan.variable("invokers"))
        yield from both_ways(f"callers of {function.key}", named, {f"serviceAccount:{e}" for e in function.invokers})


@rule
def dead_letters(case: Case) -> Iterator[str]:
    """Every push subscription has a dead-letter topic, both grants for it, and a subscription that keeps messages."""
    plan, agent = case.plan, f"serviceAccount:service-{case.plan.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
    grants = {(grant.on, grant.role) for grant in granted(plan) if grant.to == agent}
    kept = {values["topic"] for values in plan.by_type("google_pubsub_subscription", "hold").values()}
    for key, values in plan.by_type("google_pubsub_subscription", "push").items():
        policy = (values["dead_letter_policy"] or [{"dead_letter_topic": "", "max_delivery_attempts": 0}])[0]
        prefix, _, topic = policy["dead_letter_topic"].rpartition("/")
        if prefix != f"projects/{plan.project}/topics" or not 5 <= policy["max_delivery_attempts"] <= 100:
            yield f"{key} has no dead letter: {policy}"
        if (f"pubsub_topic:{topic}", "roles/pubsub.publisher") not in grants:
            yield f"{key}: Pub/Sub may not publish its dead letters to {topic}"
        if (f"pubsub_subscription:{values['name']}", "roles/pubsub.subscriber") not in grants:
            yield f"{key}: Pub/Sub may not take its dead letters away"
        if topic not in kept:
            yield f"{key}: nobody keeps {topic}"


@rule
def least_privilege(case: Case) -> Iterator[str]:
    """The plan grants what the local cloud enforces, and only with the resource types that are compared.

    The local cloud derives the grants from mesh.yaml. That they suffice, and that each of them is needed, is shown by a
    played day on it (tests/integration/test_permissions.py).
    """
    found, enforced = granted(case.plan), derived(case.names, case.mesh, case.plan)
    yield from (f"granted and not enforced locally: {tuple(grant)}" for grant in sorted(found - enforced))
    yield from (f"enforced locally and not granted: {tuple(grant)}" for grant in sorted(enforced - found))
    for grant in sorted(found):
        if grant.to in ("allUsers", "allAuthenticatedUsers") and not case.plan.variable("publish_to_world"):
            yield f"public: {tuple(grant)}"
        if BASIC_ROLES.search(grant.role):
            yield f"basic role: {tuple(grant)}"
    for resource in case.plan.resources:
        grants = re.fullmatch(r"google_(\w+)_iam_(member|binding|policy)|google_bigquery_dataset_access", resource.type)
        if (
            grants and not (grants[2] == "member" and grants[1] in SCOPES)
        ) or resource.type == "google_service_account_key":
            yield f"{resource.address} grants by a way that nobody compares"


@rule
def documented_roles(case: Case) -> Iterator[str]:
    """The permissions of every granted role are known from its documentation."""
    roles = {grant.role for grant in granted(case.plan) if grant.role.startswith("roles/")}
    yield from (f"{role} is not in roles.yaml" for role in sorted(roles - policy.roles().keys()))


@rule
def landing_is_closed(case: Case) -> Iterator[str]:
    """Only ingest may access nba_landing. All others read it through the views of nba_raw."""
    for key, entry in case.page["datasets"].items():
        inner = entry.get("authorised_over")
        if inner is None:
            continue
        readers = [k for k, f in case.page["functions"].items() if inner in f["may"].get("read_datasets", ())]
        yield from (f"{reader} may read {inner} past the views of {key}" for reader in readers)
        writers = {k for k, f in case.page["functions"].items() if inner in f["may"].get("write_datasets", ())}
        yield from (f"{name} writes {inner}" for name in sorted(writers - {"ingest"}))


@rule
def views_reach_their_tables(case: Case) -> Iterator[str]:
    """The callers of a view may read everything that it reads.

    That is its own dataset, a dataset that all readers of its own may read, or a dataset that it is authorised over.
    """
    for name, sql in _views(case.plan).items():
        own = name.split(".")[0]
        allowed = {*_readable_by_all(case.page, own), case.page["datasets"][own].get("authorised_over")}
        yield from _reads_beyond(case, name, sql, allowed)


@rule
def table_functions_reach_their_tables(case: Case) -> Iterator[str]:
    """The same for table functions. An authorised dataset of BigQuery does not cover them, only views."""
    for name, sql in _table_functions(case.plan).items():
        yield from _reads_beyond(case, name, sql, _readable_by_all(case.page, name.split(".")[0]))


def _views(plan: Plan) -> dict[str, str]:
    views = [values for values in plan.all("google_bigquery_table") if values["view"]]
    return {f"{values['dataset_id']}.{values['table_id']}": values["view"][0]["query"] for values in views}


def _table_functions(plan: Plan) -> dict[str, str]:
    routines = plan.all("google_bigquery_routine")
    return {f"{values['dataset_id']}.{values['routine_id']}": values["definition_body"] for values in routines}


def _reads_beyond(case: Case, name: str, sql: str, allowed: set[str]) -> Iterator[str]:
    for dataset, table in re.findall(_qualified(case), sql):
        if f"{dataset}.{table}" not in case.tables:
            yield f"{name} reads {dataset}.{table}, which has no folder"
        if dataset not in allowed:
            yield f"{name} reads {dataset}.{table}, which not all who may ask it may read"


def _qualified(case: Case) -> str:
    return rf"`{re.escape(case.plan.project)}\.({'|'.join(case.page['datasets'])})\.(\w+)`"


@rule
def views_name_their_project(case: Case) -> Iterator[str]:
    """Every reference in a view or table function has the project, and no string was changed like a reference."""
    datasets = "|".join(case.page["datasets"])
    for name, sql in (_views(case.plan) | _table_functions(case.plan)).items():
        rest = re.sub(_qualified(case), "", sql)
        yield from (f"{name} names {found} without project" for found in re.findall(rf"\b(?:{datasets})\.\w+", rest))
        strings = re.findall(r"'[^'\n]*'", sql)
        yield from (f"{name}: {string} was changed" for string in strings if re.search(_qualified(case), string))


def _readable_by_all(page: dict[str, Any], dataset: str) -> set[str]:
    """The datasets that every reader of `dataset` may read as well."""
    reached = [
        {*f["may"].get("read_datasets", ()), *f["may"].get("write_datasets", ())} for f in page["functions"].values()
    ]
    return set.intersection(set(page["datasets"]), *(each for each in reached if dataset in each))


@rule
def tables(case: Case) -> Iterator[str]:
    """Columns, partition, clusters and filters are those of the table folder, and the partition column exists."""
    for values in case.plan.all("google_bigquery_table"):
        name = f"{values['dataset_id']}.{values['table_id']}"
        spec = case.tables.get(name)
        if spec is None or spec["kind"] == "view":
            continue
        columns = json.loads((spec["folder"] / "schema.json").read_text())
        if json.loads(values["schema"]) != columns:
            yield f"{name}: columns differ from schema.json"
        partition = [entry["field"] for entry in values["time_partitioning"]]
        if partition != [p for p in [spec.get("partition")] if p]:
            yield f"{name} is partitioned by {partition}"
        types = {column["name"]: column["type"] for column in columns}
        yield from (f"{name}: partition {p} is {types.get(p)}" for p in partition if types.get(p) != "DATE")
        clusters = values["clustering"] or []
        if clusters != list(spec.get("cluster") or []) or not set(clusters) <= set(types) or len(clusters) > 4:
            yield f"{name} is clustered by {clusters}"
        if values["require_partition_filter"] != bool(spec.get("require_partition_filter", False)):
            yield f"{name}: require_partition_filter is {values['require_partition_filter']}"
        if values["require_partition_filter"] and not partition:
            yield f"{name} requires a filter on a partition that it has not"


@rule
def schedules(case: Case) -> Iterator[str]:
    """A job starts an existing workflow with an OAuth token, or calls a function with an OIDC token."""
    planned = case.plan.by_type("google_cloud_scheduler_job")
    existing = {w["name"] for w in case.plan.all("google_workflows_workflow")}
    for key, resolved in case.names.schedules.items():
        values, target = planned[key], planned[key]["http_target"][0]
        at = f"https://workflowexecutions.googleapis.com/v1/projects/{case.plan.project}/locations/{case.names.region}"
        calls = resolved.endpoint is not None
        uri = resolved.endpoint if calls else f"{at}/workflows/{resolved.workflow}/executions"
        if target["uri"] != uri or (not calls and resolved.workflow not in existing):
            yield f"{key} starts {target['uri']}"
        body = json.loads(base64.b64decode(target["body"]))
        argument = body if calls else json.loads(body["argument"])
        if (values["schedule"], values["time_zone"], argument) != (
            resolved.cron,
            resolved.time_zone,
            resolved.argument,
        ):
            yield f"{key} runs {values['schedule']} {values['time_zone']} with {argument}"
        oauth, oidc = target["oauth_token"] or [], target["oidc_token"] or []
        if calls:
            tokens = [(token["service_account_email"], token["audience"]) for token in oidc]
            if tokens != [(resolved.email, resolved.audience)] or oauth:
                yield f"{key} has no OIDC token of the scheduler for {resolved.audience}"
            continue
        if [token["service_account_email"] for token in oauth] != [resolved.email]:
            yield f"{key} has no OAuth token of the scheduler"
        yield from (f"{key} uses OIDC, which Google's APIs refuse" for _ in oidc)
