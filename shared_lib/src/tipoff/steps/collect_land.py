"""Landing what was fetched: once per content, under its contract's name, with how it was fetched beside it."""

import gzip
import hashlib
from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec

from tipoff.cloud.http import Validators
from tipoff.cloud.storage import ObjectStore
from tipoff.core.collect.model import Answer, Ask, Document
from tipoff.core.errors import BadRequest, Conflict, NotReady

FOLDER = "collect"


class Seen(msgspec.Struct, frozen=True):
    """What is remembered of the newest document of an identity."""

    identity: str
    sha256: str = ""
    object_name: str = ""
    etag: str | None = None
    last_modified: str | None = None

    @property
    def validators(self) -> Validators:
        """For the next conditional request."""
        return Validators(self.etag, self.last_modified)


@dataclass(frozen=True)
class Landing:
    """Writes documents to the landing bucket, and what it remembers of them to the state bucket.

    Attributes:
        force: land even what has the same bytes as the newest of its identity.
    """

    store: ObjectStore
    landing_bucket: str
    state_bucket: str
    run_id: str
    force: bool = False

    def seen(self, identity: str) -> Seen:
        """The newest document of an identity; an empty one if there is none."""
        return self._remembered(identity)[0]

    def land(self, document: Document, ask: Ask, answer: Answer) -> bool:
        """Whether it landed: not if the newest of its identity has these bytes, or its name is taken.

        Decoded bytes decide; they are stored under gzip, but for PDFs, which are compressed as they are.
        """
        digest = hashlib.sha256(document.body).hexdigest()
        seen, generation = self._remembered(document.identity)
        if seen.sha256 == digest and not self.force:
            return False
        landed = self._write(document, ask, answer, digest)
        own = document.identity == ask.identity
        etag, modified = (answer.headers.get(name) if own else None for name in ("etag", "last-modified"))
        remembered = Seen(document.identity, digest, document.object_name, etag, modified)
        try:
            self.store.write(
                self.state_bucket, _key(document.identity), msgspec.json.encode(remembered), if_generation=generation
            )
        except Conflict:
            return landed  # another run remembers something as new; the next one compares with that
        return landed

    def _remembered(self, identity: str) -> tuple[Seen, int]:
        try:
            found = self.store.read(self.state_bucket, _key(identity))
        except NotReady:
            return Seen(identity), 0
        return msgspec.json.decode(found.data, type=Seen), found.generation

    def _write(self, document: Document, ask: Ask, answer: Answer, digest: str) -> bool:
        is_pdf = ask.shape == "pdf"
        try:
            self.store.write(
                self.landing_bucket,
                document.object_name,
                document.body if is_pdf else gzip.compress(document.body, mtime=0),
                content_type="application/pdf" if is_pdf else "application/json",
                if_generation=0,
                content_encoding=None if is_pdf else "gzip",
                metadata=_metadata(document, ask, answer, digest, self.run_id),
            )
        except Conflict:
            return False
        except BadRequest:
            # A bucket that may not be overwritten can refuse a taken name as forbidden instead of conflicting.
            if self._is_taken(document.object_name):
                return False
            raise
        return True

    def _is_taken(self, object_name: str) -> bool:
        return any(found.name == object_name for found in self.store.names(self.landing_bucket, object_name))


def _key(identity: str) -> str:
    return f"{FOLDER}/{hashlib.sha256(identity.encode()).hexdigest()}.json"


def _metadata(document: Document, ask: Ask, answer: Answer, digest: str, run_id: str) -> dict[str, str]:
    """How it was fetched; the key is no parameter of an `Ask` and cannot get in here."""
    told = {
        "request-host": ask.host,
        "request-path": ask.path,
        "request-params": urlencode(ask.params, safe=",:/"),
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
    return {name: value for name, value in told.items() if value}
