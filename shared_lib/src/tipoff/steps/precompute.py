"""Precompute: rebuild the phase-4 tables and the feature store for a date or a range."""

from dataclasses import dataclass

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.locks import Locks
from tipoff.cloud.pubsub import Topics
from tipoff.cloud.storage import ObjectStore
from tipoff.runtime.settings import PrecomputeSettings
from tipoff.steps.build import Builder
from tipoff.steps.ops import Clock, OpsLog, utc_now
from tipoff.steps.process import ProcessDate, ProcessDateRange, Processed, process

FUNCTION = "precompute"


@dataclass(frozen=True)
class PrecomputeContext:
    """What precompute keeps open."""

    builder: Builder

    @property
    def ops(self) -> OpsLog:
        """Where it sets messages aside."""
        return self.builder.ops


def open_precompute(settings: PrecomputeSettings, clock: Clock = utc_now) -> PrecomputeContext:
    """Open the clients of `precompute`."""
    warehouse = Warehouse(
        settings,
        [
            settings.dataset_nba_raw,
            settings.dataset_nba_analytics,
            settings.dataset_nba_precompute,
            settings.dataset_nba_predictions,
            settings.dataset_nba_ops,
        ],
    )
    ops = OpsLog(warehouse, Topics(settings), settings.topic_alerts, FUNCTION, settings.release, clock)
    locks = Locks(ObjectStore(settings), settings.bucket_state, clock)
    return PrecomputeContext(Builder(FUNCTION, settings.release, warehouse, locks, ops, clock))


def process_date(context: PrecomputeContext, request: ProcessDate) -> Processed:
    """Rebuild one date on request; see `process`."""
    return process(context.builder, request.as_range(context.builder.clock()))


def process_date_range(context: PrecomputeContext, request: ProcessDateRange) -> Processed:
    """Rebuild a range on request; see `process`."""
    return process(context.builder, request)
