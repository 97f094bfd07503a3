"""A person's shell on a running mesh: the real gcloud, bq and curl, where they are installed."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.project import OPERATOR
from tipoff_ops.local.state import exports

GCLOUD, BQ, CURL = (shutil.which(name) for name in ("gcloud", "bq", "curl"))


@dataclass(frozen=True)
class Shell:
    """A person's shell after `eval "$(tipoff local env)"`."""

    mesh: LocalMesh
    folder: Path

    def run(self, *command: str) -> str:
        """Standard output of a command that must succeed."""
        own = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "CLOUDSDK_CONFIG": str(self.folder / "gcloud")}
        environment = own | {"CLOUDSDK_CORE_DISABLE_PROMPTS": "1"} | exports(self.mesh)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def curl(self, function: str, path: str, body: object = None, *, token: str | None = None) -> tuple[int, Any]:
        """Status and answer of a call as the original writes it, with an operator's token unless one is given."""
        url = self.mesh.names.functions[function].url
        bearer = self.mesh.identity.sign(url, OPERATOR) if token is None else token
        data = () if body is None else ("-X", "POST", "-H", "Content-Type: application/json", "-d", json.dumps(body))
        out = self.run(
            str(CURL), "-s", "-w", "\n%{http_code}", url + path, "-H", f"Authorization: Bearer {bearer}", *data
        )
        answer, _, status = out.rpartition("\n")
        return int(status), json.loads(answer)

    def workflow(self, key: str, argument: dict[str, Any]) -> Any:
        """The result of `gcloud workflows run`, which must succeed."""
        name = self.mesh.names.workflows[key].name
        out = self.run(str(GCLOUD), "workflows", "run", name, f"--data={json.dumps(argument)}", "--format=json")
        execution = json.loads(out)
        assert execution["state"] == "SUCCEEDED", execution
        return json.loads(execution["result"])
