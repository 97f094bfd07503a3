"""The step of `precompute`: rebuild the phase-4 tables and the feature store for a date or a range."""

from tipoff.runtime.settings import PrecomputeSettings
from tipoff.steps.rebuild.process import ProcessDate, ProcessDateRange, Processed, process
from tipoff.steps.wiring import StateWiring


def process_date(context: StateWiring[PrecomputeSettings], request: ProcessDate) -> Processed:
    """Rebuild the tables of `precompute` for a date; see `process`."""
    return process(context, request.as_range(context.clock()))


def process_date_range(context: StateWiring[PrecomputeSettings], request: ProcessDateRange) -> Processed:
    """Rebuild the tables of `precompute` for a range; see `process`."""
    return process(context, request)
