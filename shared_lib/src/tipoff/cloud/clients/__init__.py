"""The only package that constructs Google clients. The caller passes the endpoints of a local cloud.

There is one module per service, so that a function's zip needs only the packages of its services. A library is imported
with its first client, because the imports take a second.
"""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from google.auth.credentials import Credentials


class Endpoints(Protocol):
    """The project and its region, and where a local cloud listens: all None in Google's cloud."""

    @property
    def emulator_access_token(self) -> str | None:
        """The access token for a local cloud; without one, calls are those of its operator."""
        ...

    @property
    def project_id(self) -> str:
        """The project of all calls."""
        ...

    @property
    def region(self) -> str:
        """Where the datasets are."""
        ...

    @property
    def storage_emulator_host(self) -> str | None:
        """URL with scheme."""
        ...

    @property
    def pubsub_emulator_host(self) -> str | None:
        """host:port."""
        ...

    @property
    def bigquery_emulator_host(self) -> str | None:
        """URL with scheme."""
        ...

    @property
    def bigquery_storage_emulator_host(self) -> str | None:
        """host:port."""
        ...

    @property
    def workflows_emulator_host(self) -> str | None:
        """host:port."""
        ...


def emulator_credentials(at: Endpoints) -> "Credentials":
    """Credentials for the REST servers of a local cloud."""
    from google.auth.credentials import AnonymousCredentials
    from google.oauth2.credentials import Credentials

    return Credentials(at.emulator_access_token) if at.emulator_access_token else AnonymousCredentials()
