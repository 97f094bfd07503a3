"""The `tipoff` command imports a command when it is called, and its help shows what the command's own help says."""

import subprocess
import sys

from typer.main import get_command

from tipoff_ops import cli
from tipoff_ops.cli.apps import load_app
from tipoff_ops.local import commands as local

EVERY = {**cli.COMMANDS, **{f"local {name}": found for name, found in local.COMMANDS.items()}}


def test_the_lines_in_the_tables_are_the_first_of_the_commands_own_help() -> None:
    assert not [name for name, (target, line) in EVERY.items() if not first_paragraph(name, target).startswith(line)]


def first_paragraph(name: str, target: str) -> str:
    text = get_command(load_app(name.split()[-1], target)).help or ""
    return text.partition("\n\n")[0].replace("\n", " ")


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
