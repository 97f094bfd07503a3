"""What the local warehouse knows of its own catalogue, remembered until the catalogue changes.

local-bigquery asks DuckDB's catalogue functions about a table each time it is named. These walk through every table
and column there is: with our hundred tables some 10-20 ms a question and dozens of questions a statement.
"""

from collections.abc import Callable
from threading import Lock
from typing import Any

from local_bigquery.catalog import metadata
from local_bigquery.jobs import query
from sqlglot import exp

type Function = Callable[..., Any]

CHANGES_CATALOGUE = (*query.DDL, exp.Command)


class CatalogueMemory:
    """Answers that hold as long as the catalogue stays as it is; exceptions are never kept."""

    def __init__(self) -> None:
        self.generation = 0
        self._answers: dict[Any, Any] = {}
        self._lock = Lock()
        self.before_change: Callable[[], None] = lambda: None

    def answers(self) -> dict[Any, Any]:
        """All that is known of the catalogue as it is, by question."""
        with self._lock:
            return dict(self._answers)

    def preload(self, answers: dict[Any, Any]) -> None:
        """Take over answers known to fit the catalogue as it is."""
        with self._lock:
            self._answers |= answers

    def forget(self) -> None:
        """The catalogue changed; an answer that is being worked out is not kept either."""
        with self._lock:
            self.before_change()
            self.generation += 1
            self._answers.clear()

    def answer(self, question: Any, work_out: Callable[[], Any]) -> Any:
        """What `work_out` returned when `question` was first asked of this catalogue."""
        with self._lock:
            if question in self._answers:
                return self._answers[question]
            generation = self.generation
        found = work_out()
        with self._lock:
            if generation == self.generation:
                self._answers[question] = found
        return found

    def remembering(self, lookup: Function) -> Function:
        """`lookup`, a function of hashable arguments, asked once."""
        return lambda *arguments: self.answer((lookup, *arguments), lambda: lookup(*arguments))

    def watch(self) -> None:
        """Forget at every change: by REST (each one saves or deletes metadata) and by DDL."""
        metadata.save = self._forgetting(metadata.save)
        metadata.delete = self._forgetting(metadata.delete)
        plain, forgetting = query._run, self._forgetting(query._run)

        def run_watching(cursor: Any, tree: exp.Expr, *rest: Any) -> Any:
            return (forgetting if isinstance(tree, CHANGES_CATALOGUE) else plain)(cursor, tree, *rest)

        query._run = run_watching

    def _forgetting(self, function: Function) -> Function:
        def forgetting(*arguments: Any) -> Any:
            self.forget()
            try:
                return function(*arguments)
            finally:
                self.forget()

        return forgetting


class Shadow:
    """A module as one of its users sees it, with some functions replaced."""

    def __init__(self, module: Any, **replaced: Function) -> None:
        self._module = module
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)
