"""Rules for values that only the API would refuse, or only a person would miss. Importing this completes RULES."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from rules import RULES, Case, both_ways, rule

__all__ = ["ENUMS", "RULES"]

# (type, path into the values) -> allowed values, from the reference pages of each API: the schema has no enums.
ENUMS: dict[tuple[str, str], set[Any]] = {
    ("google_cloudfunctions2_function", "service_config.ingress_settings"): {"ALLOW_ALL", "ALLOW_INTERNAL_ONLY"},
    ("google_cloudfunctions2_function", "build_config.runtime"): {"python313"},
    ("google_cloudfunctions2_function", "event_trigger.retry_policy"): {"RETRY_POLICY_RETRY"},
    ("google_storage_notification", "payload_format"): {"JSON_API_V1"},
    ("google_storage_notification", "event_types.*"): {"OBJECT_FINALIZE"},
    ("google_storage_bucket", "public_access_prevention"): {"enforced", "inherited"},
    ("google_storage_bucket", "uniform_bucket_level_access"): {True},
    ("google_storage_bucket", "lifecycle_rule.action.type"): {"Delete", "AbortIncompleteMultipartUpload"},
    ("google_storage_bucket", "lifecycle_rule.condition.with_state"): {"ARCHIVED", "ANY", "LIVE", None},
    ("google_storage_bucket_object", "deletion_policy"): {"ABANDON"},
    ("google_artifact_registry_repository", "format"): {"DOCKER"},
    ("google_artifact_registry_repository", "cleanup_policies.action"): {"DELETE", "KEEP"},
    ("google_artifact_registry_repository", "cleanup_policies.condition.tag_state"): {"ANY"},
    ("google_bigquery_table", "time_partitioning.type"): {"DAY"},
    ("google_bigquery_table", "view.use_legacy_sql"): {False},
    ("google_bigquery_routine", "routine_type"): {"TABLE_VALUED_FUNCTION"},
    ("google_bigquery_routine", "language"): {"SQL"},
    ("google_bigquery_dataset", "access.role"): {"READER", "WRITER", "OWNER", None, ""},
    ("google_workflows_workflow", "call_log_level"): {"LOG_ALL_CALLS", "LOG_ERRORS_ONLY"},
    ("google_workflows_workflow", "execution_history_level"): {"EXECUTION_HISTORY_BASIC", "EXECUTION_HISTORY_DETAILED"},
    ("google_cloud_scheduler_job", "http_target.http_method"): {"POST"},
    ("google_monitoring_alert_policy", "combiner"): {"OR"},
    ("google_monitoring_alert_policy", "severity"): {"WARNING", "ERROR", "CRITICAL"},
    ("google_monitoring_alert_policy", "conditions.condition_prometheus_query_language.disable_metric_validation"): {
        True},
    ("google_logging_metric", "metric_descriptor.metric_kind"): {"DELTA"},
    ("google_logging_metric", "metric_descriptor.value_type"): {"INT64"},
    ("google_project_iam_audit_config", "audit_log_config.log_type"): {"DATA_READ", "DATA_WRITE", "ADMIN_READ"},
    ("google_billing_budget", "budget_filter.calendar_period"): {"MONTH"},
}  # fmt: skip


@rule
def enums(case: Case) -> Iterator[str]:
    """Enum values have an allowed value. The extracted schema does not state them."""
    for resource in case.plan.resources:
        for (type_, path), allowed in ENUMS.items():
            if resource.type == type_:
                for found in _at(resource.values, path.split(".")):
                    if found not in allowed:
                        yield f"{resource.address}.{path} = {found!r} is not among {sorted(map(str, allowed))}"


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path[1:] if path[:1] == ["*"] else path)
    elif not path:
        yield value
    elif value is not None:
        yield from _at(value.get(path[0]), path[1:])


@rule
def ranges(case: Case) -> Iterator[str]:
    """Values keep the lengths, patterns and limits that only the API checks."""
    patterns = {"google_storage_bucket": ("name", r"[a-z0-9][a-z0-9_.-]{1,61}[a-z0-9]"),
                "google_service_account": ("account_id", r"[a-z][a-z0-9-]{4,28}[a-z0-9]"),
                "google_cloudfunctions2_function": ("name", r"[a-z][a-z0-9-]{0,61}[a-z0-9]"),
                "google_workflows_workflow": ("name", r"[a-zA-Z][a-zA-Z0-9_-]{0,62}[a-zA-Z0-9]"),
                "google_pubsub_topic": ("name", r"(?!goog)[A-Za-z][\w.~+%-]{2,254}")}  # fmt: skip
    for resource in case.plan.resources:
        field, pattern = patterns.get(resource.type, ("", ""))
        if field and not re.fullmatch(pattern, resource.values[field]):
            yield f"{resource.address}: {resource.values[field]!r} is no valid name"
        typed = resource.type == "google_monitoring_notification_channel"  # its labels are the fields of its type
        for name, value in {} if typed else (resource.values.get("labels") or {}).items():
            if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", name) or not re.fullmatch(r"[a-z0-9_-]{0,63}", value):
                yield f"{resource.address}: label {name}={value} is refused"
    for key, values in case.plan.by_type("google_workflows_workflow").items():
        if len(values["source_contents"].encode()) > 128 * 1024:
            yield f"workflow {key} is above 128 KB"
    for key, values in case.plan.by_type("google_cloudfunctions2_function").items():
        config = values["service_config"][0]
        if config["environment_variables"].get("THREADS") != str(config["max_instance_request_concurrency"]):
            yield f"function {key}: THREADS is not its concurrency, so requests would wait for a thread"
        if config["max_instance_request_concurrency"] > 1 and float(config["available_cpu"]) < 1:
            yield f"function {key}: concurrency above 1 needs a whole CPU"


@rule
def protection(case: Case) -> Iterator[str]:
    """In prod no plan can destroy data or a bucket with objects. Versioning follows mesh.yaml in every environment."""
    guarded = case.plan.environment == "prod"
    for type_ in ("google_bigquery_table", "google_workflows_workflow", "google_secret_manager_secret"):
        for values in case.plan.all(type_):
            if values["deletion_protection"] is not guarded:
                yield f"{type_} {values.get('table_id') or values.get('name')}: deletion protection {not guarded}"
    for key, values in case.plan.by_type("google_storage_bucket").items():
        if values["force_destroy"] is guarded:
            yield f"bucket {key}: force_destroy {guarded}"
        if values["versioning"][0]["enabled"] is not case.page["buckets"][key].get("versioning", True):
            yield f"bucket {key}: versioning {values['versioning']}"
        open_ = key == "public" and case.plan.variable("publish_to_world")
        if values["public_access_prevention"] != ("inherited" if open_ else "enforced"):
            yield f"bucket {key}: public access {values['public_access_prevention']}"


@rule
def releases(case: Case) -> Iterator[str]:
    """Each function runs the zip of its digest. Nothing in the plan holds the release of all functions: each release
    would then build every image again."""
    for type_ in ("google_cloudfunctions2_function", "google_workflows_workflow"):
        for key, values in case.plan.by_type(type_).items():
            if not values["labels"].get("content"):
                yield f"{type_} {key} carries {values['labels']}"
            if case.manifest["release"] in json.dumps(values):
                yield f"{type_} {key} holds the release of all functions"
    zips = case.plan.by_type("google_storage_bucket_object", "zip")
    yield from both_ways("zips", set(zips), set(case.manifest["functions"]))
    for key, values in case.plan.by_type("google_cloudfunctions2_function").items():
        source = values["build_config"][0]["source"][0]["storage_source"][0]["object"]
        built = case.manifest["functions"][key]["sha256"]
        if source != zips[key]["name"] or built not in source or built[:40] != values["labels"]["content"]:
            yield f"function {key} runs {source}, and {built} was built"


@rule
def images(case: Case) -> Iterator[str]:
    """Functions push their images to a planned repository, which deletes old images and keeps the newest ones."""
    planned = {}
    for values in case.plan.all("google_artifact_registry_repository"):
        name = f"projects/{values['project']}/locations/{values['location']}/repositories/{values['repository_id']}"
        planned[name] = {policy["action"] for policy in values["cleanup_policies"]}
        if planned[name] != {"DELETE", "KEEP"} or values["cleanup_policy_dry_run"]:
            yield f"repository {name} deletes no old images, or keeps none"
    for key, values in case.plan.by_type("google_cloudfunctions2_function").items():
        used = values["build_config"][0]["docker_repository"]
        if used not in planned:
            yield f"function {key} pushes its images to {used}"


@rule
def function_shapes(case: Case) -> Iterator[str]:
    """Memory, CPU, timeout, concurrency, instances, ingress and account are those of mesh.yaml."""
    for key, entry in case.page["functions"].items():
        config = case.plan.by_type("google_cloudfunctions2_function")[key]["service_config"][0]
        ingress = {"all": "ALLOW_ALL", "internal": "ALLOW_INTERNAL_ONLY"}[entry["ingress"]]
        expected = {"available_memory": entry["memory"], "available_cpu": str(entry["cpu"]),
                    "timeout_seconds": entry["timeout_s"], "max_instance_request_concurrency": entry["concurrency"],
                    "min_instance_count": entry["min_instances"], "max_instance_count": entry["max_instances"],
                    "ingress_settings": ingress, "service_account_email": case.names.functions[key].email}  # fmt: skip
        yield from both_ways(f"function {key}", {name: config[name] for name in expected}, expected)


@rule
def alerts(case: Case) -> Iterator[str]:
    """Each alert measures exactly the resources that mesh.yaml names, notifies again, and states an action.

    Counts end with their window, so that each event notifies. What stays open is told again once a day at most.
    """
    for key, values in case.plan.by_type("google_monitoring_alert_policy").items():
        for condition in values["conditions"]:
            yield from (f"alert {key}: {text}" for text in _condition(case, key, condition))
        strategy = values["alert_strategy"][0]
        if not 1800 <= _seconds(strategy["auto_close"]) <= 7 * 86400:
            yield f"alert {key}: closes after {strategy['auto_close']}"
        told = [_seconds(each["renotify_interval"]) for each in strategy["notification_channel_strategy"]]
        if told != [86400] * bool(case.plan.variable("alert_emails")):
            yield f"alert {key}: notifies again after {told} s"
        if not values["documentation"][0]["content"]:
            yield f"alert {key} says nothing"


def _condition(case: Case, key: str, condition: dict[str, Any]) -> Iterator[str]:
    """A threshold would keep its incident open without data, and would refuse a metric that is seconds old."""
    for query in condition["condition_prometheus_query_language"]:
        listed = re.findall(r'(?:topic|subscription|workflow)_id=~?"([\w|-]+)"', query["query"])
        named = {name for names in listed for name in names.split("|")} | {
            *re.findall(r"user/([\w-]+)", query["query"])
        }
        expected = {f"{of}-{case.plan.environment}" for of in case.page["alerts"][key].get("of", [])}
        yield from both_ways("watched", named, expected)
        if _seconds(query["evaluation_interval"]) % 30 or _seconds(query["duration"]) % 60:
            yield f"evaluated every {query['evaluation_interval']} for {query['duration']}"
    yield from (f"{kind} is no query" for kind, found in condition.items()
                if isinstance(found, list) and found and kind != "condition_prometheus_query_language")  # fmt: skip


def _seconds(duration: str) -> int:
    return int(duration.removesuffix("s"))


@rule
def budgets(case: Case) -> Iterator[str]:
    """A budget has the currency of its billing account, and notifies at most five channels.

    https://cloud.google.com/billing/docs/how-to/budgets-notification-recipients
    """
    if len(case.plan.by_type("google_monitoring_notification_channel")) > 5:
        yield "a budget notifies at most five channels"
    for values in case.plan.all("google_billing_budget"):
        for amount in values["amount"]:
            yield from (
                f"budget in {each['currency_code']}" for each in amount["specified_amount"] if each.get("currency_code")
            )


@rule
def order(case: Case) -> Iterator[str]:
    """What needs a grant waits until the grants take effect. The agent of Cloud Storage exists before its grant."""
    resources = _configured(case.plan.document["configuration"]["root_module"]["module_calls"]["mesh"]["module"])
    for address in (
        "google_cloudfunctions2_function.this",
        "google_storage_notification.this",
        "google_workflows_workflow.this",
    ):
        if "terraform_data.grants_settled" not in resources[address]:
            yield f"{address} does not wait for its grants"
    waits = resources["terraform_data.grants_settled"]
    for address in sorted(resources):
        granted = re.fullmatch(r"google_(\w+)_iam_member\.(\w+)", address)
        if (
            granted
            and granted[1] != "cloud_run_v2_service"
            and granted[2] not in ("world", "forwarder")
            and address not in waits
        ):
            yield f"terraform_data.grants_settled does not wait for {address}"
    if "data.google_storage_project_service_account.this" not in resources["google_pubsub_topic_iam_member.publisher"]:
        yield "the agent of Cloud Storage gets a grant before it exists"


def _configured(module: dict[str, Any]) -> dict[str, set[str]]:
    """What each resource of a module depends on explicitly."""
    return {each["address"]: set(each.get("depends_on", [])) for each in module["resources"]}
