"""The gate: checks terraform/ with real terraform and without the cloud (`make tf-check`).

    fmt        terraform fmt -check
    catalogue  mesh.yaml: its JSON schema, its references, and a year of schedules
    init       the schema-only provider from a filesystem mirror
    lock       a lock file in git has the hashes of the real provider
    validate   every environment against the real provider's schema
    test       the logic of the module (terraform test, mock_provider)
    plan       every environment, as JSON
    rules      names, grants, variables, enums, protection on each plan (rules.py)
    checkov    security checks of the HCL (terraform/.checkov.yaml lists the skipped ones with reasons)
    refusal    the schema-only provider must not apply

tests/terraform/test_bites.py inserts a fault for each step and checks that the step fails. `gate.py plan ENV` prints
the resources of an environment.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import catalogue
import toolbox
from limits import RULES
from plans import Plan
from rules import Case
from toolbox import GateError, Terraform
from workspace import ENVIRONMENTS, Workspace, incomplete, temporary

MODULE = Path("terraform/modules/mesh")
LOCK = ".terraform.lock.hcl"


def fmt(terraform: Terraform, workspace: Workspace) -> None:
    """Check the formatting of every file."""
    found = terraform.run(workspace.root / "terraform", "fmt", "-check", "-recursive", "-list=true")
    if found.returncode:
        raise GateError(f"terraform fmt would change {found.stdout.split()} {found.stderr}")


def check_catalogue(workspace: Workspace) -> None:
    """Check mesh.yaml against its schema and its own references."""
    found = catalogue.problems(workspace.root)
    found += [f"{path} is missing" for path in incomplete(toolbox.REPOSITORY)]
    if found:
        raise GateError("\n".join(found))


def check_locks(workspace: Workspace, repository: Path) -> None:
    """Check that the lock files of the environments were written by `terraform providers lock`.

    A lock of the schema-only provider has its hash, and none of the registry's `zh:` hashes: the real provider would be
    refused. https://developer.hashicorp.com/terraform/language/files/dependency-lock
    """
    stub = {found for name in ENVIRONMENTS for found in hashes(workspace.environment(name))}
    for name in ENVIRONMENTS:
        found = hashes(repository / "terraform" / "environments" / name)
        if found and (found & stub or not any(each.startswith("zh:") for each in found)):
            raise GateError(f"{name}/{LOCK} is not of the real provider; delete it, then run: terraform providers lock")


def hashes(environment: Path) -> set[str]:
    """The hashes in the lock file of an environment; none without the file."""
    lock = environment / LOCK
    return set(re.findall(r'"((?:h1|zh):[^"]+)"', lock.read_text())) if lock.is_file() else set()


def validate(terraform: Terraform, workspace: Workspace, environment: str) -> None:
    """Check names, types and blocks against the provider's schema."""
    terraform.must(workspace.environment(environment), "validate", "-no-color")


def module_tests(terraform: Terraform, workspace: Workspace) -> str:
    """Run `terraform test` on the module; returns its last line, with the number of runs that passed."""
    toolbox.terraform().must(workspace.root / MODULE, "init", "-input=false", "-no-color")
    return terraform.must(workspace.root / MODULE, "test", "-no-color").strip().rpartition("\n")[2]


def case(terraform: Terraform, workspace: Workspace, environment: str, *options: str) -> Case:
    """The plan of an environment with the repository that it was made from."""
    return Case(Plan(environment, workspace.plan(terraform, environment, *options)), workspace.root)


def broken_rules(checked: Case) -> list[str]:
    """The problems that every rule finds."""
    return [f"{name} ({checked.plan.environment}): {text}" for name, rule in RULES.items() for text in rule(checked)]


def checkov(folder: Path) -> str:
    """Run the security checks; a failed check that .checkov.yaml does not skip is an error."""
    python = str(toolbox.environment("checkov") / "bin" / "python")
    command = [python, str(toolbox.HERE / "scan.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    summary = next((line for line in done.stdout.splitlines() if line.startswith("Passed checks")), "")
    if done.returncode or not summary:
        raise GateError(f"checkov:\n{done.stdout}\n{done.stderr[-2000:]}")
    return summary


def refusal(terraform: Terraform, workspace: Workspace, environment: str) -> None:
    """Check that the schema-only provider refuses to apply."""
    folder = workspace.environment(environment)
    done = terraform.run(folder, "apply", "-input=false", "-no-color", "-auto-approve", "-lock=false",
                                   "-target=module.mesh.google_project_service.this")  # fmt: skip
    if done.returncode == 0 or "schema-only provider: apply is not possible" not in done.stderr:
        raise GateError(f"apply was not refused: {done.stdout[-500:]} {done.stderr[-500:]}")


@dataclass
class Report:
    """The time and result of each step."""

    failures: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def step(self, name: str, run: Callable[[], object]) -> None:
        """Run a step and print its result. A failed step does not stop the others."""
        begun = time.monotonic()
        try:
            said, verdict = run(), "ok"
        except GateError as error:
            said, verdict = error, "FAILED"
            self.failures.append(name)
        text = "" if said is None else f"  {said}"
        sys.stdout.write(f"{name:<16}{verdict:<8}{time.monotonic() - begun:5.1f} s{text}\n")
        sys.stdout.flush()


@contextmanager
def prepared() -> Iterator[tuple[Terraform, Workspace]]:
    """A workspace in which every environment is initialised, and terraform with a running provider."""
    with temporary() as workspace, toolbox.attached() as terraform:
        for name in ENVIRONMENTS:
            workspace.init(name)
        yield terraform, workspace


def rules_hold(terraform: Terraform, workspace: Workspace, environment: str) -> str:
    """Plan an environment and check every rule on it."""
    checked = case(terraform, workspace, environment)
    found = broken_rules(checked)
    if found:
        raise GateError("\n".join(found))
    return f"{len(checked.plan.resources)} resources, {len(RULES)} rules"


def check() -> int:
    """Run every step; the exit code is 0 only if all of them pass."""
    report = Report()
    sys.stdout.write(f"terraform {toolbox.TESTED} tested; schema of hashicorp/google {toolbox.provider_version()}\n")
    with ThreadPoolExecutor(1) as aside:
        scan: Future[str] = aside.submit(checkov, toolbox.REPOSITORY / "terraform")
        with prepared() as (terraform, workspace):
            report.step("fmt", lambda: fmt(terraform, workspace))
            report.step("catalogue", lambda: check_catalogue(workspace))
            report.step("lock", lambda: check_locks(workspace, toolbox.REPOSITORY))
            report.step("test", lambda: module_tests(terraform, workspace))
            for name in ENVIRONMENTS:
                report.step(f"validate {name}", lambda name=name: validate(terraform, workspace, name))  # type: ignore[misc]
                report.step(f"plan {name}", lambda name=name: rules_hold(terraform, workspace, name))  # type: ignore[misc]
            report.step("refusal", lambda: refusal(terraform, workspace, "dev"))
        report.step("checkov", scan.result)
    sys.stdout.write(
        f"{'the gate':<16}{'FAILED' if report.failures else 'holds':<8}{time.monotonic() - report.started:5.1f} s\n"
    )
    return 1 if report.failures else 0


def show(environment: str) -> int:
    """Print the resources of an environment and the mesh as trees."""
    from tipoff_local import mesh
    from tipoff_ops.mesh import text

    with prepared() as (terraform, workspace):
        plan = case(terraform, workspace, environment).plan
    sys.stdout.write(tree(plan))
    sys.stdout.write("\n" + text.text(mesh.load(toolbox.REPOSITORY / "terraform" / "mesh.yaml")))
    return 0


def tree(plan: Plan) -> str:
    """Resource types with their counts, each with the names of its resources."""
    lines = [f"{plan.environment}: {len(plan.resources)} resources in project {plan.project}"]
    counts = Counter(resource.type for resource in plan.resources)
    for type_, count in sorted(counts.items()):
        lines.append(f"+- {type_.removeprefix('google_')} ({count})")
        keys = sorted(f"{resource.name}[{resource.key}]" if resource.key else resource.name
                      for resource in plan.resources if resource.type == type_)  # fmt: skip
        lines += [f"|  +- {key}" for key in keys]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Check terraform/ without the cloud, or print a plan.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("check", help="the gate (the default)")
    plan = commands.add_parser("plan", help="print the resources of an environment and the picture of the mesh")
    plan.add_argument("environment", choices=ENVIRONMENTS)
    given = parser.parse_args()
    try:
        return show(given.environment) if given.command == "plan" else check()
    except GateError as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
