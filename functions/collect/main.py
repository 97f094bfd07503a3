"""collect: fetches the sources on time, within their limits, and lands their documents untouched.

`POST /collect` one source of one date; `POST /due` what to collect now; `POST /scrape` the original's call.
"""

import functions_framework
from flask import Request, Response

from tipoff.runtime.boundary import Function, Route
from tipoff.runtime.settings import CollectSettings
from tipoff.steps.collect.collect import collect
from tipoff.steps.collect.context import Collect, CollectWiring
from tipoff.steps.collect.due import DueRequest, due_stages
from tipoff.steps.collect.scrape import Scrape, scrape

function = Function(
    name="collect",
    settings=CollectSettings,
    open_context=CollectWiring,
    routes=(
        Route("POST", "/collect", Collect, collect),
        Route("POST", "/due", DueRequest, due_stages),
        Route("POST", "/scrape", Scrape, scrape),
    ),
)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one call."""
    return function.answer(request)
