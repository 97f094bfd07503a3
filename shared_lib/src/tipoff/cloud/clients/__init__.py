"""The only package that constructs Google clients. The caller passes the endpoints of a local cloud.

There is one module per service, so that a function's zip needs only the packages of its services. A library is imported
with its first client, because the imports take a second.
"""

from typing import Protocol


class Endpoints(Protocol):
    """The project and its region, and where a local cloud listens: all None in Google's cloud."""

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
