"""Objects, their metadata and preconditions, and their JSON forms."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import google_crc32c
import msgspec

from tipoff_local.errors import ApiError, invalid, unsupported

_UNSUPPORTED = frozenset({
    "acl", "retention", "temporaryHold", "eventBasedHold", "kmsKeyName", "contexts", "customerEncryption",
    "defaultObjectAcl", "lifecycle", "cors", "website", "logging", "encryption", "billing", "retentionPolicy",
    "autoclass", "hierarchicalNamespace", "customPlacementConfig", "defaultEventBasedHold", "ipFilter",
})  # fmt: skip


class Settings(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """The metadata of an object that its writer sets."""

    content_type: str | None = None
    content_encoding: str | None = None
    content_disposition: str | None = None
    content_language: str | None = None
    cache_control: str | None = None
    custom_time: str | None = None
    storage_class: str = "STANDARD"
    metadata: dict[str, str] | None = None


class WriteMetadata(Settings, frozen=True):
    """The JSON part of an upload: settings, the name, and the checksums that the writer gives."""

    name: str | None = None
    md5_hash: str | None = None
    crc32c: str | None = None


class BucketSettings(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """The metadata of a bucket that its owner sets; access settings are stored and shown but not enforced."""

    location: str = "US"
    storage_class: str = "STANDARD"
    versioning: dict[str, bool] = {}
    labels: dict[str, str] | None = None
    iam_configuration: dict[str, Any] = {}
    soft_delete_policy: dict[str, Any] = {}

    def __post_init__(self) -> None:
        """Refuse an access setting that the service does not know.

        Raises:
            ValueError: `publicAccessPrevention` is neither inherited nor enforced.
        """
        prevention = self.iam_configuration.get("publicAccessPrevention", "inherited")
        if prevention not in ("inherited", "enforced", "unspecified"):
            raise ValueError(f"Invalid value for publicAccessPrevention: {prevention!r}")

    @property
    def versioned(self) -> bool:
        """Whether overwritten and deleted generations are kept."""
        return self.versioning.get("enabled", False)


@dataclass(frozen=True, slots=True)
class Checksums:
    """md5 and crc32c of a body, base64 as in the API."""

    md5: str
    crc32c: str

    @classmethod
    def of(cls, data: bytes) -> "Checksums":
        """Compute both."""
        md5 = hashlib.md5(data, usedforsecurity=False).digest()
        crc = google_crc32c.value(data).to_bytes(4)
        return cls(base64.b64encode(md5).decode(), base64.b64encode(crc).decode())

    def check(self, given: WriteMetadata) -> None:
        """400 if the writer gave other checksums than the body has."""
        pairs = (("MD5 hash", given.md5_hash, self.md5), ("CRC32C", given.crc32c, self.crc32c))
        for kind, provided, calculated in pairs:
            if provided is not None and provided != calculated:
                raise invalid(f"Provided {kind} {provided!r} doesn't match calculated {kind} {calculated!r}.")


@dataclass(frozen=True, slots=True)
class Stored:
    """One generation of an object. Times are epoch microseconds; `deleted_us` is set on archived ones."""

    bucket: str
    name: str
    generation: int
    metageneration: int
    size: int
    sums: Checksums
    file: str
    created_us: int
    updated_us: int
    deleted_us: int | None
    settings: Settings

    @property
    def etag(self) -> str:
        """Changes with content and with metadata."""
        return base64.b64encode(f"{self.generation}/{self.metageneration}".encode()).decode()

    def resource(self, base_url: str) -> dict[str, Any]:
        """The object resource of the JSON API."""
        address = f"/storage/v1/b/{self.bucket}/o/{quote(self.name, safe='')}"
        body: dict[str, Any] = {
            "kind": "storage#object",
            "id": f"{self.bucket}/{self.name}/{self.generation}",
            "selfLink": base_url + address,
            "mediaLink": f"{base_url}/download{address}?generation={self.generation}&alt=media",
            "name": self.name,
            "bucket": self.bucket,
            "generation": str(self.generation),
            "metageneration": str(self.metageneration),
            "size": str(self.size),
            "md5Hash": self.sums.md5,
            "crc32c": self.sums.crc32c,
            "etag": self.etag,
            "storageClass": self.settings.storage_class,
            "timeCreated": rfc3339(self.created_us),
            "updated": rfc3339(self.updated_us),
            "timeStorageClassUpdated": rfc3339(self.created_us),
            "timeFinalized": rfc3339(self.created_us),
        }
        if self.deleted_us is not None:
            body["timeDeleted"] = rfc3339(self.deleted_us)
        settings: dict[str, Any] = msgspec.to_builtins(self.settings)
        return body | settings


@dataclass(frozen=True, slots=True)
class Conditions:
    """The preconditions of a request, for its source or its target; None or empty if not given."""

    generation: int | None = None
    not_generation: int | None = None
    metageneration: int | None = None
    not_metageneration: int | None = None
    etags: tuple[str, ...] = ()
    not_etags: tuple[str, ...] = ()

    @classmethod
    def of_read(cls, query: Mapping[str, str], headers: Mapping[str, str]) -> "Conditions":
        """Those of a read, which may have ETags too: If-Match and If-None-Match, each a list or `*`."""
        matched, unmatched = (_etags(headers.get(name, "")) for name in ("if-match", "if-none-match"))
        return replace(cls.of(query), etags=matched, not_etags=unmatched)

    @classmethod
    def of(cls, query: Mapping[str, str], side: str = "") -> "Conditions":
        """From `ifGenerationMatch` and the like; with side `Source`, from `ifSourceGenerationMatch` and the like."""
        return cls(
            generation=_integer(query, f"if{side}GenerationMatch"),
            not_generation=_integer(query, f"if{side}GenerationNotMatch"),
            metageneration=_integer(query, f"if{side}MetagenerationMatch"),
            not_metageneration=_integer(query, f"if{side}MetagenerationNotMatch"),
        )

    def check_write(self, current: Stored | None) -> None:
        """412 unless the live object meets every condition; None means no object, which is generation 0."""
        generation = current.generation if current else 0
        metageneration = current.metageneration if current else None
        failed = (
            (self.generation is not None and generation != self.generation)
            or (self.not_generation is not None and generation == self.not_generation)
            or (self.metageneration is not None and metageneration != self.metageneration)
            or (self.not_metageneration is not None and metageneration == self.not_metageneration)
        )
        if failed:
            raise condition_not_met()

    def check_read(self, current: Stored) -> None:
        """412, or 304 if a `NotMatch` condition says that the reader already has this version."""
        if self.etags and not {"*", current.etag} & {*self.etags}:
            raise condition_not_met()
        seen = current.generation == self.not_generation or current.metageneration == self.not_metageneration
        if seen or {"*", current.etag} & {*self.not_etags}:
            raise ApiError(304, "Not Modified", "notModified")
        self.check_write(current)


def _etags(header: str) -> tuple[str, ...]:
    return tuple(part.strip().removeprefix("W/").strip('"') for part in header.split(",") if part.strip())


def condition_not_met() -> ApiError:
    """412 with Cloud Storage's message."""
    return ApiError(412, "At least one of the pre-conditions you specified did not hold.", "conditionNotMet")


def decode[T](body: bytes, kind: type[T]) -> T:
    """A JSON body as a typed value; 501 for a field that is not implemented, 400 if malformed."""
    try:
        raw = msgspec.json.decode(body or b"{}", type=dict[str, Any])
        refuse(raw)
        return msgspec.convert(raw, kind)
    except msgspec.MsgspecError as error:
        raise invalid(f"Parse error: {error}") from error


def refuse(raw: Mapping[str, Any]) -> None:
    """501 for the first field that is not implemented."""
    for key in sorted(_UNSUPPORTED & raw.keys()):
        if raw[key]:
            raise unsupported(f"storage field {key!r}")


def patched[T: msgspec.Struct](settings: T, body: bytes) -> T:
    """Settings after a PATCH: null removes, `metadata` and `labels` merge key by key."""
    try:
        change = msgspec.json.decode(body or b"{}", type=dict[str, Any])
        refuse(change)
        merged: dict[str, Any] = msgspec.to_builtins(settings)
        for key, value in change.items():
            merged[key] = _merged(merged.get(key), value) if key in ("metadata", "labels") else value
        kept = {key: value for key, value in merged.items() if value is not None}
        return msgspec.convert(kept, type(settings))
    except msgspec.MsgspecError as error:
        raise invalid(f"Parse error: {error}") from error


def rfc3339(microseconds: int) -> str:
    """Epoch microseconds as the API writes instants."""
    instant = datetime.fromtimestamp(microseconds / 1e6, UTC)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _merged(old: dict[str, str] | None, change: dict[str, str | None] | None) -> dict[str, str] | None:
    if change is None:
        return None
    both = {**(old or {}), **change}
    return {key: value for key, value in both.items() if value is not None} or None


def _integer(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not text.lstrip("-").isdigit():
        raise invalid(f"Invalid value for {name}: {text!r}")
    return int(text)
