"""Statements of the local warehouse translated once, as long as its catalogue stays as it is.

local-bigquery translates each statement of each job anew, and asks DuckDB's catalogue about each table that the
statement names, several times: with our hundred tables that is two thirds of a small query's time. The translation
depends on the text, the types of the parameters and the catalogue, not on values or rows. So it is kept until the
catalogue changes (any DDL, any change by REST). What depends on more than that is not kept at all.
"""

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.jobs import query
from local_bigquery.sql import script
from local_bigquery.sql.rules import partitions, typing
from local_bigquery.sql.rules import tables as rule_tables
from local_bigquery.sql.translate import Context
from sqlglot import exp

from tipoff_local.bigquery import keepsake
from tipoff_local.bigquery.catalogue import CatalogueMemory, Shadow
from tipoff_local.bigquery.patches.operators import bracket_operands

PARSED_MAX = 2_000
# Catalogue listings and wildcards are answered at translation; script variables and @@values are written into it.
_CHANGEABLE = re.compile(r"information_schema|\*`|@@", re.IGNORECASE)
_KEPT_KINDS = (exp.Query, exp.Insert, exp.Delete)
_TEXT = "text_of_statement"

type Translated = tuple[str, dict[str, Any]]
type Translate = Callable[[exp.Expr, Context], Translated]


@dataclass(frozen=True)
class Kept:
    """A translation: DuckDB's text, the parameters it uses, the tables it names."""

    sql: str
    used: frozenset[str]
    referenced: frozenset[tuple[str, str, str]]

    @classmethod
    def of(cls, context: Context, translate: Callable[[], Translated]) -> "Kept":
        before = set(context.referenced)
        sql, bound = translate()
        return cls(sql, frozenset(bound), frozenset(context.referenced - before))


class _Translations:
    """Translations by text and context."""

    def __init__(self, memory: CatalogueMemory) -> None:
        self._memory = memory

    def get(self, text: str, context: Context, translate: Callable[[], Translated]) -> Translated:
        """The translation of `text`, which `translate` makes if it is not known."""
        if context.variables or context.functions or context.settings or _CHANGEABLE.search(text):
            return translate()
        kept: Kept = self._memory.answer(_key(text, context), lambda: Kept.of(context, translate))
        context.referenced |= kept.referenced
        return kept.sql, {name: context.values[name] for name in kept.used}


def _key(text: str, context: Context) -> Hashable:
    parameters = tuple(sorted(context.parameters.items()))
    return text, context.project_id, context.dataset_id, parameters, frozenset(context.temporary)


def remember_translations(memory: CatalogueMemory) -> None:
    """Change local-bigquery's query path in this process."""
    kept = _Translations(memory)
    bracket_operands()
    _remember_lookups(memory)
    _remember_statements(kept)
    _remember_expressions(kept)
    _spare_temporary_tables()


def _remember_lookups(memory: CatalogueMemory) -> None:
    rule_tables.database = Shadow(database, objects=memory.remembering(database.objects))
    partitions._hidden = _hidden_by_name(memory, partitions._hidden)
    typing.tables = Shadow(tables, columns=memory.remembering(tables.columns))


def _hidden_by_name(memory: CatalogueMemory, hidden: Callable[[exp.Table], bool]) -> Callable[[exp.Table], bool]:
    return lambda table: bool(memory.answer(("hidden", table.catalog, table.db, table.name), lambda: hidden(table)))


def _remember_statements(kept: _Translations) -> None:
    parse, translate = script.parse, query.translate

    @lru_cache(PARSED_MAX)
    def parsed(text: str) -> tuple[exp.Expr, ...]:
        trees: list[exp.Expr] = parse(text)
        if len(trees) == 1 and isinstance(trees[0], _KEPT_KINDS):
            trees[0].meta[_TEXT] = text
        return tuple(trees)

    def parse_noting(text: str) -> list[exp.Expr]:
        trees = parsed(text)
        if all(isinstance(tree, _KEPT_KINDS) for tree in trees):
            return list(trees)
        # DDL is rewritten in place on its way: what was kept stays as it was read, and a copy is given out.
        return [tree.copy() for tree in trees]

    def translate_once(tree: exp.Expr, context: Context) -> Translated:
        text = tree.meta.get(_TEXT)
        if text is None:
            translated: Translated = translate(tree, context)
            return translated
        return kept.get(text, context, lambda: translate(tree, context))

    script.parse = parse_noting
    script.parse_script = lru_cache(PARSED_MAX)(script.parse_script)
    query.translate = translate_once


def _remember_expressions(kept: _Translations) -> None:
    def evaluate(self: Any, sql: str) -> Any:
        def translate() -> Translated:
            translated: Translated = script.translate(script._select(self.expression(sql)), self.context)
            return translated

        text, bound = kept.get(f"expression {sql}", self.context, translate)
        return self.cursor.sql(text, params=bound).fetchone()[0]

    script.Interpreter.evaluate = evaluate


class _NewConnection:
    """A connection just opened has no temporary tables; asking would walk through the whole catalogue."""

    _LISTING = "SELECT table_name FROM duckdb_tables() WHERE temporary"
    _NOTHING = "SELECT '' AS table_name WHERE false"

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def sql(self, text: str, **options: Any) -> Any:
        return self._cursor.sql(self._NOTHING if text == self._LISTING else text, **options)


def _spare_temporary_tables() -> None:
    execute = query.execute

    def execute_on(cursor: Any, *arguments: Any, session: Any = None, **options: Any) -> Any:
        return execute(cursor if session else _NewConnection(cursor), *arguments, session=session, **options)

    query.execute = execute_on


class Keepsake:
    """The file of one data folder, tied to the memory of its process."""

    def __init__(self, data: Path, memory: CatalogueMemory) -> None:
        self._path = data / keepsake.FILE_NAME
        self._memory = memory
        found = keepsake.read(self._path)
        if found is not None:
            memory.preload({_question(entry): _kept(entry) for entry in found.entries})
        memory.before_change = lambda: self._path.unlink(missing_ok=True)

    def write(self) -> None:
        """Keep what is known now."""
        answers = self._memory.answers().items()
        entries = tuple(_entry(question, kept) for question, kept in answers if isinstance(kept, Kept))
        keepsake.write(self._path, keepsake.KeptFile(keepsake.versions(), self._memory.generation == 0, entries))


def _entry(
    question: tuple[str, str, str | None, tuple[tuple[str, str], ...], frozenset[str]], kept: Kept
) -> keepsake.Entry:
    text, project_id, dataset_id, parameters, temporary = question
    used, referenced = tuple(sorted(kept.used)), tuple(sorted(kept.referenced))
    return keepsake.Entry(
        text, project_id, dataset_id, parameters, tuple(sorted(temporary)), kept.sql, used, referenced
    )


def _question(entry: keepsake.Entry) -> tuple[str, str, str | None, tuple[tuple[str, str], ...], frozenset[str]]:
    return entry.text, entry.project_id, entry.dataset_id, entry.parameters, frozenset(entry.temporary)


def _kept(entry: keepsake.Entry) -> Kept:
    return Kept(entry.sql, frozenset(entry.used), frozenset(entry.referenced))
