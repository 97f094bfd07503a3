"""Lands documents: each content once, under the object name of its source, with the request in the metadata."""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec

from tipoff import sources
from tipoff.cloud.http import Validators
from tipoff.cloud.storage import ObjectStore
from tipoff.core.codes import DocumentOutcome
from tipoff.core.collect.model import Answer, Document, SourceRequest
from tipoff.core.errors import Conflict, Misconfigured, NotReady

FOLDER = "collect"


class LastDocument(msgspec.Struct, frozen=True):
    """The newest document of an identity, by the state bucket. If there is none, only the identity is set."""

    identity: str
    sha256: str = ""
    object_name: str = ""
    etag: str | None = None
    last_modified: str | None = None

    @property
    def validators(self) -> Validators:
        """The validators of the next conditional request."""
        return Validators(self.etag, self.last_modified)


def digest_of_bytes(document: Document) -> str:
    """Digest of the decoded bytes."""
    return hashlib.sha256(document.body).hexdigest()


def digest_of_rows(document: Document) -> str:
    """Digest of the parsed rows; of the bytes if the document is refused, so that it lands and is quarantined."""
    parsed = sources.read(document.object_name, document.body)
    if parsed.outcome is not DocumentOutcome.ACCEPTED:
        return digest_of_bytes(document)
    return hashlib.sha256(msgspec.json.encode([(part.table, part.rows) for part in parsed.tables])).hexdigest()


@dataclass(frozen=True)
class Landing:
    """Writes documents to the landing bucket, and their digests to the state bucket.

    Attributes:
        force: land a document even if the newest of its identity is the same.
        digest_of: what makes two documents the same.
    """

    store: ObjectStore
    landing_bucket: str
    state_bucket: str
    run_id: str
    force: bool = False
    digest_of: Callable[[Document], str] = digest_of_bytes

    def last(self, identity: str) -> LastDocument:
        """The newest document of an identity."""
        return self._read_last(identity)[0]

    def land(self, document: Document, request: SourceRequest, answer: Answer) -> bool:
        """Land a document. Returns False if the newest of its identity is the same, or its name is taken.

        Bytes are stored with gzip, except for PDFs, which are compressed already.
        """
        digest = self.digest_of(document)
        last, generation = self._read_last(document.identity)
        is_whole_answer = document.identity == request.identity
        etag, modified = (answer.headers.get(name) if is_whole_answer else None for name in ("etag", "last-modified"))
        newest = LastDocument(document.identity, digest, document.object_name, etag, modified)
        landed = False
        if last.sha256 != digest or self.force:
            landed = self._write(document, request, answer)
        elif last.validators == newest.validators:
            return False
        else:
            newest = msgspec.structs.replace(newest, object_name=last.object_name)
        try:
            self.store.write(
                self.state_bucket, _key(document.identity), msgspec.json.encode(newest), if_generation=generation
            )
        except Conflict:
            return landed  # another run wrote a newer one; the next run compares with that
        return landed

    def _read_last(self, identity: str) -> tuple[LastDocument, int]:
        try:
            found = self.store.read(self.state_bucket, _key(identity))
        except NotReady:
            return LastDocument(identity), 0
        return msgspec.json.decode(found.data, type=LastDocument), found.generation

    def _write(self, document: Document, request: SourceRequest, answer: Answer) -> bool:
        is_pdf = request.shape == "pdf"
        try:
            self.store.write(
                self.landing_bucket,
                document.object_name,
                document.body if is_pdf else gzip.compress(document.body, mtime=0),
                content_type="application/pdf" if is_pdf else "application/json",
                if_generation=0,
                content_encoding=None if is_pdf else "gzip",
                metadata=_metadata(document, request, answer, digest_of_bytes(document), self.run_id),
            )
        except Conflict:
            return False
        except Misconfigured:
            # A bucket that may not be overwritten can refuse a taken name as forbidden instead of conflicting.
            if self._is_taken(document.object_name):
                return False
            raise
        return True

    def _is_taken(self, object_name: str) -> bool:
        return any(found.name == object_name for found in self.store.names(self.landing_bucket, object_name))


def _key(identity: str) -> str:
    return f"{FOLDER}/{hashlib.sha256(identity.encode()).hexdigest()}.json"


def _metadata(document: Document, request: SourceRequest, answer: Answer, digest: str, run_id: str) -> dict[str, str]:
    """How the document was fetched. The parameters of a request do not include the API key."""
    found = {
        "request-host": request.host.name,
        "request-path": request.path,
        "request-params": urlencode(request.params, safe=",:/"),
        "response-status": str(answer.status),
        "response-etag": answer.headers.get("etag", ""),
        "response-last-modified": answer.headers.get("last-modified", ""),
        "response-content-type": answer.headers.get("content-type", ""),
        "quota-last": answer.headers.get("x-requests-last", ""),
        "quota-remaining": answer.headers.get("x-requests-remaining", ""),
        "captured-at": answer.received_at.isoformat(),
        "known-by": document.known_by,
        "content-sha256": digest,
        "run-id": run_id,
    }
    return {name: value for name, value in found.items() if value}
