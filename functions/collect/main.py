"""collect: fetch a source for a date, within its limits, and land its documents unchanged.

`POST /collect`: fetch. `POST /due`: what to fetch now. `POST /scrape`: the request of the original system.
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
    """Answer a request."""
    return function.answer(request)
