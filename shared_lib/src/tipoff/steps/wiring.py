"""What a function keeps between requests: its settings, its clock and its clients, each made when it is first used."""

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
    """A property of a `Wiring` that is made once: threads that need it at the same time wait for one to make it."""

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> T: ...
    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Self | T:
        """The value, made under the lock of the instance: `cached_property` alone has none since Python 3.12."""
        if instance is None:
            return self
        with instance.lock:
            made: T = super().__get__(instance, owner)
        return made


class Wiring[S: FunctionSettings = FunctionSettings]:
    """The clients of one function. A test replaces one by setting its attribute.

    Args:
        settings: the names that the function was granted.
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
        """The operations logs, written in the function's name."""
        return OpsLog(
            warehouse=self.warehouse,
            topics=self.topics,
            alerts_topic=self.settings.topic_alerts,
            function=self.settings.function,
            release=self.settings.release,
            clock=self.clock,
        )


class StateWiring[S: StateSettings = StateSettings](Wiring[S]):
    """The clients of a function that takes locks."""

    @client
    def locks(self) -> Locks:
        """The locks of the state bucket."""
        return Locks(self.store, self.settings.bucket_state, self.clock)
