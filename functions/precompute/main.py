"""precompute: rebuild the phase-4 tables and the feature store.

`POST /process-date`: one date. `POST /process-date-range`: a range.
"""

import functions_framework
from flask import Request, Response

from tipoff.runtime.boundary import Function, Route
from tipoff.runtime.settings import PrecomputeSettings
from tipoff.steps.precompute import process_date, process_date_range
from tipoff.steps.rebuild.process import ProcessDate, ProcessDateRange
from tipoff.steps.wiring import StateWiring

function = Function(
    name="precompute",
    settings=PrecomputeSettings,
    open_context=StateWiring,
    routes=(
        Route("POST", "/process-date", ProcessDate, process_date),
        Route("POST", "/process-date-range", ProcessDateRange, process_date_range),
    ),
)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer a request."""
    return function.answer(request)
