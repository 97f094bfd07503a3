"""The price class of a request. https://cloud.google.com/storage/pricing#operations-by-class

Requests that are answered with 307, 4xx or 5xx are not billed, by the same page.
"""

from typing import NamedTuple
from urllib.parse import unquote

from tipoff_local.http1 import Request


class Operation(NamedTuple):
    """A billed operation: whether it is of class A (or else of class B), and the bucket."""

    is_class_a: bool
    bucket: str


def operation(request: Request) -> Operation | None:
    """The operation of a request; None for a free one.

    Class A: insert, copy, rewrite, patch, and lists. Class B: get. Free: delete, and the further parts of an upload.
    """
    parts = [unquote(part) for part in request.path.strip("/").split("/")]
    if "b" not in parts:
        return None
    below = parts[parts.index("b") + 1 :]
    bucket = below[0] if below else ""
    if request.method == "DELETE" or "upload_id" in request.query:
        return None
    if request.method in ("GET", "HEAD"):
        is_list = len(below) in (0, 2)
        return Operation(is_list, bucket)
    return Operation(True, bucket)
