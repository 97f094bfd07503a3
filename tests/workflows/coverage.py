"""Coverage of workflows: which steps, switch arms and `except` branches were executed, by the journals."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tipoff_local.workflows.engine.journal import Journal
from tipoff_local.workflows.engine.store import Store
from tipoff_local.workflows.language.document import read
from tipoff_local.workflows.language.model import Constant, Document, Expression, Step, Switch, Try, steps_of
from tipoff_local.workflows.language.syntax import Literal

type Mark = tuple[str, str, str]


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """Something that can be executed. `mark` is `step`, `arm:N`, `arm:none` (no condition held) or `except`."""

    line: int
    routine: str
    step: str
    mark: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """All points of a source and those that no execution reached, in order of lines."""

    points: tuple[Point, ...]
    missing: tuple[Point, ...]

    def text(self) -> str:
        """One line with the count, then one for each missing point."""
        passed = len(self.points) - len(self.missing)
        lines = [f"{passed}/{len(self.points)} steps, arms and except branches executed"]
        lines += [f"  line {p.line}: {p.routine}/{p.step} {p.mark} was never executed" for p in self.missing]
        return "\n".join(lines)


def coverage(source: str, marks: Iterable[Mark]) -> Coverage:
    """Compare a source with the marks of any number of executions of it."""
    points = tuple(sorted(_points(read(source))))
    passed = set(marks)
    return Coverage(points, tuple(p for p in points if (p.routine, p.step, p.mark) not in passed))


def covered(journal: Journal, workflow: str) -> Coverage:
    """Coverage of a workflow's newest source by all executions of revisions with the very same source.

    Raises:
        LookupError: no such workflow.
    """
    store = Store(journal)
    newest = store.workflow(workflow)
    if newest is None:
        raise LookupError(workflow)
    same = {revision.revision_id for revision in store.revisions(workflow) if revision.source == newest.source}
    runs = [run.name for run in store.executions(workflow, -1, 0) if run.revision_id in same]
    return coverage(newest.source, {mark for run in runs for mark in journal.marks(run)})


def _points(document: Document) -> Iterator[Point]:
    for routine in document.routines.values():
        for step in steps_of(routine.block):
            yield from (Point(line, routine.name, step.name, mark) for line, mark in _marks(step))


def _marks(step: Step) -> Iterator[tuple[int, str]]:
    if not step.inline:
        yield step.line, "step"
    match step.body:
        case Switch(arms):
            yield from ((arm.line, f"arm:{arm.name}") for arm in arms)
            last = arms[-1].condition
            if last != Constant(True) and not (isinstance(last, Expression) and last.node == Literal(True)):
                yield step.line, "arm:none"
        case Try(_, _, _, handler) if handler is not None:
            yield step.line, "except"
