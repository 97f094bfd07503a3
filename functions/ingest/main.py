"""ingest: one finalized object becomes rows of its landing tables, or goes to quarantine with a reason.

Push subscription on the landing bucket's notifications.
"""

import functions_framework
from flask import Request, Response

from tipoff.runtime.boundary import Function
from tipoff.runtime.settings import IngestSettings
from tipoff.steps.ingest import ingest
from tipoff.steps.wiring import Wiring

function = Function(name="ingest", settings=IngestSettings, open_context=Wiring, push=ingest)


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one delivery."""
    return function.answer(request)
