"""A plan as the rules read it: resources by type and key, and the variables of the plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Resource:
    """A planned resource. `unknown` has the names of the fields that are known only after apply."""

    address: str
    type: str
    name: str
    key: str
    values: dict[str, Any]
    unknown: frozenset[str]


@dataclass(frozen=True)
class Plan:
    """`terraform show -json` of one environment."""

    environment: str
    document: dict[str, Any]

    def variable(self, name: str) -> Any:
        """A variable of the root module."""
        return self.document["variables"][name]["value"]

    @property
    def project(self) -> str:
        """Project id."""
        return str(self.variable("project"))

    @property
    def project_number(self) -> str:
        """Project number."""
        return str(self.variable("project_number"))

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Every resource that the plan creates."""
        unknown = {
            change["address"]: frozenset(name for name, is_ in change["change"]["after_unknown"].items() if is_ is True)
            for change in self.document["resource_changes"]
        }
        return tuple(
            Resource(r["address"], r["type"], r["name"], str(r.get("index", "")), r["values"], unknown[r["address"]])
            for r in _walk(self.document["planned_values"]["root_module"])
        )

    def by_type(self, type_: str, name: str | None = None) -> dict[str, dict[str, Any]]:
        """Values by key of one type, or of one resource of that type."""
        chosen = [r for r in self.resources if r.type == type_ and name in (None, r.name)]
        return {r.key: r.values for r in chosen}

    def all(self, type_: str) -> list[dict[str, Any]]:
        """Values of every resource of a type."""
        return [r.values for r in self.resources if r.type == type_]


def _walk(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _walk(child)
