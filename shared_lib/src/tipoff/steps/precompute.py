"""Precompute: rebuild the phase-4 tables and the feature store for a date or a range."""

from tipoff.runtime.settings import PrecomputeSettings
from tipoff.steps.rebuild.process import ProcessDate, ProcessDateRange, Processed, process
from tipoff.steps.wiring import StateWiring


def process_date(context: StateWiring[PrecomputeSettings], request: ProcessDate) -> Processed:
    """Rebuild one date on request; see `process`."""
    return process(context, request.as_range(context.clock()))


def process_date_range(context: StateWiring[PrecomputeSettings], request: ProcessDateRange) -> Processed:
    """Rebuild a range on request; see `process`."""
    return process(context, request)
