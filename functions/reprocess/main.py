"""reprocess: take landed objects in again and account for every one of them.

`POST /reprocess` for people: the plan, or the execution that does it. `POST /replay` for the workflow: do it.
"""

import functions_framework
from flask import Request, Response

from tipoff.runtime.boundary import Function, Route
from tipoff.runtime.settings import ReprocessSettings
from tipoff.steps.replay import replay
from tipoff.steps.reprocess import Reprocess, reprocess
from tipoff.steps.wiring import StateWiring

function = Function(
    name="reprocess",
    settings=ReprocessSettings,
    open_context=StateWiring,
    routes=(
        Route("POST", "/reprocess", Reprocess, reprocess),
        Route("POST", "/replay", Reprocess, replay),
    ),
)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one call."""
    return function.answer(request)
