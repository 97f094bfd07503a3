"""reprocess: ingest landed objects again, and count the results.

`POST /reprocess`: for people; answers with the plan, or starts the workflow. `POST /replay`: for the workflow.
"""

import functions_framework
from flask import Request, Response

from tipoff.runtime.boundary import Function, Route
from tipoff.runtime.settings import ReprocessSettings
from tipoff.steps.replay import replay
from tipoff.steps.reprocess import Reprocess, reprocess
from tipoff.steps.wiring import StateWiring

SEASONS_DAYS_MAX = 10 * 366

function = Function(
    name="reprocess",
    settings=ReprocessSettings,
    open_context=StateWiring,
    routes=(
        Route("POST", "/reprocess", Reprocess, reprocess, range_days_max=SEASONS_DAYS_MAX),
        Route("POST", "/replay", Reprocess, replay, range_days_max=SEASONS_DAYS_MAX),
    ),
)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer a request."""
    return function.answer(request)
