"""publish: write the public JSON of a date, and the page.

`POST /publish`: for workflows.
"""

import functions_framework
from flask import Request, Response

from tipoff.runtime.boundary import Function, Route
from tipoff.runtime.settings import PublishSettings
from tipoff.steps.publish import Publish, publish
from tipoff.steps.wiring import Wiring

function = Function(
    name="publish",
    settings=PublishSettings,
    open_context=Wiring,
    routes=(Route("POST", "/publish", Publish, publish),),
)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer a request."""
    return function.answer(request)
