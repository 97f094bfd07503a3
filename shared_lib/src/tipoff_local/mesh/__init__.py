"""The mesh: what terraform/mesh.yaml declares, and the names that it resolves to in one project and environment."""

from tipoff_local.mesh.declared import Function, Grants, Mesh, MeshError, load
from tipoff_local.mesh.resolved import (
    Names,
    ResolvedFunction,
    ResolvedSchedule,
    ResolvedSubscription,
    ResolvedWorkflow,
    resolve,
    variable,
)

__all__ = [
    "Function",
    "Grants",
    "Mesh",
    "MeshError",
    "Names",
    "ResolvedFunction",
    "ResolvedSchedule",
    "ResolvedSubscription",
    "ResolvedWorkflow",
    "load",
    "resolve",
    "variable",
]
