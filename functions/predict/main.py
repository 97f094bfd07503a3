"""predict: forecast some players with each system.

Push subscription on `prediction-request`.
"""

import functions_framework
from flask import Request, Response

from tipoff.runtime.boundary import Function
from tipoff.runtime.settings import PredictSettings
from tipoff.steps.models.store import ModelWiring
from tipoff.steps.predict import predict

function = Function(name="predict", settings=PredictSettings, open_context=ModelWiring, push=predict)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer a delivery."""
    return function.answer(request)
