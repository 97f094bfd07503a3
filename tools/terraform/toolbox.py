"""The tools of the gate: terraform, the schema-only provider in a mirror, and checkov. Each is set up once.

Everything made lies in `.tools/` of the repository (ignored by git) and is made again when its recipe changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
TOOLS = REPOSITORY / ".tools"
WANTED = (1, 9)
TESTED = "1.11.4"
REGISTRY = "registry.terraform.io"  # terraform's default host; with the mirror in force nobody calls it


class GateError(Exception):
    """The gate cannot run, or a step failed. The text states what to do."""


@dataclass(frozen=True)
class Terraform:
    """The terraform binary with an environment in which it uses only the mirror."""

    binary: str
    environment: dict[str, str]

    def run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a folder. A failure does not raise."""
        command = [self.binary, *arguments]
        return subprocess.run(
            command, cwd=folder, env=self.environment, capture_output=True, text=True, check=False, timeout=300
        )

    def must(self, folder: Path, *arguments: str) -> str:
        """Run a command and return its output. Raises GateError with the output of terraform if it fails."""
        done = self.run(folder, *arguments)
        if done.returncode:
            raise GateError(f"terraform {arguments[0]} failed:\n{(done.stderr or done.stdout).strip()}")
        return done.stdout


def provider_version() -> str:
    """The version of hashicorp/google whose schema is in git."""
    return str(json.loads((HERE / "google_schema.json").read_bytes())["provider_version"])


@contextmanager
def attached() -> Iterator[Terraform]:
    """Terraform with a running schema-only provider. Otherwise each command would start the provider, in 0.5 s.

    Not for `init`, which installs nothing when a provider is attached.
    """
    plain = terraform()
    with tempfile.TemporaryDirectory(prefix="tipoff-tf-") as folder:
        socket = f"{folder}/provider.sock"
        command = [str(environment("stub") / "bin" / "python"), "-ISB", "-c", _start(HERE), socket]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as provider:
            if not provider.stdout or not provider.stdin or provider.stdout.readline() != "ready\n":
                raise GateError("the schema-only provider did not start")
            address = {"Network": "unix", "String": socket}
            served = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": provider.pid, "Test": True, "Addr": address}
            reattach = json.dumps({f"{REGISTRY}/hashicorp/google": served})
            yield Terraform(plain.binary, {**plain.environment, "TF_REATTACH_PROVIDERS": reattach})
            provider.stdin.close()


def _start(folder: Path) -> str:
    """A program that runs the provider from a folder, with the packages of its own environment only."""
    packages = str(next((environment("stub") / "lib").glob("python*/site-packages")))
    return (
        f"import sys\nsys.path[:0] = [{str(folder)!r}, {packages!r}]\nimport stub_provider\n"
        "stub_provider.stay(sys.argv[1]) if len(sys.argv) > 1 else stub_provider.serve()\n"
    )


@cache
def terraform() -> Terraform:
    """The terraform of this machine. Raises GateError if it is missing or too old."""
    binary = shutil.which("terraform")
    wanted = f"terraform >= {WANTED[0]}.{WANTED[1]} is wanted (tested with {TESTED})"
    if binary is None:
        raise GateError(f"{wanted}, and there is none on PATH: install it from your system's packages")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "GOOGLE_", "CLOUDSDK_"))}
    version = subprocess.run([binary, "version", "-json"], env=kept, capture_output=True, text=True, check=True).stdout
    stated = json.loads(version)
    if tuple(int(part) for part in stated["terraform_version"].split("-")[0].split(".")[:2]) < WANTED:
        raise GateError(f"{wanted}, and {binary} is {stated['terraform_version']}")
    configuration = _mirror(stated["platform"])
    own = {"TF_CLI_CONFIG_FILE": str(configuration), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    return Terraform(binary, {**kept, **own})


def _mirror(platform: str) -> Path:
    """Create a filesystem mirror with the schema-only provider, and the CLI configuration that names it."""
    mirror = TOOLS / "mirror"
    version = provider_version()
    folder = mirror / REGISTRY / "hashicorp" / "google" / version / platform
    folder.mkdir(parents=True, exist_ok=True)
    python = environment("stub") / "bin" / "python"
    for name in ("stub_provider.py", "google_schema.json"):
        _write(folder / name, (HERE / name).read_text())
    launcher = folder / f"terraform-provider-google_v{version}"
    _write(launcher, f"#!{python} -ISB\n{_start(folder)}")
    launcher.chmod(launcher.stat().st_mode | stat.S_IXUSR)
    configuration = TOOLS / "terraform.rc"
    _write(
        configuration,
        "disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n"
        f'    path = "{mirror}"\n  }}\n}}\n',
    )
    return configuration


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole, only if it differs. Other runs may be reading it."""
    if path.is_file() and path.read_text() == text:
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.replace(path)


def environment(name: str) -> Path:
    """The virtual environment of a tool, created from `<name>-requirements.txt` when missing or stale."""
    requirements = HERE / f"{name}-requirements.txt"
    recipe = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    folder = TOOLS / f"{name}-{recipe[:12]}"
    if (folder / "complete").is_file():
        return folder
    TOOLS.mkdir(exist_ok=True)
    draft = TOOLS / f"{name}-{recipe[:12]}.{os.getpid()}"
    _install(draft, requirements)
    try:
        draft.rename(folder)  # scripts inside would name the draft's path: tools are run as modules
    except OSError:
        shutil.rmtree(draft)  # somebody else was faster
    (folder / "complete").touch()
    return folder


def _install(folder: Path, requirements: Path) -> None:
    uv = shutil.which("uv") or next((str(p) for p in [REPOSITORY / ".uv" / "bin" / "uv"] if p.exists()), None)
    python = str(folder / "bin" / "python")
    if uv:
        commands = [
            [uv, "venv", "-q", "-p", sys.executable, str(folder)],
            [uv, "pip", "install", "-q", "-p", python, "-r", str(requirements)],
        ]
    else:
        commands = [
            [sys.executable, "-m", "venv", str(folder)],
            [python, "-m", "pip", "install", "-q", "-r", str(requirements)],
        ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise GateError(f"cannot make {folder.name}: {done.stderr.strip()}")
