"""Every gcloud command that README, docs, messages and alerts name is one that gcloud accepts, with its location.

gcloud's own parser decides. A project is a property that everybody sets; a location is not.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.contract.source_tree import ROOT, SOURCE

GCLOUD = shutil.which("gcloud")
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
# Fenced and indented blocks, and code spans.
CODE = re.compile(r"^```\w*\n([\s\S]*?)^```|((?:^    \S.*\n)+)|`([^`\n]+)`", re.MULTILINE)
IN_PYTHON = re.compile(r"[`\"](gcloud [^`\"\n:{]+)")
ENDS = set("|;&()\n")


def commands(code: str) -> Iterator[list[str]]:
    """The words after `gcloud` of each command of a shell text."""
    code = re.sub(r"(^|\s)#.*$", "", code.replace("\\\n", " "), flags=re.MULTILINE)
    code = re.sub(r"\$\{?\w+\}?|\bPROJECT\b", "some-value", code)
    lexer = shlex.shlex(re.sub(r"^\$ ", "", code, flags=re.MULTILINE), posix=True, punctuation_chars="|;&()\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    words: list[str] | None = None
    starts = True
    for word in [*lexer, "\n"]:
        ends = set(word) <= ENDS
        if ends and words is not None:
            yield words
        if ends:
            words = None
        elif words is not None:
            words.append(word)
        elif starts and word == "gcloud":
            words = []
        starts = ends or word.endswith("$")


def documented() -> Iterator[tuple[str, list[str]]]:
    """Where a command is named, and its words."""
    for page in PAGES:
        for parts in CODE.findall(page.read_text("utf-8")):
            code = next(part for part in parts if part)
            if "gcloud " in code:
                yield from ((page.name, words) for words in commands(code))
    for path in sorted(SOURCE.rglob("*.py")):
        for code in IN_PYTHON.findall(path.read_text("utf-8")):
            yield from ((path.name, words) for words in commands(code))
    for key, alert in yaml.safe_load((ROOT / "terraform" / "mesh.yaml").read_text("utf-8"))["alerts"].items():
        for code in re.findall(r"`([^`]+)`", alert["action"]):
            yield from ((f"alert {key}", words) for words in commands(code))


def complaints(named: list[list[str]], folder: Path) -> list[str | None]:
    """What gcloud's parser says about each command, with a project and no other setting."""
    sdk = Path(str(GCLOUD)).resolve().parents[1]
    bundled = sdk / "platform" / "bundledpythonunix" / "bin" / "python3"
    python = os.environ.get("CLOUDSDK_PYTHON") or (str(bundled) if bundled.exists() else sys.executable)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CLOUDSDK_", "PYTHON", "GOOGLE_"))}
    environment = {**kept, "CLOUDSDK_CONFIG": str(folder), "CLOUDSDK_CORE_PROJECT": "some-project"}
    program = [python, "-S", str(Path(__file__).with_name("gcloud_parser.py")), str(sdk)]
    done = subprocess.run(
        program, input=json.dumps(named), env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    found: list[str | None] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(GCLOUD is None, reason="gcloud is not installed")
def test_gcloud_accepts_every_command_that_is_named(tmp_path: Path) -> None:
    named = list(documented())
    assert len(named) > 20
    faults = complaints([words for _, words in named], tmp_path)
    assert [(where, " ".join(words), fault) for (where, words), fault in zip(named, faults, strict=True) if fault] == []


@pytest.mark.skipif(GCLOUD is None, reason="gcloud is not installed")
def test_what_gcloud_refuses_is_found(tmp_path: Path) -> None:
    wrong = [
        ["workflows", "run", "train-dev", "--data={}"],  # no location
        ["workflows", "run", "--location=us-west2"],  # no workflow
        ["workflows", "start", "train-dev"],  # no such command
        ["workflows", "run", "train-dev", "--location=us-west2", "--body={}"],  # no such flag
    ]
    right = [["workflows", "run", "train-dev", "--location=us-west2", "--data={}"]]
    assert [fault is not None for fault in complaints(wrong + right, tmp_path)] == [True] * 4 + [False]


def test_commands_are_found_in_shell_text() -> None:
    text = """$ printf %s "$V" | gcloud secrets versions add NAME --data-file=-   # a key
$ TOKEN=$(gcloud auth print-identity-token)
gcloud workflows run x --location=us-west2 \\
    --data='{"a": "b c"}' && gcloud version
"""
    assert list(commands(text)) == [
        ["secrets", "versions", "add", "NAME", "--data-file=-"],
        ["auth", "print-identity-token"],
        ["workflows", "run", "x", "--location=us-west2", '--data={"a": "b c"}'],
        ["version"],
    ]
