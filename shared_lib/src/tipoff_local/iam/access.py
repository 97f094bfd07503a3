"""Checks the calls that a server gets: who calls, and whether the policy allows it. Records the grants that were used.

The servers of one local cloud run in several processes. They share a folder: `policy.json` is read again when it
changes, and each process appends to `used.jsonl` the first time that it uses a grant.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import msgspec

from tipoff_local.errors import ApiError
from tipoff_local.files import write_whole
from tipoff_local.iam.grants import Grant, pubsub_agent, storage_agent
from tipoff_local.iam.policy import KINDS, Need, Policy, methods, roles
from tipoff_local.identity import Identity, Unauthenticated, bearer

POLICY_FILE, USED_FILE = "policy.json", "used.jsonl"
PROJECT_OWNERS = "projectOwners"
NONE: Mapping[str, str] = MappingProxyType({})


class PolicyFile(msgspec.Struct, frozen=True):
    """What `policy.json` has.

    Attributes:
        operator: the member that owns the project. Requests without a token are the operator's.
    """

    project: str
    project_number: str
    operator: str
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller: `member` as in a grant (`serviceAccount:a@b`)."""

    member: str
    is_owner: bool = False

    @property
    def members(self) -> tuple[str, ...]:
        """The members by which grants name the caller."""
        return (self.member, PROJECT_OWNERS) if self.is_owner else (self.member,)


OWNER = Caller("the owner of this server", is_owner=True)


class Access(Protocol):
    """What a server asks about its callers."""

    def caller(self, authorization: str | None) -> Caller:
        """The caller by its Authorization header.

        Raises:
            ApiError: 401, the token is not valid.
        """
        ...

    def check(self, caller: Caller, method: str, resources: Mapping[str, str] = NONE, *, exists: bool = False) -> None:
        """Check a call. Always allowed to the owner.

        Args:
            resources: the names of the resources by their kinds in methods.yaml.
            exists: whether the call replaces an existing object.

        Raises:
            ApiError: 403, the caller lacks a permission.
        """
        ...

    def authorised(self, view_dataset: str, dataset: str) -> bool:
        """Whether the views of a dataset may read another dataset for their callers."""
        ...

    def agent(self, service: str) -> Caller:
        """The service agent of `pubsub` or `storage`."""
        ...


class Unrestricted:
    """The access of a server that stands alone: each caller owns everything."""

    def caller(self, authorization: str | None) -> Caller:
        """The owner."""
        return OWNER

    def check(self, caller: Caller, method: str, resources: Mapping[str, str] = NONE, *, exists: bool = False) -> None:
        """Allowed."""

    def authorised(self, view_dataset: str, dataset: str) -> bool:
        """Always."""
        return True

    def agent(self, service: str) -> Caller:
        """The owner."""
        return OWNER


UNRESTRICTED = Unrestricted()


@dataclass(frozen=True)
class _Loaded:
    """The policy of a moment, and what was decided by it."""

    file: PolicyFile
    policy: Policy
    # By caller, method and resources. A refusal is not kept: it is rare.
    allowed: set[object] = field(default_factory=set)
    authorised: dict[tuple[str, str], bool] = field(default_factory=dict)


class Enforced:
    """Access by the policy in the folder of an identity, whose key signed the tokens."""

    def __init__(self, identity: Identity, now: Callable[[], float] = time.time) -> None:
        self._path = identity.folder / POLICY_FILE
        self._used_path = identity.folder / USED_FILE
        self._identity = identity
        self._now = now
        self._callers: dict[str, tuple[Caller, float]] = {}
        self._used: set[Grant] = set()
        self._lock = threading.Lock()
        self._version: tuple[int, int] = (0, 0)
        self._loaded = self._read()

    def caller(self, authorization: str | None) -> Caller:
        """The caller by its Authorization header; without one, the operator."""
        token = bearer(authorization)
        if token is None:
            return Caller(self._current().file.operator, is_owner=True)
        known, end = self._callers.get(token, (OWNER, 0.0))
        if end <= self._now():
            known, end = self._verified(token)
            self._callers[token] = known, end
        return known

    def check(self, caller: Caller, method: str, resources: Mapping[str, str] = NONE, *, exists: bool = False) -> None:
        """Check a call, and record the grants that allowed it."""
        loaded = self._current()
        key = (caller, method, exists, *resources.items())
        if key in loaded.allowed:
            return
        if not caller.is_owner:
            self._decide(loaded, caller, method, resources, exists=exists)
        loaded.allowed.add(key)

    def authorised(self, view_dataset: str, dataset: str) -> bool:
        """Whether the views of a dataset may read another dataset for their callers. Records the entry."""
        loaded, pair = self._current(), (view_dataset, dataset)
        if pair not in loaded.authorised:
            grant = loaded.policy.authorised(*pair)
            loaded.authorised[pair] = grant is not None
            if grant is not None:
                self._record(grant)
        return loaded.authorised[pair]

    def agent(self, service: str) -> Caller:
        """The service agent of `pubsub` or `storage`."""
        member = {"pubsub": pubsub_agent, "storage": storage_agent}[service]
        return Caller(member(self._current().file.project_number))

    def _decide(
        self, loaded: _Loaded, caller: Caller, method: str, resources: Mapping[str, str], *, exists: bool
    ) -> None:
        known = methods().get(method)
        if known is None:
            raise ApiError(403, f"{method} is not in the table of methods: only the owner may call it.", "forbidden")
        for need in known.needs:
            if need.if_exists and not exists:
                continue
            resource = f"{KINDS[need.resource]}:{resources.get(need.resource, loaded.file.project)}"
            grant = loaded.policy.allowing(caller.members, need.permission, resource)
            if grant is None:
                raise refused(caller, need, resource)
            self._record(grant)

    def _record(self, grant: Grant) -> None:
        if grant in self._used:
            return
        with self._lock:
            self._used.add(grant)
            with self._used_path.open("ab") as file:
                file.write(msgspec.json.encode(grant) + b"\n")

    def _verified(self, token: str) -> tuple[Caller, float]:
        try:
            email, end = self._identity.access_email(token)
        except Unauthenticated as error:
            message = f"Request had invalid authentication credentials: {error}."
            raise ApiError(401, message, "authError") from error
        operator = self._current().file.operator
        kind = "serviceAccount" if email.endswith(".gserviceaccount.com") else "user"
        member = f"{kind}:{email}"
        return Caller(member, is_owner=member == operator), end

    def _current(self) -> _Loaded:
        found = os.stat(self._path)  # noqa: PTH116 - half the time of Path.stat, at each check
        if (found.st_mtime_ns, found.st_ino) != self._version:
            self._loaded = self._read()
        return self._loaded

    def _read(self) -> _Loaded:
        with self._lock:
            found = self._path.stat()
            file = msgspec.json.decode(self._path.read_bytes(), type=PolicyFile)
            self._version = (found.st_mtime_ns, found.st_ino)
            return _Loaded(file, Policy(file.project, frozenset(file.grants), roles()))


def refused(caller: Caller, need: Need, resource: str) -> ApiError:
    """The service's answer to a caller who lacks a permission. The messages differ between the services."""
    who = caller.member.partition(":")[2]
    kind, _, name = resource.partition(":")
    if kind == "storage_bucket":
        message = f"{who} does not have {need.permission} access to the Google Cloud Storage bucket {name}."
        return ApiError(403, f"{message} Permission '{need.permission}' denied on resource (or it may not exist).")
    if kind == "dataset":
        return ApiError(403, f"Access Denied: Dataset {name}: Permission {need.permission} denied on dataset {name} "
                        "(or it may not exist).", "accessDenied")  # fmt: skip
    if need.permission.startswith("bigquery."):
        return ApiError(403, f"Access Denied: Project {name}: User does not have {need.permission} permission in "
                        f"project {name}.", "accessDenied")  # fmt: skip
    return ApiError(403, f"Permission '{need.permission}' denied on resource {kind} {name} (or it may not exist).")


class PolicyFolder:
    """Writes the policy of a local cloud, and reads which grants were used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, policy: PolicyFile) -> None:
        """Replace the policy. The servers obey it from their next check on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / POLICY_FILE, msgspec.json.encode(policy))

    def read(self) -> PolicyFile:
        """The present policy."""
        return msgspec.json.decode((self.folder / POLICY_FILE).read_bytes(), type=PolicyFile)

    def used(self) -> frozenset[Grant]:
        """The grants that allowed a call so far."""
        path = self.folder / USED_FILE
        lines = path.read_bytes().splitlines() if path.exists() else []
        return frozenset(msgspec.json.decode(line, type=Grant) for line in lines)
