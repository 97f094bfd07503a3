"""The settings, the clock and the clients of a function. A client is made when it is first used, and kept."""

from functools import cached_property
from threading import RLock
from typing import Any, Final, Self, overload

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.locks import Locks
from tipoff.cloud.pubsub import Topics
from tipoff.cloud.storage import ObjectStore
from tipoff.cloud.workflows import Workflows
from tipoff.runtime.settings import FunctionSettings, StateSettings
from tipoff.steps.ops import Clock, OpsLog, utc_now


class client[T](cached_property[T]):
    """A property of a `Wiring` that is made once, also if several threads read it at the same time."""

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> T: ...
    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Self | T:
        """The value, made under the lock of the instance. Since Python 3.12, `cached_property` takes no lock."""
        if instance is None:
            return self
        with instance.lock:
            made: T = super().__get__(instance, owner)
        return made


class Wiring[S: FunctionSettings = FunctionSettings]:
    """The clients of one function. A test replaces one by setting its attribute.

    Args:
        settings: the names of the resources that the function may use.
        clock: the present instant.
    """

    def __init__(self, settings: S, clock: Clock = utc_now) -> None:
        self.settings: Final[S] = settings
        self.clock = clock
        self.lock = RLock()

    @client
    def warehouse(self) -> Warehouse:
        """BigQuery, limited to the datasets of the settings."""
        return Warehouse(self.settings, self.settings.datasets)

    @client
    def store(self) -> ObjectStore:
        """The buckets."""
        return ObjectStore(self.settings)

    @client
    def topics(self) -> Topics:
        """The topics."""
        return Topics(self.settings)

    @client
    def workflows(self) -> Workflows:
        """The workflows of the region."""
        return Workflows(self.settings, self.settings.region)

    @client
    def ops(self) -> OpsLog:
        """The operations logs, with the function's name and release in each row."""
        return OpsLog(
            warehouse=self.warehouse,
            topics=self.topics,
            alerts_topic=self.settings.alerts,
            function=self.settings.function,
            release=self.settings.release,
            clock=self.clock,
        )


class StateWiring[S: StateSettings = StateSettings](Wiring[S]):
    """The clients of a function that uses locks."""

    @client
    def locks(self) -> Locks:
        """The locks of the state bucket."""
        return Locks(self.store, self.settings.bucket_state, self.clock)
