"""Clears the catalogue cache at every change of the catalogue, by REST or by DDL."""

from typing import Any

from local_bigquery.catalog import metadata
from local_bigquery.jobs import query
from sqlglot import exp

from tipoff_local.bigquery.catalogue import CatalogueCache, Function

_CHANGES_CATALOGUE = (*query.DDL, exp.Command)


def clear_at_changes(cache: CatalogueCache) -> None:
    """Replace the functions that change the catalogue in this process: REST saves or deletes metadata, DDL is run."""
    metadata.save = _clearing(cache, metadata.save)
    metadata.delete = _clearing(cache, metadata.delete)
    plain, clearing = query._run, _clearing(cache, query._run)

    def run(cursor: Any, tree: exp.Expr, *rest: Any) -> Any:
        return (clearing if isinstance(tree, _CHANGES_CATALOGUE) else plain)(cursor, tree, *rest)

    query._run = run


def _clearing(cache: CatalogueCache, function: Function) -> Function:
    def clearing(*arguments: Any) -> Any:
        cache.clear()
        try:
            return function(*arguments)
        finally:
            cache.clear()

    return clearing
