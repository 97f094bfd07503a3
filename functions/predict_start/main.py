"""predict_start: the coordinator, from a date's slate to a batch of prediction requests.

`POST /start`, `GET /status`; push subscription on `context-changed`.
"""

import functions_framework
from flask import Request, Response

from tipoff.runtime.boundary import Function, Route
from tipoff.runtime.settings import PredictStartSettings
from tipoff.steps.predict_start import Start, StatusQuery, context_changed, start, status
from tipoff.steps.wiring import StateWiring

function = Function(
    name="predict_start",
    settings=PredictStartSettings,
    open_context=StateWiring,
    push=context_changed,
    routes=(Route("POST", "/start", Start, start), Route("GET", "/status", StatusQuery, status)),
)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one delivery or call."""
    return function.answer(request)
