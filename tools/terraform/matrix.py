"""The grants that follow from mesh.yaml, and the grants of a plan. The two must be equal."""

from __future__ import annotations

from typing import Any

from plans import Plan

from tipoff_local.iam.grants import Grant, People, grants_of
from tipoff_local.mesh import Mesh, Names

ROLES_OF_DATASETS = {"READER": "roles/bigquery.dataViewer", "WRITER": "roles/bigquery.dataEditor",
                     "OWNER": "roles/bigquery.dataOwner"}  # fmt: skip


# Types of resources whose IAM members are compared, with the field that names the scope.
SCOPES = {
    "storage_bucket": "bucket", "pubsub_topic": "topic", "pubsub_subscription": "subscription", "project": "project",
    "cloud_run_v2_service": "name", "secret_manager_secret": "secret_id", "service_account": "service_account_id",
}  # fmt: skip


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


def derived(case_names: Names, mesh: Mesh, plan: Plan) -> frozenset[Grant]:
    """The grants that follow from mesh.yaml and the variables of the plan. The local cloud enforces the same."""
    people = People(
        invokers=tuple(plan.variable("invokers")),
        operators=tuple(plan.variable("operators")),
        public=plan.variable("publish_to_world"),
    )
    return grants_of(mesh, case_names, people)
