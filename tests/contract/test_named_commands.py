"""Every `tipoff` command with its options and every `make` target that docs, messages and alerts name exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command

from tests.contract.source_tree import ROOT, SOURCE
from tipoff_ops import cli
from tipoff_ops.cli.apps import load_app
from tipoff_ops.local import commands as local

DOCS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
SOURCES = sorted(SOURCE.rglob("*.py"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
# A command ends with its line, its code span or its cell of a table. In Python it follows a quotation mark.
TIPOFF = re.compile(r"(?<![\w/.-])(?<!from )tipoff +([a-z]+\b[^`\n|#;]*)")
TIPOFF_IN_PYTHON = re.compile(r"[`\"]tipoff +([a-z]+\b[^`\"\n]*)")
MAKE = re.compile(r"(?:`|^\$ |^    )make +([a-z-]+)", re.MULTILINE)


def options_of(words: list[str]) -> set[str]:
    """The options of a command, given the words after `tipoff`; KeyError if there is no such command."""
    name, target = words[0], cli.COMMANDS[words[0]][0]
    if name == "local" and len(words) > 1:
        name, target = words[1], local.COMMANDS[words[1]][0]
    command = get_command(load_app(name, target))
    if isinstance(command, TyperGroup) and len(words) > 1:
        command = command.commands[words[1]]
    return {"--help", *(flag for parameter in command.params for flag in parameter.opts)}


def unknown(named: str) -> Iterator[str]:
    """What is wrong with the text of a command after the word `tipoff`."""
    words = [word for word in re.split(r"[^a-z-]+", named) if word]
    try:
        options = options_of(words)
    except KeyError as error:
        yield f"tipoff {named}: no command {error}"
    else:
        yield from (
            f"tipoff {named}: no option {flag}" for flag in re.findall(r"--[a-z-]+", named) if flag not in options
        )


def offenders() -> Iterator[str]:
    for path in (*DOCS, *SOURCES):
        text = path.read_text(encoding="utf-8")
        pattern = TIPOFF if path in DOCS else TIPOFF_IN_PYTHON
        yield from (f"{path.name}: {fault}" for named in pattern.findall(text) for fault in unknown(named))
        targets = MAKE.findall(text) if path in DOCS else []
        yield from (f"{path.name}: no target {name}" for name in targets if f"\n{name}:" not in MAKEFILE)


# A line that a person types in a shell: after a prompt, or in a fenced or indented block of commands.
TYPED = re.compile(r"^(?:\$ |    |)(?:\.venv/bin/|uv run )?(tipoff|make) ([^\n]*)$", re.MULTILINE)
BLOCK = re.compile(r"^```(?:console|sh)\n(.*?)^```|((?:^    .*\n)+)", re.MULTILINE | re.DOTALL)


def typed_lines() -> Iterator[tuple[Path, str, str]]:
    """Page, program and words of each `tipoff` and `make` line in a block of commands."""
    for path in DOCS:
        for block in BLOCK.finditer(path.read_text(encoding="utf-8")):
            text = re.sub(r"\\\n\s*", "", block[0])
            for found in TYPED.finditer(text):
                yield path, found[1], re.split(r" #| && |   ", found[2])[0].strip()


def parse(words: list[str]) -> None:
    """Parse the words after `tipoff` as the command does; files and dates in capitals need not exist."""
    name, target = words[0], cli.COMMANDS[words[0]][0]
    rest = words[1:]
    if name == "local":
        name, target, rest = rest[0], local.COMMANDS[rest[0]][0], rest[1:]
    command = get_command(load_app(name, target))
    if isinstance(command, TyperGroup):
        command, rest = command.commands[rest[0]], rest[1:]
    try:
        command.make_context(name, rest)
    except typer.BadParameter as error:
        if "does not exist" not in str(error):
            raise


def test_every_typed_line_of_the_documents_is_taken_by_its_program() -> None:
    lines = [(path.name, program, text) for path, program, text in typed_lines()]
    assert len(lines) > 15
    for name, program, text in lines:
        words = shlex.split(text)
        try:
            if program == "make":
                assert f"\n{words[0]}:" in MAKEFILE
            elif "..." not in words:
                parse(words)
        except Exception as error:
            raise AssertionError(f"{name}: {program} {text}: {error}") from error


def test_every_target_does_something() -> None:
    phony = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0].split()
    idle = [name for name in phony if not re.search(rf"^{name}:[^\n]*\n\t", MAKEFILE, re.MULTILINE)]
    assert idle == []


def test_every_command_and_target_that_is_named_exists() -> None:
    assert not list(offenders())


@pytest.mark.parametrize("named", ["standing", "local begin", "status --verbose", "trace x --lead 5"])
def test_a_command_or_option_that_does_not_exist_is_found(named: str) -> None:
    assert list(unknown(named))
