"""The IAM policy of a local cloud."""

from tipoff_local import mesh as meshes
from tipoff_local.iam.access import PolicyFile
from tipoff_local.iam.grants import People, grants_of
from tipoff_local.mesh import Mesh
from tipoff_ops.local.project import ENVIRONMENT, OPERATOR, PROJECT_ID, PROJECT_NUMBER


def policy_of(mesh: Mesh) -> PolicyFile:
    """The grants of the mesh, and those of the operator, who owns the project as the person does who applied it."""
    names = meshes.resolve(mesh, PROJECT_ID, PROJECT_NUMBER, ENVIRONMENT)
    operator = f"user:{OPERATOR}"
    grants = grants_of(mesh, names, People(invokers=(operator,)))
    return PolicyFile(PROJECT_ID, PROJECT_NUMBER, operator, tuple(sorted(grants)))
