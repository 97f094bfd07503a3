"""Caches the translations of statements until the catalogue changes.

local-bigquery translates each statement of each job, and asks DuckDB's catalogue several times about each table that
the statement names. With our hundred tables, that is two thirds of the time of a small query. A translation depends on
the text, the types of the parameters and the catalogue, but not on values or rows. So it is cached until the catalogue
changes, by DDL or by REST. A translation that depends on more is not cached.
"""

import re
from collections.abc import Callable
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

from tipoff_local.bigquery import translation_file
from tipoff_local.bigquery.catalogue import CatalogueCache
from tipoff_local.bigquery.patches.module_view import ModuleView

PARSED_MAX = 2_000
# These depend on more than the catalogue: listings and wildcards are resolved during the translation, and the values
# of script variables and @@variables become a part of it.
_CHANGEABLE = re.compile(r"information_schema|\*`|@@", re.IGNORECASE)
_CACHED_KINDS = (exp.Query, exp.Insert, exp.Delete)
TEXT_OF_STATEMENT = "text_of_statement"

type Key = tuple[str, str, str | None, tuple[tuple[str, str], ...], frozenset[str]]
type Translated = tuple[str, dict[str, Any]]
type Translate = Callable[[exp.Expr, Context], Translated]


@dataclass(frozen=True)
class Translation:
    """A translation: DuckDB's text, the parameters that it uses, and the tables that it names."""

    sql: str
    used: frozenset[str]
    referenced: frozenset[tuple[str, str, str]]

    @classmethod
    def of(cls, context: Context, translate: Callable[[], Translated]) -> "Translation":
        before = set(context.referenced)
        sql, bound = translate()
        return cls(sql, frozenset(bound), frozenset(context.referenced - before))


class _TranslationCache:
    """Cached translations, by text and context."""

    def __init__(self, cache: CatalogueCache) -> None:
        self._cache = cache

    def get(self, text: str, context: Context, translate: Callable[[], Translated]) -> Translated:
        """The cached translation of `text`, or the result of `translate`."""
        if context.variables or context.functions or context.settings or _CHANGEABLE.search(text):
            return translate()
        kept: Translation = self._cache.get(_key(text, context), lambda: Translation.of(context, translate))
        context.referenced |= kept.referenced
        return kept.sql, {name: context.values[name] for name in kept.used}


def _key(text: str, context: Context) -> Key:
    parameters = tuple(sorted(context.parameters.items()))
    return text, context.project_id, context.dataset_id, parameters, frozenset(context.temporary)


def cache_translations(cache: CatalogueCache) -> None:
    """Replace local-bigquery's query path in this process."""
    translations = _TranslationCache(cache)
    _cache_lookups(cache)
    _cache_statements(translations)
    _cache_expressions(translations)
    _skip_temporary_tables()


def _cache_lookups(cache: CatalogueCache) -> None:
    rule_tables.database = ModuleView(database, objects=cache.cached(database.objects))
    partitions._hidden = _hidden_by_name(cache, partitions._hidden)
    typing.tables = ModuleView(tables, columns=cache.cached(tables.columns))


def _hidden_by_name(cache: CatalogueCache, hidden: Callable[[exp.Table], bool]) -> Callable[[exp.Table], bool]:
    return lambda table: bool(cache.get(("hidden", table.catalog, table.db, table.name), lambda: hidden(table)))


def _cache_statements(translations: _TranslationCache) -> None:
    parse, translate = script.parse, query.translate

    @lru_cache(PARSED_MAX)
    def parsed(text: str) -> tuple[exp.Expr, ...]:
        trees: list[exp.Expr] = parse(text)
        if len(trees) == 1 and isinstance(trees[0], _CACHED_KINDS):
            trees[0].meta[TEXT_OF_STATEMENT] = text
        return tuple(trees)

    def parse_noting(text: str) -> list[exp.Expr]:
        trees = parsed(text)
        if all(isinstance(tree, _CACHED_KINDS) for tree in trees):
            return list(trees)
        # DDL trees are rewritten in place, so the caller gets a copy of the cached tree.
        return [tree.copy() for tree in trees]

    def translate_once(tree: exp.Expr, context: Context) -> Translated:
        text = tree.meta.get(TEXT_OF_STATEMENT)
        if text is None:
            translated: Translated = translate(tree, context)
            return translated
        return translations.get(text, context, lambda: translate(tree, context))

    script.parse = parse_noting
    script.parse_script = lru_cache(PARSED_MAX)(script.parse_script)
    query.translate = translate_once


def _cache_expressions(translations: _TranslationCache) -> None:
    def evaluate(self: Any, sql: str) -> Any:
        def translate() -> Translated:
            translated: Translated = script.translate(script._select(self.expression(sql)), self.context)
            return translated

        text, bound = translations.get(f"expression {sql}", self.context, translate)
        return self.cursor.sql(text, params=bound).fetchone()[0]

    script.Interpreter.evaluate = evaluate


class _NewConnection:
    """A new connection. It has no temporary tables, so the slow query for them is skipped."""

    _LISTING = "SELECT table_name FROM duckdb_tables() WHERE temporary"
    _NOTHING = "SELECT '' AS table_name WHERE false"

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def sql(self, text: str, **options: Any) -> Any:
        return self._cursor.sql(self._NOTHING if text == self._LISTING else text, **options)


def _skip_temporary_tables() -> None:
    execute = query.execute

    def execute_on(cursor: Any, *arguments: Any, session: Any = None, **options: Any) -> Any:
        return execute(cursor if session else _NewConnection(cursor), *arguments, session=session, **options)

    query.execute = execute_on


class SavedTranslations:
    """Loads the cache from the translation file of a data folder, and removes the file before the catalogue changes."""

    def __init__(self, data: Path, cache: CatalogueCache) -> None:
        self._path = data / translation_file.FILE_NAME
        self._cache = cache
        found = translation_file.read(self._path)
        if found is not None:
            cache.preload({_key_of(entry): _translation(entry) for entry in found.entries})
        cache.before_clear = lambda: self._path.unlink(missing_ok=True)

    def write(self) -> None:
        """Write the cached translations to the file."""
        answers = self._cache.answers().items()
        entries = tuple(_entry(key, found) for key, found in answers if isinstance(found, Translation))
        translation_file.write(
            self._path,
            translation_file.TranslationFile(translation_file.versions(), self._cache.generation == 0, entries),
        )


def _entry(key: Key, kept: Translation) -> translation_file.Entry:
    text, project_id, dataset_id, parameters, temporary = key
    used, referenced = tuple(sorted(kept.used)), tuple(sorted(kept.referenced))
    return translation_file.Entry(
        text, project_id, dataset_id, parameters, tuple(sorted(temporary)), kept.sql, used, referenced
    )


def _key_of(entry: translation_file.Entry) -> Key:
    return entry.text, entry.project_id, entry.dataset_id, entry.parameters, frozenset(entry.temporary)


def _translation(entry: translation_file.Entry) -> Translation:
    return Translation(entry.sql, frozenset(entry.used), frozenset(entry.referenced))
