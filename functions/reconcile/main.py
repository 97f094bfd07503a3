"""reconcile: compare what must exist with what does, tell a person once, start what is missing.

`POST /reconcile` for the workflow that the scheduler starts every fifteen minutes.
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
    routes=(Route("POST", "/reconcile", Reconcile, reconcile),),
)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one call."""
    return function.answer(request)
