"""The names of local-bigquery that `tipoff_local.bigquery` replaces or uses, and the check that they are as expected.

None of them is a public interface, so any release may change them. The process checks the table before it changes
anything. If a name is missing or different, the process does not start, and the error says what to do.
"""

import importlib
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

LIBRARY = "local-bigquery"


class PrivateNamesChanged(Exception):
    """The installed local-bigquery is not the release that the patches were written for."""


@dataclass(frozen=True)
class PrivateName:
    """One name of the library.

    name: module below `local_bigquery`, then the attribute: `jobs.query._run`.
    why: what the patches need it for.
    action: what to do after a release that changes it.
    parameters: the names of its parameters, if it is a function or a class; None for any other value.
    text: a part that its source must contain, if the patches rely on a statement in it.
    """

    name: str
    why: str
    action: str
    parameters: str | None = None
    text: str = ""

    def problem(self) -> str | None:
        """How the installed library differs, in one sentence; None if it is as expected."""
        try:
            found = _resolve(self.name)
        except (ImportError, AttributeError):
            return f"{self.name} is missing"
        if self.parameters is not None and (actual := _parameters(found)) != self.parameters:
            return f"{self.name} has parameters ({actual}), not ({self.parameters})"
        if self.text and self.text not in inspect.getsource(found):
            return f"{self.name} no longer contains {self.text!r}"
        return None


_CHANGED_SQL = "compare the statement with the constant in the patch and change the constant"
_LOOKUPS = "adapt patches/lookups.py, or do not call use_ducklake_catalogue (38 ms instead of 3 ms a look-up)"
_CATALOGUE = "find the function that now runs at every change of the catalogue; without it, cached answers are wrong"
_APPENDS = "adapt patches/appends.py, or do not call append_by_columns (1.2 s instead of 0.1 s for 4,000 rows)"
_TRANSLATIONS = "adapt patches/translations.py, or do not call cache_translations (two thirds of a small query)"
_OPERATORS = "adapt patches/operators.py; without it, the operands of DIV lose their brackets"
_RERAISE = "adapt patches/reraise.py; without it, RAISE loses the reason of an error"
_RESULTS = "adapt patches/results.py, or do not call its functions (0.2 s more a query)"
_JOBS = "adapt patches/jobs.py, or do not call keep_jobs_in_memory (a quarter more time a query)"
_BILLS = "adapt patches/bills.py, or do not call bill_jobs (then `tipoff cost` shows no queries)"
_BUFFER = "adapt buffer.py and references.py: rows must be in their tables before a request reads them"
_SERVER = "adapt child.py to the way in which the library's own command line and pytest plugin start it"

PRIVATE_NAMES = (
    # Replaced by patches/lookups.py
    PrivateName("engine.database.objects", "answered from DuckLake's own tables", _LOOKUPS,
                "project_id, dataset_id, table_id"),
    PrivateName("engine.database.fetch", "two of its statements are answered from DuckLake's own tables", _LOOKUPS,
                "sql, params"),
    PrivateName("engine.database._attached", "says which projects are DuckLake catalogues", _LOOKUPS),
    PrivateName("catalog.tables.columns", "asks which columns are required, in a statement that is recognised",
                _CHANGED_SQL, "project_id, dataset_id, table_id", "SELECT column_name FROM duckdb_columns() "),
    # Replaced by patches/catalogue_changes.py
    PrivateName("catalog.metadata.save", "every change by REST calls it", _CATALOGUE, "resource, keys"),
    PrivateName("catalog.metadata.delete", "every deletion by REST calls it", _CATALOGUE, "model, keys"),
    PrivateName("jobs.query._run", "every DDL statement passes through it", _CATALOGUE,
                "cur, tree, context, destination, config, dry_run, isolated"),
    PrivateName("jobs.query.DDL", "the kinds of statements that change the catalogue", _CATALOGUE),
    # Replaced by patches/appends.py
    PrivateName("grpc.write._decoder", "replaced, so that Arrow rows stay Arrow", _APPENDS, "request"),
    PrivateName("grpc.write._insert", "replaced, so that rows go to the buffer", _APPENDS, "stream, rows"),
    PrivateName("grpc.write.tables", "its `columns` and `load` are cached", _APPENDS),
    PrivateName("grpc.write.Stream", "names the table of a stream", _APPENDS,
                "name, table, type, created, rows, count, flushed, finalized, committed"),
    PrivateName("catalog.tables.load", "raises the library's own error for a table that is not there", _APPENDS,
                "project_id, dataset_id, table_id"),
    PrivateName("errors.BigQueryError", "the library's refusal", _APPENDS, "reason, message, location"),
    PrivateName("models.TableFieldSchema", "a column as the library describes it", _APPENDS),
    # Replaced by patches/translations.py
    PrivateName("sql.rules.tables.database", "its `objects` is cached", _TRANSLATIONS),
    PrivateName("sql.rules.typing.tables", "its `columns` is cached", _TRANSLATIONS),
    PrivateName("sql.rules.partitions._hidden", "cached by the table's name", _TRANSLATIONS, "table",
                "SELECT 1 FROM duckdb_columns() "),
    PrivateName("sql.script.parse", "cached by text", _TRANSLATIONS, "sql"),
    PrivateName("sql.script.parse_script", "cached by text", _TRANSLATIONS, "sql"),
    PrivateName("sql.script.Interpreter.evaluate", "translates each expression once", _TRANSLATIONS, "self, sql"),
    PrivateName("sql.script.Interpreter.expression", "parses an expression", _TRANSLATIONS, "self, sql"),
    PrivateName("sql.script._select", "makes an expression a statement", _TRANSLATIONS, "value"),
    PrivateName("sql.script.translate", "translates an expression", _TRANSLATIONS, "tree, context"),
    PrivateName("jobs.query.translate", "cached by text and context", _TRANSLATIONS, "tree, context"),
    PrivateName("jobs.query.execute", "asks for temporary tables in a statement that is recognised",
                _CHANGED_SQL, "cur, project_id, job_id, config, dry_run, session",
                "SELECT table_name FROM duckdb_tables() WHERE temporary"),
    PrivateName("sql.translate.Context", "all that a translation depends on beside its text", _TRANSLATIONS,
                "project_id, dataset_id, parameters, values, temporary, functions, variables, system, settings, "
                "attach_postgres, used, referenced, position"),
    # Replaced by patches/operators.py
    PrivateName("sql.dialect.DuckDBDialect", "its generator writes DuckDB's text", _OPERATORS),
    PrivateName("sql.dialect.DuckDBDialect.generator_class", "replaced by a generator that adds brackets", _OPERATORS),
    # Replaced by patches/reraise.py
    PrivateName("sql.script.Interpreter.raise_error", "raises the caught error again", _RERAISE, "self, statement"),
    PrivateName("sql.script.Interpreter.block", "runs a handler inside its `except`", _RERAISE, "self, statement",
                "except Exception as exception"),
    PrivateName("sql.script.Statement", "a parsed statement", _RERAISE),
    # Replaced by patches/results.py
    PrivateName("catalog.tables.database", "its `objects` and `fetch` know the tables of results", _RESULTS),
    PrivateName("catalog.tables.RESULTS", "the dataset of results", _RESULTS),
    PrivateName("jobs.query._write", "asks for the columns of a result without running its query", _RESULTS,
                "cur, sql, bound, destination, config, isolated"),
    # Replaced by patches/jobs.py
    PrivateName("jobs.store.save", "kept in memory", _JOBS, "job"),
    PrivateName("jobs.store.load", "kept in memory", _JOBS, "project_id, job_id"),
    PrivateName("jobs.store.list_", "kept in memory", _JOBS,
                "project_id, states, parent_job_id, min_creation_time, max_creation_time"),
    PrivateName("jobs.store.delete", "kept in memory", _JOBS, "project_id, job_id"),
    PrivateName("models.Job", "a job as the library describes it", _JOBS),
    # Replaced by patches/bills.py; used by billing.py
    PrivateName("jobs.runner._query", "runs a query job", _BILLS, "job, session, running"),
    PrivateName("jobs.query._statement", "runs a statement", _BILLS,
                "cur, tree, context, destination, config, dry_run, isolated"),
    PrivateName("models.JobStatistics2", "the statistics of a query", _BILLS),
    PrivateName("catalog.tables.exists", "whether a table or view exists", _BILLS,
                "project_id, dataset_id, table_id"),
    PrivateName("sql.translate.parse", "parses the definition of a view", _BILLS, "sql"),
    PrivateName("sql.translate.translate", "counts the rows of some partitions", _BILLS, "tree, context"),
    PrivateName("engine.database.cursor", "counts the rows of some partitions", _BILLS, ""),
    PrivateName("catalog.routines.load", "the definition of a table function", _BILLS,
                "project_id, dataset_id, routine_id"),
    # Used by buffer.py and references.py
    PrivateName("catalog.tabledata.name", "a table's name in DuckDB", _BUFFER, "project_id, dataset_id, table_id"),
    PrivateName("engine.database.connection", "the library's connection to DuckDB", _BUFFER, ""),
    PrivateName("engine.database.quote", "quotes a name", _BUFFER, "parts"),
    PrivateName("engine.database.RESOURCES", "routines and access policies lie in tables of these names", _BUFFER),
    # Used by child.py
    PrivateName("app.add_middleware", "adds the step that puts buffered rows into their tables", _SERVER),
    PrivateName("app.add_api_route", "adds the path that says which process answers", _SERVER),
    PrivateName("grpc.server.SERVICES", "the methods of the Storage API", _SERVER),
    PrivateName("settings.settings", "host, data folder and default project", _SERVER),
    PrivateName("engine.database.execute", "sets DuckDB's number of threads", _SERVER, "sql, params"),
)  # fmt: skip


def check(names: Sequence[PrivateName] = PRIVATE_NAMES) -> None:
    """Compare the installed library with the table.

    Raises:
        PrivateNamesChanged: at least one name differs; the message lists each difference and what to do.
    """
    lines = list(_problems(names))
    if lines:
        head = f"{LIBRARY} {version(LIBRARY)} is not the release that tipoff_local/bigquery/patches were written for:"
        raise PrivateNamesChanged("\n  ".join([head, *lines]))


def _problems(names: Sequence[PrivateName]) -> Iterator[str]:
    for name in names:
        problem = name.problem()
        if problem is not None:
            yield f"local_bigquery.{problem} (used for: {name.why}; {name.action})"


def _resolve(name: str) -> Any:
    """The value of a dotted name: as many of its parts as are modules, the rest attributes.

    Raises:
        ImportError: no such module.
        AttributeError: no such attribute.
    """
    parts = name.split(".")
    value: Any = importlib.import_module("local_bigquery")
    path = "local_bigquery"
    for part in parts:
        path = f"{path}.{part}"
        if not hasattr(value, part) and inspect.ismodule(value):
            importlib.import_module(path)
        value = getattr(value, part)
    return value


def _parameters(value: Any) -> str:
    return ", ".join(inspect.signature(value).parameters) if callable(value) else "not callable"
