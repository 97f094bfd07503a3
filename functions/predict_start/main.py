"""predict_start: publish prediction requests for the slate of a date.

`POST /start`, `GET /status`. Push subscription on `context-changed`.
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
    """Answer a delivery or a request."""
    return function.answer(request)
