"""`tipoff smoke`: what only a real project can show. It makes a mesh there, sends it a document, and removes it.

docs/google-cloud.md lists the questions that it answers. It costs money and takes about half an hour.
"""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from tipoff.cloud.clients.google_apis import has_login
from tipoff_local import mesh as meshes
from tipoff_ops.build import find_project
from tipoff_ops.cli.output import console, fail
from tipoff_sim import SMALL, Kind, League

PROTECTED = "prod"
NO_LOGIN = (
    "Nothing was run: tipoff smoke needs --project and a login (gcloud auth application-default login) that may create "
    "resources there."
)

type Run = Callable[[Sequence[str], Path], int]


@dataclass(frozen=True)
class Step:
    """A command that must succeed, perhaps only after some tries."""

    name: str
    command: tuple[str, ...]
    tries: int = 1
    wait_s: float = 30.0


def smoke(
    project: Annotated[
        str, typer.Option("--project", help="A project of its own, after step 5 of the bootstrap.")
    ] = "",
    env: Annotated[str, typer.Option("--env", help="Environment; not prod.")] = "dev",
    keep: Annotated[bool, typer.Option("--keep", help="Do not destroy the mesh at the end.")] = False,
) -> None:
    """Try a deployment in a real project, and remove it.

    Makes a mesh, sends one document through it, runs a workflow, and destroys what it made.

    Example: tipoff smoke --project my-tipoff-smoke --env dev
    """
    if env == PROTECTED:
        fail("tipoff smoke destroys what it made: it does not run in prod.", 2)
    if not project or not has_login():
        fail(NO_LOGIN, 2)
    root = find_project().root
    region = meshes.load(root / "terraform" / "mesh.yaml").region
    with tempfile.TemporaryDirectory(prefix="tipoff-smoke-") as folder:
        name, document = schedule_document(Path(folder), datetime.now(UTC))
        done = run_steps(list(steps(project, env, region, name, document)), removal(env, keep), _run, root)
    raise typer.Exit(0 if done else 1)


def schedule_document(folder: Path, now: datetime) -> tuple[str, Path]:
    """A schedule of a simulated league that begins tomorrow: its object name and its file."""
    season = League(1).season(now.date() + timedelta(days=1), 1, SMALL)
    found = next(document for document in season if document.kind is Kind.SCHEDULE)
    path = folder / "schedule.json"
    path.write_bytes(found.body)
    return found.object_name, path


def steps(project: str, env: str, region: str, object_name: str, document: Path) -> Iterator[Step]:
    """Apply, one document through the event path, one workflow, the queries of `tipoff status`."""
    terraform = ("terraform", f"-chdir=terraform/environments/{env}")
    at = (f"--project={project}", f"--location={region}")
    target = ("--project", project, "--env", env)
    yield Step("prerequisites", ("tipoff", "doctor", *target, "--before"))
    yield Step("apply", (*terraform, "apply", "-input=false", "-auto-approve"), tries=2, wait_s=300)
    yield Step("the plan is empty", (*terraform, "plan", "-input=false", "-detailed-exitcode"))
    yield Step("everything exists", ("tipoff", "doctor", *target))
    yield Step("a document lands", ("gcloud", "storage", "cp", str(document), f"gs://{project}-landing/{object_name}"))
    yield Step("it is ingested", ("tipoff", "trace", object_name, *target), tries=20)
    yield Step("a workflow succeeds", ("gcloud", "workflows", "run", f"reconcile-{env}", *at))
    yield Step("the queries run", ("tipoff", "status", *target), tries=2)


def removal(env: str, keep: bool) -> Step | None:
    """The last step, which also follows a failure."""
    if keep:
        return None
    return Step(
        "destroy", ("terraform", f"-chdir=terraform/environments/{env}", "destroy", "-input=false", "-auto-approve")
    )


def run_steps(planned: Sequence[Step], last: Step | None, run: Run, root: Path) -> bool:
    """Run the steps up to the first that fails, then the last one. Returns whether all succeeded."""
    good = all(_succeeds(step, run, root) for step in planned)
    return (last is None or _succeeds(last, run, root)) and good


def _succeeds(step: Step, run: Run, root: Path) -> bool:
    for attempt in range(step.tries):
        started = time.monotonic()
        good = run(step.command, root) == 0
        console.print(
            f"{step.name}: {'good' if good else 'FAILED'}, {time.monotonic() - started:.0f} s", highlight=False
        )
        if good:
            return True
        if attempt + 1 < step.tries:
            time.sleep(step.wait_s)
    return False


def _run(command: Sequence[str], root: Path) -> int:
    return subprocess.run(command, cwd=root, check=False, timeout=3600).returncode  # noqa: S603 - `steps` states them
