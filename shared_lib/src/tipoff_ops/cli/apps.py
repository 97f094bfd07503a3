"""Typer apps that import a command only when it is called, so that `tipoff --help` imports none of them."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command


def new_app(about: str | None = None, *, completion: bool = False) -> typer.Typer:
    """An app without commands; `about` is its help text, and `completion` adds options that install shell completion.

    Help is plain text: with rich markup it would take four times as long and lose text in square brackets.
    """
    return typer.Typer(
        help=about,
        no_args_is_help=True,
        add_completion=completion,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def lazy_app(about: str, commands: Mapping[str, tuple[str, str]], *, completion: bool = False) -> typer.Typer:
    """An app whose commands are imported when they are called.

    Args:
        about: help text of the app.
        commands: for each name the target (`module:attribute`, a function or an app) and the line that the app's help
            shows. The line is the first line of the command's own help; a test compares them.
    """
    app = new_app(about, completion=completion)
    for name, (target, help_line) in commands.items():
        app.command(name, help=help_line, cls=_lazy_command(name, target))(_not_loaded)
    return app


def load_app(name: str, target: str) -> typer.Typer:
    """Import the target: the app it names, or an app whose one command is the function it names."""
    module, _, attribute = target.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        return found
    app = new_app()
    app.command(name)(found)
    return app


def _lazy_command(name: str, target: str) -> type[TyperCommand]:
    class LazyCommand(TyperCommand):
        # typer parses and runs a command by the context that its make_context returns: here that of the real command.
        # The parameters are Any because their types are in a private module of typer.
        def make_context(self, info_name: Any, args: Any, parent: Any = None, **extra: Any) -> Any:
            return get_command(load_app(name, target)).make_context(info_name, args, parent, **extra)

    return LazyCommand


def _not_loaded() -> None:
    """Stands for the function of a command that is not imported yet."""
