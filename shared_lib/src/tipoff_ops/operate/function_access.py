"""Where a function of an environment is, and the operator's identity token for it."""

import os
import shutil
import subprocess

from tipoff.cloud.clients.storage import storage_client
from tipoff_ops.cli.output import fail
from tipoff_ops.local.token import operator_token
from tipoff_ops.operate.target import Target

TOKEN_VARIABLE = "TIPOFF_IDENTITY_TOKEN"  # noqa: S105 - the name of a variable
GCLOUD_TIMEOUT_S = 60


def function_access(target: Target, key: str) -> tuple[str, str]:
    """The URL of a function and a bearer token for it; the command exits with 1 if there is no token.

    The URL of a Cloud Run service contains the project's number, which the metadata of a bucket tell.
    """
    if target.state is not None:
        return target.state.services[key], operator_token(target.state, key)
    bucket = storage_client(target.settings).get_bucket(target.names.buckets["landing"])
    service = target.names.functions[key].service
    return f"https://{service}-{bucket.project_number}.{target.settings.region}.run.app", _identity_token()


def _identity_token() -> str:
    """The token in TIPOFF_IDENTITY_TOKEN, or the one that gcloud prints."""
    if TOKEN_VARIABLE in os.environ:
        return os.environ[TOKEN_VARIABLE]
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        fail(f"a call of a function needs an identity token: install gcloud, or set {TOKEN_VARIABLE}")
    done = subprocess.run(  # noqa: S603 - a fixed command, no shell
        [gcloud, "auth", "print-identity-token"], capture_output=True, text=True, check=False, timeout=GCLOUD_TIMEOUT_S
    )
    if done.returncode != 0:
        fail(f"gcloud auth print-identity-token: {done.stderr.strip()}")
    return done.stdout.strip()
