"""What a project needs before Terraform can make the mesh in it: services, agents, permissions, secrets, billing."""

from collections.abc import Callable

from tipoff.cloud.project_state import ProjectState
from tipoff.core.errors import RequestRefused
from tipoff_local.mesh import Mesh
from tipoff_ops.cli.findings import NOTHING, Finding

# One permission of each kind of resource that the module makes. Owner has them all.
PERMISSIONS = (
    "bigquery.datasets.create",
    "cloudfunctions.functions.create",
    "cloudscheduler.jobs.create",
    "iam.serviceAccounts.actAs",
    "iam.serviceAccounts.create",
    "iam.serviceAccounts.setIamPolicy",
    "logging.logMetrics.create",
    "monitoring.alertPolicies.create",
    "pubsub.topics.create",
    "pubsub.topics.setIamPolicy",
    "resourcemanager.projects.setIamPolicy",
    "run.services.setIamPolicy",
    "secretmanager.secrets.create",
    "serviceusage.services.enable",
    "storage.buckets.create",
    "storage.buckets.setIamPolicy",
    "workflows.workflows.create",
)


def check_project(state: ProjectState, mesh: Mesh) -> list[Finding]:
    """Check everything that the first apply needs. Each finding names the step of docs/bootstrap.md that makes it."""
    checks: list[tuple[str, str, Callable[[], str]]] = [
        ("billing", "step 1 links a billing account", lambda: "" if state.billing_enabled() else "not enabled"),
        ("services", "step 4 enables them", lambda: _services(state, mesh)),
        ("permissions of the caller", "the role Owner has them", lambda: _permissions(state)),
        ("service agent of Cloud Storage", "write its address into names.tf", lambda: _storage_agent(state)),
        ("service agent of Pub/Sub", "step 4 creates it", lambda: _pubsub_agent(state)),
        *((f"secret {name}", "step 5 adds a version", lambda name=name: _secret(state, name)) for name in mesh.secrets),
    ]
    return [_finding(what, todo, check) for what, todo, check in checks]


def _finding(what: str, todo: str, check: Callable[[], str]) -> Finding:
    try:
        problem = check()
    except RequestRefused as error:
        problem = f"{error.code}: {error.message}"
    return Finding(what, not problem, problem or "good", f"docs/bootstrap.md: {todo}" if problem else NOTHING)


def _services(state: ProjectState, mesh: Mesh) -> str:
    missing = sorted({f"{name}.googleapis.com" for name in mesh.services} - state.enabled_services())
    return f"not enabled: {', '.join(missing)}" if missing else ""


def _permissions(state: ProjectState) -> str:
    missing = sorted(set(PERMISSIONS) - state.granted(PERMISSIONS))
    return f"missing: {', '.join(missing)}" if missing else ""


def _storage_agent(state: ProjectState) -> str:
    expected, found = f"service-{state.number}@gs-project-accounts.iam.gserviceaccount.com", state.storage_agent()
    return "" if found == expected else f"is {found}, and the mesh grants {expected} its roles"


def _pubsub_agent(state: ProjectState) -> str:
    agent = f"serviceAccount:service-{state.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
    return "" if agent in state.members() else "has no role on the project"


def _secret(state: ProjectState, name: str) -> str:
    return "" if state.enabled_versions(name) else "has no enabled version"
