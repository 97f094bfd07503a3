"""checkov's own terraform runner, without the rest of checkov: run by gate.py in checkov's environment.

The command line imports forty other scanners before it starts, which takes longer than the scan.

    python scan.py FOLDER      prints the failed checks and one summary line; exits 1 if any check failed
"""

import logging
import sys
from pathlib import Path

import yaml
from checkov.runner_filter import RunnerFilter
from checkov.terraform.runner import Runner


def main(folder: Path) -> int:
    """Scan one folder with the skips of its .checkov.yaml."""
    logging.disable(logging.WARNING)
    skipped = yaml.safe_load((folder / ".checkov.yaml").read_text())["skip-check"]
    files = [str(path) for path in sorted(folder.rglob("*.tf")) if ".terraform" not in path.parts]
    report = Runner().run(None, files=files, runner_filter=RunnerFilter(framework=["terraform"], skip_checks=skipped))
    for record in report.failed_checks:
        sys.stdout.write(f"{record.check_id} {record.check_name}: {record.resource} in {record.file_path}\n")
    sys.stdout.write(f"Passed checks: {len(report.passed_checks)}, Failed checks: {len(report.failed_checks)}\n")
    return 1 if report.failed_checks or not report.passed_checks else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
