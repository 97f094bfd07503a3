"""Ports of the servers of a local cloud."""

from dataclasses import asdict, dataclass

from tipoff_local.httpd import PortTaken, listen


@dataclass(frozen=True)
class Ports:
    """A port for each server; 0 lets the system choose."""

    storage: int = 0
    pubsub: int = 0
    pubsub_rest: int = 0
    bigquery: int = 0
    bigquery_storage: int = 0
    workflows: int = 0
    workflows_rest: int = 0
    functions: int = 0
    scheduler: int = 0
    scheduler_rest: int = 0

    @classmethod
    def following(cls, first: int) -> "Ports":
        """Ten consecutive ports from `first` on, in the order of the fields."""
        return cls(*range(first, first + 10))

    def check(self) -> None:
        """Check that all chosen ports are free.

        Raises:
            PortTaken: a port belongs to another process; the message names the port and the server.
        """
        for name, port in asdict(self).items():
            try:
                if port:
                    listen(port).close()
            except PortTaken as error:
                raise PortTaken(f"{name} cannot listen: {error}") from error
