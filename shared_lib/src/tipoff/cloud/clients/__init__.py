"""The only place that constructs Google clients; a local cloud's endpoints are given, never looked up.

One module per service, so that a function's zip needs the packages of the services it uses and no others. A library is
imported when its first client is made: a command that makes none does not pay a second for them.
"""

from typing import Protocol


class Endpoints(Protocol):
    """The project and its region, and where a local cloud listens: all None in Google's cloud."""

    @property
    def project_id(self) -> str:
        """The project every call is made for."""
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
