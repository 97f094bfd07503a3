"""reconcile: compare the expected outputs with the tables, alert a person once, and start the missing steps.

`POST /reconcile`: for the workflow that Cloud Scheduler starts every fifteen minutes.
"""

import functions_framework
from flask import Request, Response

from tipoff.runtime.boundary import Function, Route
from tipoff.runtime.settings import ReconcileSettings
from tipoff.steps.reconcile import Reconcile, reconcile
from tipoff.steps.wiring import StateWiring

function = Function(
    name="reconcile",
    settings=ReconcileSettings,
    open_context=StateWiring,
    routes=(Route("POST", "/reconcile", Reconcile, reconcile, range_days_max=92),),
)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer a request."""
    return function.answer(request)
