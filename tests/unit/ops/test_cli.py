"""The `tipoff` command imports a command when it is called, and its help shows what the command's own help says."""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from tipoff_ops import cli
from tipoff_ops.cli.apps import load_app
from tipoff_ops.local import commands as local

EVERY = {**cli.COMMANDS, **{f"local {name}": found for name, found in local.COMMANDS.items()}}


def test_the_lines_in_the_tables_are_the_first_of_the_commands_own_help() -> None:
    assert not [name for name, (target, line) in EVERY.items() if not first_paragraph(name, target).startswith(line)]


def first_paragraph(name: str, target: str) -> str:
    text = get_command(load_app(name.split()[-1], target)).help or ""
    return text.partition("\n\n")[0].replace("\n", " ")


def leaves() -> Iterator[tuple[str, Any]]:
    """Every command that does something, by the words that call it."""
    for name, (target, _) in EVERY.items():
        found = get_command(load_app(name.split()[-1], target))
        if not isinstance(found, TyperGroup):
            yield name, found
        elif name != "local":
            yield from ((f"{name} {sub}", command) for sub, command in found.commands.items())


@pytest.mark.parametrize(("name", "command"), [*leaves()], ids=lambda each: each if isinstance(each, str) else "")
def test_every_help_page_has_an_example_that_the_command_takes(name: str, command: Any) -> None:
    example = (command.help or "").replace("\n", " ").partition("Example: tipoff ")[2]
    words = shlex.split(example)
    path = name.split()
    assert words[: len(path)] == path, example
    takes(command, words[len(path) :])


def takes(command: Any, words: list[str]) -> None:
    """Parse the words as the command would. Files need not exist here."""
    try:
        command.make_context(command.name or "", list(words))
    except typer.BadParameter as error:
        if "does not exist" not in str(error):
            raise


def test_the_version_is_told_and_every_page_of_help_has_a_short_flag() -> None:
    runner = CliRunner()
    assert runner.invoke(cli.app, ["--version"]).output == f"tipoff {version('tipoff')}\n"
    for words in ([], ["local"], ["status"], ["quarantine", "replay"]):
        assert runner.invoke(cli.app, [*words, "-h"]).output == runner.invoke(cli.app, [*words, "--help"]).output != ""


def test_help_imports_no_command() -> None:
    """`tipoff --help` took 3 seconds of processor time when it imported them all."""
    code = (
        "import sys; from tipoff_ops.cli import app; app(['--help'], standalone_mode=False); "
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert all(f"  {name} " in done.stdout for name in cli.COMMANDS)
    assert "...\n" not in done.stdout.partition("Commands:")[2], "a line is too long for 80 columns"
    imported = set(done.stderr.split())
    assert not {"google.auth", "numpy", "duckdb", "msgspec", "rich", "tipoff.tables"} & imported
    assert {name for name in imported if name.startswith("tipoff_ops.")} == {"tipoff_ops.cli", "tipoff_ops.cli.apps"}
