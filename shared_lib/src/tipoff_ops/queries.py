"""Loads the SQL of a command: one file for each query, in the folder of the module that runs it."""

from pathlib import Path


def load(module_file: str, name: str) -> str:
    """The text of `<name>.sql` beside a module, given the module's `__file__`."""
    return Path(module_file).with_name(f"{name}.sql").read_text(encoding="utf-8")
