"""The state of a Google Cloud project, as far as a deployment depends on it. People use this; functions do not.

Each method is one documented request; its docstring names the page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from tipoff.core.errors import RequestRefused

_TIMEOUT_S = 60.0
_PAGES_MAX = 20


class Response(Protocol):
    """An HTTP response."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        ...

    def json(self) -> Any:
        """The decoded body."""
        ...


class Session(Protocol):
    """Sends authorised requests."""

    def request(self, method: str, url: str, *, json: object = None, timeout: float) -> Response:
        """Send one request and return the response, whatever its status."""
        ...


@dataclass(frozen=True)
class ProjectState:
    """Reads one project. Each method raises RequestRefused with the message of the service."""

    project: str
    session: Session

    @cached_property
    def number(self) -> str:
        """The project number. https://cloud.google.com/resource-manager/reference/rest/v1/projects/get"""
        return str(self._get(f"cloudresourcemanager.googleapis.com/v1/projects/{self.project}")["projectNumber"])

    def enabled_services(self) -> frozenset[str]:
        """Names of the enabled APIs. https://cloud.google.com/service-usage/docs/reference/rest/v1/services/list"""
        url = f"serviceusage.googleapis.com/v1/projects/{self.project}/services?filter=state:ENABLED&pageSize=200"
        return frozenset(service["config"]["name"] for page in self._pages(url) for service in page.get("services", []))

    def granted(self, permissions: Sequence[str]) -> frozenset[str]:
        """The permissions that the caller has on the project.

        https://cloud.google.com/resource-manager/reference/rest/v1/projects/testIamPermissions
        """
        url = f"cloudresourcemanager.googleapis.com/v1/projects/{self.project}:testIamPermissions"
        return frozenset(self._call("POST", url, {"permissions": list(permissions)}).get("permissions", []))

    def members(self) -> frozenset[str]:
        """Every member with a role on the project. https://cloud.google.com/iam/docs/service-agents"""
        url = f"cloudresourcemanager.googleapis.com/v1/projects/{self.project}:getIamPolicy"
        bindings = self._call("POST", url, {"options": {"requestedPolicyVersion": 3}}).get("bindings", [])
        return frozenset(member for binding in bindings for member in binding["members"])

    def storage_agent(self) -> str:
        """The address of the service agent of Cloud Storage. The request creates the agent if there is none.

        https://cloud.google.com/storage/docs/json_api/v1/projects/serviceAccount/get
        """
        return str(
            self._get(f"storage.googleapis.com/storage/v1/projects/{self.project}/serviceAccount")["email_address"]
        )

    def enabled_versions(self, secret: str) -> int:
        """How many enabled versions a secret has.

        https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/list
        """
        at = f"secretmanager.googleapis.com/v1/projects/{self.project}/secrets/{secret}/versions"
        return len(self._get(f"{at}?filter=state:ENABLED&pageSize=100").get("versions", []))

    def billing_enabled(self) -> bool:
        """Whether a billing account pays. https://cloud.google.com/billing/docs/reference/rest/v1/projects/getBillingInfo"""
        return bool(
            self._get(f"cloudbilling.googleapis.com/v1/projects/{self.project}/billingInfo").get("billingEnabled")
        )

    def _pages(self, url: str) -> Iterator[dict[str, Any]]:
        token = ""
        for _ in range(_PAGES_MAX):
            page = self._get(url + (f"&pageToken={token}" if token else ""))
            yield page
            token = page.get("nextPageToken", "")
            if not token:
                return

    def _get(self, url: str) -> dict[str, Any]:
        return self._call("GET", url)

    def _call(self, method: str, url: str, body: object = None) -> dict[str, Any]:
        response = self.session.request(method, f"https://{url}", json=body, timeout=_TIMEOUT_S)
        answer: dict[str, Any] = response.json()
        if response.status_code != 200:
            error = answer.get("error", {})
            raise RequestRefused(str(error.get("status", response.status_code)), str(error.get("message", "")))
        return answer
