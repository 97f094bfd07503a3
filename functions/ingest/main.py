"""ingest: append the rows of a finalized object to its landing tables, or quarantine it with a reason.

Push subscription on the notifications of the landing bucket.
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
    """Answer a delivery."""
    return function.answer(request)
