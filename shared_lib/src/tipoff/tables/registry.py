"""Reads the table folders, once per process."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from threading import Lock
from typing import Literal

import msgspec
import yaml

from tipoff.core.errors import ConfigInvalid
from tipoff.tables.location import composed_root

type Kind = Literal["landing", "log", "derived", "view", "table_function"]

# A new instance gets many requests at once. The first reads the folders; the others wait.
_reading = Lock()


class Column(msgspec.Struct, frozen=True):
    """One column of a BigQuery schema. Only a STRUCT has `fields`."""

    name: str
    type: str
    mode: str = "NULLABLE"
    description: str = ""
    fields: tuple["Column", ...] = ()


class Argument(msgspec.Struct, frozen=True):
    """An argument of a table function, with its GoogleSQL type."""

    name: str
    type: str


class TableYaml(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of `table.yaml`. An unknown key is an error.

    `processor` is the name by which calls of `/process-date-range` select the table. Helper tables have none.
    `whole_if` and `entity` are for documents that may be read in part: a document ends what earlier documents of its
    scope said only if one of its rows meets `whole_if` (GoogleSQL); otherwise its rows end only those with the same
    `entity` columns. `least_share`: a document with a smaller share of the rows of an earlier document of its scope is
    cut short, and is not read.
    `rows_from` names the landing tables without which a date has no row.
    """

    kind: Kind
    description: str
    grain: str
    key: tuple[str, ...] = ()
    partition: str | None = None
    cluster: tuple[str, ...] = ()
    require_partition_filter: bool = False
    inputs: tuple[str, ...] = ()
    owner: str = ""
    freshness: str = ""
    scope: tuple[str, ...] = ()
    whole_if: str = ""
    entity: tuple[str, ...] = ()
    least_share: float = 0.0
    available_from: dict[str, date] = {}
    volatile: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    processor: str = ""
    tags: tuple[str, ...] = ()
    rows_from: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Table:
    """A table folder. There is one object per folder, so it is compared by identity.

    Attributes:
        dataset, name: from the path of the folder.
        spec: the contents of `table.yaml`.
        columns: the contents of `schema.json`; empty if there is none.
        folder: the folder of the SQL files.
    """

    dataset: str
    name: str
    spec: TableYaml
    columns: tuple[Column, ...]
    folder: Path

    @property
    def full_name(self) -> str:
        """`dataset.table`, as in SQL."""
        return f"{self.dataset}.{self.name}"

    @property
    def kind(self) -> Kind:
        """The kind of the table."""
        return self.spec.kind

    @property
    def column_names(self) -> tuple[str, ...]:
        """Column names in the order of the schema."""
        return tuple(column.name for column in self.columns)

    def sql(self, file: str) -> str:
        """The text of one SQL file of the folder (`query.sql`, `checks.sql`, `view.sql`, `function.sql`).

        Raises:
            ConfigInvalid: the folder has no such file.
        """
        path = self.folder / file
        if not path.is_file():
            raise ConfigInvalid("no_such_sql", f"{self.full_name} has no {file}")
        return path.read_text(encoding="utf-8")


def _read(folder: Path) -> Table:
    # The C parser takes a tenth of the time. A cold start reads all folders.
    spec = msgspec.convert(yaml.load((folder / "table.yaml").read_bytes(), Loader=yaml.CSafeLoader), TableYaml)
    schema = folder / "schema.json"
    columns = msgspec.json.decode(schema.read_bytes(), type=tuple[Column, ...]) if schema.is_file() else ()
    return Table(folder.parent.name, folder.name, spec, columns, folder)


def read_tables(root: Path) -> tuple[Table, ...]:
    """All table folders below `root`, ordered by dataset and name."""
    return tuple(_read(path.parent) for path in sorted(root.glob("*/*/table.yaml")))


def all_tables() -> tuple[Table, ...]:
    """All table folders, ordered by dataset and name.

    Raises:
        ConfigInvalid: in a checkout whose `dist/tables` is missing or stale.
    """
    with _reading:
        return _all_tables()


@cache
def _all_tables() -> tuple[Table, ...]:
    return read_tables(composed_root())


@cache
def _by_name() -> tuple[dict[str, Table], dict[str, Table]]:
    served = {table.name: table for table in all_tables() if table.kind != "landing"}
    return served, {table.name: table for table in all_tables() if table.kind == "landing"}


def get(name: str) -> Table:
    """The derived table, log, view or table function called `name`.

    Raises:
        ConfigInvalid: there is no such folder.
    """
    return _find(_by_name()[0], name)


def landing(name: str) -> Table:
    """The landing table called `name`. The view over it has the same name; see `get`.

    Raises:
        ConfigInvalid: there is no such folder.
    """
    return _find(_by_name()[1], name)


def _find(tables: dict[str, Table], name: str) -> Table:
    if name not in tables:
        raise ConfigInvalid("no_such_table", f"there is no table folder {name}")
    return tables[name]


@cache
def lineage_order() -> tuple[Table, ...]:
    """All tables, inputs before those that read them.

    Raises:
        ConfigInvalid: a `table.yaml` names an input that has no folder.
    """
    by_full_name = {table.full_name: table for table in all_tables()}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for table in by_full_name.values():
        for name in table.spec.inputs:
            if name not in by_full_name:
                raise ConfigInvalid("no_such_input", f"{table.full_name} reads {name}, which has no folder")
        sorter.add(table.full_name, *sorted(table.spec.inputs))
    return tuple(by_full_name[name] for name in sorter.static_order())
