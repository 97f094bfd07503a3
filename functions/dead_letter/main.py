"""dead_letter: record a message that no attempt could process, and alert a person once.

Push subscription on the dead-letter topic.
"""

import functions_framework
from flask import Request, Response

from tipoff.runtime.boundary import Function
from tipoff.runtime.settings import DeadLetterSettings
from tipoff.steps.dead_letter import dead_letter
from tipoff.steps.wiring import Wiring

function = Function(name="dead_letter", settings=DeadLetterSettings, open_context=Wiring, push=dead_letter)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer a delivery."""
    return function.answer(request)
