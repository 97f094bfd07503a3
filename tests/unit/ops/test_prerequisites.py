"""`tipoff doctor --before`: what it asks of a project, answered with the documented bodies of the services."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tipoff.cloud.project_state import ProjectState
from tipoff_local import mesh as meshes
from tipoff_ops.build import find_project
from tipoff_ops.deploy.prerequisites import PERMISSIONS, check_project

MESH = meshes.load(find_project().root / "terraform" / "mesh.yaml")
NUMBER = "300000000003"
PUBSUB = f"serviceAccount:service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
VERSION = {"name": f"projects/{NUMBER}/secrets/s/versions/1", "state": "ENABLED"}
READY: dict[str, Any] = {
    "projects/tipoff-test": {"projectId": "tipoff-test", "projectNumber": NUMBER, "lifecycleState": "ACTIVE"},
    "billingInfo": {"projectId": "tipoff-test", "billingAccountName": "billingAccounts/0", "billingEnabled": True},
    "projects/tipoff-test:testIamPermissions": {"permissions": list(PERMISSIONS)},
    "projects/tipoff-test:getIamPolicy": {"bindings": [{"role": "roles/pubsub.serviceAgent", "members": [PUBSUB]}]},
    "serviceAccount": {
        "kind": "storage#serviceAccount",
        "email_address": f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com",
    },
    "services": {
        "services": [{"config": {"name": f"{name}.googleapis.com"}, "state": "ENABLED"} for name in MESH.services]
    },
    "odds-api-key/versions": {"versions": [VERSION], "totalSize": 1},
    "balldontlie-key/versions": {"versions": [VERSION], "totalSize": 1},
}


@dataclass(frozen=True)
class Answer:
    """A response with a status and a body."""

    status_code: int
    body: Any

    def json(self) -> Any:
        return self.body


@dataclass
class Project:
    """Answers each request by the end of its path."""

    bodies: dict[str, Any] = field(default_factory=dict)

    def request(self, method: str, url: str, *, json: object = None, timeout: float) -> Answer:
        path, _, query = url.removeprefix("https://").partition("?")
        found = {**READY, **self.bodies}
        body = next(found[end] for end in sorted(found, key=len, reverse=True) if path.endswith(end))
        body = body.get(query.partition("pageToken=")[2], body) if "pages" in body else body
        return Answer(body["error"]["code"] if "error" in body else 200, body)


def problems(**bodies: Any) -> dict[str, str]:
    """What is wrong with a project whose answers differ in these."""
    replaced = {key.replace("__", "/"): body for key, body in bodies.items()}
    found = check_project(ProjectState("tipoff-test", Project(replaced)), MESH)
    return {each.what: each.detail for each in found if not each.good}


def test_a_prepared_project_has_no_problem() -> None:
    assert problems() == {}


@pytest.mark.parametrize(
    ("end", "body", "what", "why"),
    [
        ("billingInfo", {"billingEnabled": False}, "billing", "not enabled"),
        ("services", {"services": []}, "services", "not enabled: artifactregistry.googleapis.com, "),
        ("projects/tipoff-test:testIamPermissions", {}, "permissions of the caller", "bigquery.datasets.create"),
        ("projects/tipoff-test:getIamPolicy", {"bindings": []}, "service agent of Pub/Sub", "has no role"),
        ("serviceAccount", {"email_address": "tipoff-test@gs"}, "service agent of Cloud Storage", "is tipoff-test@gs"),
        ("odds-api-key/versions", {}, "secret odds-api-key", "no enabled version"),
        (
            "balldontlie-key/versions",
            {"error": {"code": 404, "message": "Secret [x] not found.", "status": "NOT_FOUND"}},
            "secret balldontlie-key",
            "NOT_FOUND: Secret .x. not found",
        ),
    ],
)
def test_each_gap_is_named_with_the_step_that_closes_it(end: str, body: dict[str, Any], what: str, why: str) -> None:
    found = check_project(ProjectState("tipoff-test", Project({end: body})), MESH)
    bad = [each for each in found if not each.good]
    assert [each.what for each in bad] == [what]
    assert why.replace(".x.", "[x]") in bad[0].detail
    assert bad[0].todo.startswith("docs/bootstrap.md: ")


def test_further_pages_of_services_are_read() -> None:
    listed = READY["services"]["services"]
    pages = {"pages": True, "services": listed[:3], "nextPageToken": "2", "2": {"services": listed[3:]}}
    assert problems(services=pages) == {}
