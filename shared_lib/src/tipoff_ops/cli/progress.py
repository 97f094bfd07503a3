"""Progress displays on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tipoff_ops.cli.output import console


@contextmanager
def counter(text: str) -> Iterator[Callable[[int], None]]:
    """A spinner with a count of `text`; yields the function that adds to the count."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:.0f} {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(text, total=None)

        def advance(count: int) -> None:
            progress.update(task, advance=count)

        yield advance
