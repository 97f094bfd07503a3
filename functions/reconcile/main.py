"""reconcile: compare the expected outputs with the tables, alert a person once, and start the missing steps.

`POST /tick` every five minutes: start what the timetable has; `POST /reconcile` for the workflow of that name.
"""

import functions_framework
from flask import Request, Response

from tipoff.runtime.boundary import Function, Route
from tipoff.runtime.settings import ReconcileSettings
from tipoff.steps.reconcile import Reconcile, reconcile
from tipoff.steps.tick import Tick, tick
from tipoff.steps.wiring import StateWiring

function = Function(
    name="reconcile",
    settings=ReconcileSettings,
    open_context=StateWiring,
    routes=(
        Route("POST", "/reconcile", Reconcile, reconcile, range_days_max=92),
        Route("POST", "/tick", Tick, tick),
    ),
)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer a request."""
    return function.answer(request)
