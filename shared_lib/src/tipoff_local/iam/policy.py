"""Decides whether the grants allow a call. Pure: the tables of the documentation and the grants are arguments."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import msgspec

from tipoff_local.iam.grants import AUTHORISED_VIEWS, Grant

_FOLDER = Path(__file__).parent
# The kinds of `resource` in methods.yaml, and the kinds of a grant's resource.
KINDS = {
    "project": "project",
    "dataset": "dataset",
    "bucket": "storage_bucket",
    "topic": "pubsub_topic",
    "subscription": "pubsub_subscription",
    "service": "cloud_run_v2_service",
    "service_account": "service_account",
    "secret": "secret_manager_secret",
}  # fmt: skip


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Role(_Strict, frozen=True):
    """A role as its page lists it."""

    page: str
    permissions: frozenset[str]


class Need(_Strict, frozen=True):
    """A permission, and the kind of the resource on which the caller must have it.

    Attributes:
        field: field of the request that names the resource, where the request is a message.
        if_exists: whether it is needed only to replace an existing object.
    """

    permission: str
    resource: str
    field: str = ""
    if_exists: bool = False


class Method(_Strict, frozen=True):
    """A method, and what its page says that it needs. `page` is a key of the file's `pages`."""

    page: str
    needs: tuple[Need, ...]


class _RoleFile(_Strict, frozen=True):
    read_on: date
    roles: dict[str, Role]


class _MethodFile(_Strict, frozen=True):
    read_on: date
    pages: dict[str, str]
    methods: dict[str, Method]


@cache
def roles() -> Mapping[str, frozenset[str]]:
    """The permissions of each role of roles.yaml, by its name."""
    found = msgspec.yaml.decode((_FOLDER / "roles.yaml").read_bytes(), type=_RoleFile).roles
    return {name: role.permissions for name, role in found.items()}


@cache
def methods() -> Mapping[str, Method]:
    """Each method of methods.yaml, by its name."""
    return msgspec.yaml.decode((_FOLDER / "methods.yaml").read_bytes(), type=_MethodFile).methods


@dataclass(frozen=True)
class Policy:
    """The grants of a project, ready to be asked.

    A grant with a condition allows nothing: the only one is for an account that does not call the local cloud.
    """

    project: str
    grants: frozenset[Grant]
    roles: Mapping[str, frozenset[str]]
    _by_resource: Mapping[str, list[Grant]] = field(init=False)

    def __post_init__(self) -> None:
        """Index the grants by their resource."""
        found: dict[str, list[Grant]] = defaultdict(list)
        for grant in sorted(self.grants):
            if not grant.condition:
                found[grant.on].append(grant)
        object.__setattr__(self, "_by_resource", found)

    def allowing(self, members: Iterable[str], permission: str, resource: str) -> Grant | None:
        """The grant that gives one of `members` a permission on a resource, there or on the project; None without."""
        wanted = {*members, "allUsers"}
        for on in dict.fromkeys((resource, f"project:{self.project}")):
            for grant in self._by_resource.get(on, ()):
                if grant.to in wanted and permission in self.roles.get(grant.role, frozenset()):
                    return grant
        return None

    def authorised(self, view_dataset: str, dataset: str) -> Grant | None:
        """The entry by which the views of a dataset may read another dataset for their callers; None without one."""
        found = Grant(f"dataset:{dataset}", AUTHORISED_VIEWS, f"dataset:{view_dataset}")
        return found if found in self.grants else None
