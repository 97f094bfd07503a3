"""Composes `dist/tables`: the table folders of the sources, and the folders and files that follow from them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tipoff.tables.features import FEATURE_TABLE, FEATURES_FILE, read_features
from tipoff.tables.location import SOURCES_FILE, digest_of, source_files
from tipoff.tables.registry import Table, read_tables
from tipoff_ops.build.feature_query import compose_query
from tipoff_ops.build.folders import write_folder
from tipoff_ops.build.imports import closure, module_file
from tipoff_ops.build.project import Project
from tipoff_ops.build.raw_tables.folders import composed_folders
from tipoff_ops.build.raw_tables.views import RAW


def write_tables(project: Project) -> None:
    """Bring `dist/tables` up to date. Only files that change are written.

    Raises:
        ValueError: a composed file is also among the sources.
    """
    sources = msgspec.json.format(msgspec.json.encode(_source_digests(project))) + b"\n"
    # The digests come last: readers trust the folder only while they agree with the sources.
    write_folder(project.dist / "tables", {**table_files(project), SOURCES_FILE: sources})


def table_files(project: Project) -> dict[str, bytes]:
    """`<dataset>/<table>/<file>` -> content, of every table folder."""
    package = project.table_sources
    files = {path.relative_to(package).as_posix(): path.read_bytes() for path in source_files(package)}
    for name, text in _composed(read_tables(package)):
        if name in files:
            raise ValueError(f"{name} is composed by the build: remove it from {package}")
        files[name] = text.encode()
    return files


def _composed(tables: tuple[Table, ...]) -> Iterator[tuple[str, str]]:
    for folder in composed_folders(tables):
        for file, text in folder.files.items():
            yield f"{RAW}/{folder.name}/{file}", text
    [store] = [table for table in tables if table.name == FEATURE_TABLE]
    features = read_features((store.folder / FEATURES_FILE).read_bytes())
    yield f"{store.dataset}/{store.name}/query.sql", compose_query(store.sql("inputs.sql"), features)


def _source_digests(project: Project) -> dict[str, str]:
    """Path in the checkout -> sha256, of the table folders and of the code that composes."""
    reached = closure(project.source, Path(__file__), frozenset(sys.stdlib_module_names)).modules | {__name__}
    code = [path for name in reached if (path := module_file(project.source, name)) is not None]
    sources = sorted([*source_files(project.table_sources), *code])
    return {path.relative_to(project.root).as_posix(): digest_of(path) for path in sources}
