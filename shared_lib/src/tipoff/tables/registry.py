"""Reads the table folders into typed values, once per process."""

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

# Many requests start at once in a fresh instance. The first reads the folders; the others wait for it.
_reading = Lock()


class Column(msgspec.Struct, frozen=True):
    """One field as BigQuery's schema JSON states it; `fields` for STRUCTs only."""

    name: str
    type: str
    mode: str = "NULLABLE"
    description: str = ""
    fields: tuple["Column", ...] = ()


class Argument(msgspec.Struct, frozen=True):
    """An argument of a table function: GoogleSQL name and type."""

    name: str
    type: str


class TableYaml(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `table.yaml` may say; an unknown key is an error.

    `processor` is the name under which the handoff's calls select the table; helpers between such tables have none.
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
    available_from: dict[str, date] = {}
    volatile: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    processor: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Table:
    """A table folder; there is one object per folder, so it is compared by identity.

    Attributes:
        dataset, name: the folder's place; `full_name` joins them as GoogleSQL does.
        spec: the contents of `table.yaml`.
        columns: the contents of `schema.json` (empty for views and table functions that state none).
        folder: where the SQL files are.
    """

    dataset: str
    name: str
    spec: TableYaml
    columns: tuple[Column, ...]
    folder: Path

    @property
    def full_name(self) -> str:
        """`dataset.table`, the form every SQL file uses."""
        return f"{self.dataset}.{self.name}"

    @property
    def kind(self) -> Kind:
        """What the folder describes."""
        return self.spec.kind

    @property
    def column_names(self) -> tuple[str, ...]:
        """Column names in schema order."""
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
    # The C parser takes a tenth of the time, and a cold start reads every folder.
    spec = msgspec.convert(yaml.load((folder / "table.yaml").read_bytes(), Loader=yaml.CSafeLoader), TableYaml)
    schema = folder / "schema.json"
    columns = msgspec.json.decode(schema.read_bytes(), type=tuple[Column, ...]) if schema.is_file() else ()
    return Table(folder.parent.name, folder.name, spec, columns, folder)


def read_tables(root: Path) -> tuple[Table, ...]:
    """Every table folder below `root`, ordered by dataset and name."""
    return tuple(_read(path.parent) for path in sorted(root.glob("*/*/table.yaml")))


def all_tables() -> tuple[Table, ...]:
    """Every table folder, ordered by dataset and name; read once per process.

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
    """The landing table called `name` (the view over it has the same name; see `get`).

    Raises:
        ConfigInvalid: there is no such folder.
    """
    return _find(_by_name()[1], name)


def _find(tables: dict[str, Table], name: str) -> Table:
    if name not in tables:
        raise ConfigInvalid("no_such_table", f"no table folder is called {name}")
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
