"""grade: compare the predictions of final games with the points that were scored.

`POST /grade`: for workflows.
"""

import functions_framework
from flask import Request, Response

from tipoff.runtime.boundary import Function, Route
from tipoff.runtime.settings import GradeSettings
from tipoff.steps.grade import Grade, grade
from tipoff.steps.wiring import StateWiring

function = Function(
    name="grade",
    settings=GradeSettings,
    open_context=StateWiring,
    routes=(Route("POST", "/grade", Grade, grade),),
)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer a request."""
    return function.answer(request)
