"""train: fit a bundle on the rows before a cutoff, and activate it if it is not worse.

`POST /train`: for the weekly workflow. `POST /activate`: activate another model.
"""

import functions_framework
from flask import Request, Response

from tipoff.runtime.boundary import Function, Route
from tipoff.runtime.settings import TrainSettings
from tipoff.steps.models.store import ModelWiring
from tipoff.steps.train import Activate, Train, activate, train

function = Function(
    name="train",
    settings=TrainSettings,
    open_context=ModelWiring,
    routes=(Route("POST", "/train", Train, train), Route("POST", "/activate", Activate, activate)),
)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer a request."""
    return function.answer(request)
