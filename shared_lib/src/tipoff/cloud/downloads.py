"""Downloads whole objects by the JSON API, over one pool of connections.

The library's download takes three times the processor time (docs/adr/0008-bulk-intake.md), and a replay consists mostly
of downloads. Credentials, retries and checksums are those of Google's libraries and urllib3.
"""

from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import quote

import google_crc32c
import urllib3
from google.api_core import exceptions as api

from tipoff.cloud.clients import Endpoints
from tipoff.cloud.clients.storage import storage_http
from tipoff.cloud.errors import translated
from tipoff.core.errors import BackendUnavailable

RETRIES = urllib3.Retry(
    total=4,
    backoff_factor=0.2,
    backoff_jitter=0.1,
    status_forcelist=(408, 429, 500, 502, 503, 504),
    allowed_methods=("GET",),
    raise_on_status=False,
)


@dataclass(frozen=True)
class ObjectBytes:
    """An object as stored. Its bytes are not decoded by Content-Encoding."""

    name: str
    generation: int
    content_encoding: str | None
    data: bytes


class Downloads:
    """Reads objects of one project. Threads may share it."""

    def __init__(self, at: Endpoints) -> None:
        self._http = storage_http(at)

    def read(self, bucket: str, name: str, generation: int | None = None) -> ObjectBytes:
        """The object at `generation` (None: the live one), with a verified checksum.

        Raises:
            NotReady: there is no such object or generation.
            BackendUnavailable: no answer, or a wrong checksum.
        """
        what = f"read {bucket}/{name}#{generation}"
        at = f"&generation={generation}" if generation is not None else ""
        path = f"/download/storage/v1/b/{quote(bucket)}/o/{quote(name, safe='')}?alt=media{at}"
        with translated(what, of_object=True):
            response = self._get(path)
            if response.status != 200:
                raise api.from_http_status(response.status, response.data.decode("utf-8", "replace")[:500])
        _check(what, response)
        stored_encoding = response.headers.get("X-Goog-Stored-Content-Encoding", "identity")
        return ObjectBytes(
            name=name,
            generation=int(response.headers["X-Goog-Generation"]),
            content_encoding=None if stored_encoding == "identity" else stored_encoding,
            data=response.data,
        )

    def _get(self, path: str) -> urllib3.BaseHTTPResponse:
        try:
            # With gzip in the header, a compressed object is sent as stored.
            found: urllib3.BaseHTTPResponse = self._http.urlopen(
                "GET", path, headers={"Accept-Encoding": "gzip"}, retries=RETRIES, decode_content=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise ConnectionError(str(error)) from error
        return found


def _check(what: str, response: urllib3.BaseHTTPResponse) -> None:
    """Raise BackendUnavailable for a wrong checksum."""
    sums = dict(part.strip().split("=", 1) for part in response.headers["X-Goog-Hash"].split(","))
    found = b64encode(google_crc32c.value(response.data).to_bytes(4, "big")).decode()
    if found != sums["crc32c"]:
        raise BackendUnavailable("checksum", f"{what}: crc32c {found}, not {sums['crc32c']}")
