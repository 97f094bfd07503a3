"""analyze: rebuild the phase-3 tables for the dates that changed.

Push subscription on `raw-ready`. `POST /process-date-range`: for workflows and people.
"""

import functions_framework
from flask import Request, Response

from tipoff.runtime.boundary import Function, Route
from tipoff.runtime.settings import AnalyzeSettings
from tipoff.steps.analyze import AnalyzeWiring, process_date_range, raw_ready
from tipoff.steps.rebuild.process import ProcessDateRange

function = Function(
    name="analyze",
    settings=AnalyzeSettings,
    open_context=AnalyzeWiring,
    push=raw_ready,
    routes=(Route("POST", "/process-date-range", ProcessDateRange, process_date_range),),
)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer a delivery or a request."""
    return function.answer(request)
