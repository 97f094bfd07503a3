"""Composes the folders of nba_raw that follow from a landing table's `scope`, `key` and columns.

Each landing table T gets three: the view T (the newest document of each scope, for people), the view T_history (every
document with the interval in which it was the newest, for steps) and the table function T_asof(as_of). A `view.yaml` in
the folder of T names the columns that the views add. This module writes no files.
"""

# ruff: noqa: S608 - the SQL is composed from names of our own folders, never from input

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from tipoff.tables.registry import Column, Table

RAW = "nba_raw"
BOOKKEEPING = ("source_object", "source_generation", "parse_seq", "observed_at", "ingested_at")
DOCUMENT = ("observed_at", "source_object", "source_generation", "parse_seq")
FAR_FUTURE = "TIMESTAMP '9999-12-31 00:00:00+00'"
KNOWN = (
    Column("known_from_at", "TIMESTAMP", "REQUIRED", "observed_at (UTC) of the row's document"),
    Column("known_to_at", "TIMESTAMP", "REQUIRED", "observed_at (UTC) of the next document; 9999-12-31 if newest"),
)
_NOTE = "-- Composed by tipoff_ops.build.raw_tables.views (make build) from nba_landing.{name}."


class AddedColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column that the views add.

    Attributes:
        name, type, description: as in schema.json; the mode is NULLABLE.
        expression: GoogleSQL over `d` (the row of the document), `g` (join `game`) and `p` (join `player`).
    """

    name: str
    type: str
    expression: str
    description: str

    @property
    def column(self) -> Column:
        """Its entry in schema.json."""
        return Column(self.name, self.type, "NULLABLE", self.description)


class ViewYaml(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of a landing table's `view.yaml`: what its views add. An unknown key is an error.

    `joins` adds the columns of those joins; `columns` come after them.
    """

    joins: tuple[Literal["game", "player"], ...] = ()
    columns: tuple[AddedColumn, ...] = ()


@dataclass(frozen=True)
class Join:
    """A join that views can have.

    Attributes:
        sql: a LEFT JOIN clause that keeps one row per document row.
        input: the table that it reads.
        columns: what every view with this join adds.
    """

    sql: str
    input: str
    columns: tuple[AddedColumn, ...] = ()


# After a game has tipped off, a date after its own means the next meeting of the teams (play-in). The condition has no
# OR: with one, the local warehouse compared every quote with every game.
_GAME = Join(
    """\
LEFT JOIN nba_raw.game_date_matches AS g
  ON g.home_team_abbr = d.home_team_abbr AND g.away_team_abbr = d.away_team_abbr AND g.quoted_date = d.game_date
  AND d.observed_at < g.quoted_before""",
    "nba_raw.game_date_matches",
    (
        AddedColumn(
            "nba_game_id", "STRING", "g.nba_game_id", "NBA game id of the nearest game of these teams within 3 days"
        ),
        AddedColumn("platform_game_id", "STRING", "g.game_id", "Platform id YYYYMMDD_AWAY_HOME of that game"),
        AddedColumn("tipoff_at", "TIMESTAMP", "g.tipoff_at", "Tip-off of record (UTC) of that game"),
    ),
)
_PLAYER = Join(
    "LEFT JOIN nba_raw.players AS p ON p.player_lookup = d.player_lookup AND p.is_primary", "nba_raw.players"
)
_JOINS: Mapping[str, Join] = {"game": _GAME, "player": _PLAYER}


@dataclass(frozen=True)
class Additions:
    """What the views of one landing table add to its columns, and the joins that this takes."""

    columns: tuple[AddedColumn, ...]
    joins: tuple[Join, ...]

    @property
    def joins_sql(self) -> str:
        """The LEFT JOIN clauses."""
        return "\n".join(join.sql for join in self.joins)


def additions(landing: Table) -> Additions:
    """What the `view.yaml` of a landing table's folder asks for; nothing if there is no such file."""
    file = landing.folder / "view.yaml"
    found = msgspec.yaml.decode(file.read_bytes(), type=ViewYaml) if file.is_file() else ViewYaml()
    joins = tuple(_JOINS[name] for name in found.joins)
    return Additions((*(column for join in joins for column in join.columns), *found.columns), joins)


@dataclass(frozen=True)
class Folder:
    """A composed table folder; `files` maps a file name to its text."""

    name: str
    files: Mapping[str, str]


def compose(landing: Table) -> Iterator[Folder]:
    """The three folders over `landing`."""
    added = additions(landing)
    yield _folder(landing, added, "", "view", "view.sql", _newest_sql(landing, added))
    yield _folder(landing, added, "_history", "view", "view.sql", _history_sql(landing, added))
    yield _folder(landing, added, "_asof", "table_function", "function.sql", _asof_sql(landing))


def _document_order(direction: str = "") -> str:
    return ", ".join(f"{name}{direction}" for name in DOCUMENT)


def _partition_filter(landing: Table) -> str:
    """A filter for every partition: BigQuery refuses to read a landing table without one. Readers add their own."""
    return f"{landing.spec.partition} >= DATE '2000-01-01'" if landing.spec.require_partition_filter else "TRUE"


def _repeat_number(landing: Table) -> str:
    identity = ", ".join(dict.fromkeys((*landing.spec.scope, *DOCUMENT, *landing.spec.key)))
    return f"ROW_NUMBER() OVER (PARTITION BY {identity} ORDER BY ingested_at)"


def _select(landing: Table, added: Additions, more: Sequence[str]) -> str:
    names = [f"d.{name}" for name in landing.column_names]
    names += [f"{column.expression} AS {column.name}" for column in added.columns]
    return ",\n  ".join([*names, *more])


def _sql(landing: Table, source: str, added: Additions, more: Sequence[str], where: str = "") -> str:
    """A view over the rows `d` of `source`, a WITH clause."""
    lines = (
        _NOTE.format(name=landing.name),
        source,
        "SELECT",
        f"  {_select(landing, added, more)}",
        "FROM d",
        added.joins_sql,
        where,
    )
    return "\n".join(line for line in lines if line) + "\n"


def _newest_sql(landing: Table, added: Additions) -> str:
    if landing.spec.whole_if or landing.spec.least_share:
        return _sql(landing, _history_source(landing), added, (), f"WHERE d.known_to_at = {FAR_FUTURE}")
    scope = ", ".join(landing.spec.scope)
    source = f"""\
WITH d AS (
  SELECT * FROM {landing.full_name}
  WHERE {_partition_filter(landing)}
  QUALIFY
    DENSE_RANK() OVER (PARTITION BY {scope} ORDER BY {_document_order(" DESC")}) = 1
    AND {_repeat_number(landing)} = 1
)"""
    return _sql(landing, source, added, ())


def _history_sql(landing: Table, added: Additions) -> str:
    return _sql(landing, _history_source(landing), added, ("d.observed_at AS known_from_at", "d.known_to_at"))


def _history_source(landing: Table) -> str:
    """The WITH clause of the rows `d`: every row once, and when the next document ended it (`known_to_at`)."""
    spec = landing.spec
    scope, document = ", ".join(spec.scope), ", ".join((*spec.scope, *DOCUMENT))
    columns = [f"DENSE_RANK() OVER (PARTITION BY {scope} ORDER BY {_document_order()}) AS document_number"]
    kept = [f"{_repeat_number(landing)} = 1"]
    if spec.whole_if:
        columns.append(f"MAX(IF({spec.whole_if}, observed_at, NULL)) OVER (PARTITION BY {document}) AS whole_at")
        # A new parser may read a document in part that an old one took for whole.
        name = ", ".join((*spec.scope, "source_object", "source_generation"))
        kept.append(f"parse_seq = MAX(parse_seq) OVER (PARTITION BY {name})")
    columns_text = ",\n    ".join(columns)
    return f"""\
WITH numbered AS (
  SELECT
    *,
    {columns_text}
  FROM {landing.full_name}
  WHERE {_partition_filter(landing)}
  QUALIFY {" AND ".join(kept)}
),{_long_enough(landing)}
d AS (
  SELECT *, {_known_to(landing)} AS known_to_at FROM {"long_enough" if spec.least_share else "numbered"}
)"""


def _long_enough(landing: Table) -> str:
    """The rows of documents that are not cut short."""
    spec = landing.spec
    if not spec.least_share:
        return ""
    scope, document = ", ".join(spec.scope), ", ".join((*spec.scope, *DOCUMENT))
    before = "ORDER BY document_number RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    return f"""
counted AS (
  SELECT *, COUNT(*) OVER (PARTITION BY {document}) AS row_count FROM numbered
),
long_enough AS (
  SELECT * FROM counted
  WHERE TRUE
  QUALIFY row_count >= {spec.least_share} * COALESCE(MAX(row_count) OVER (PARTITION BY {scope} {before}), 0)
),"""


def _known_to(landing: Table) -> str:
    """When a later document ended the row: any of its scope, or, if documents are read in part, a whole one or one
    with a row of the same entity."""
    spec = landing.spec
    if not spec.whole_if:
        return f"COALESCE({_next('observed_at', spec.scope)}, {FAR_FUTURE})"
    whole, same = _next("whole_at", spec.scope), _next("observed_at", (*spec.scope, *spec.entity))
    return f"LEAST(COALESCE({whole}, {FAR_FUTURE}), COALESCE({same}, {FAR_FUTURE}))"


def _next(column: str, partition: Sequence[str]) -> str:
    """The least value of a column among the documents after the row's."""
    window = f"PARTITION BY {', '.join(partition)} ORDER BY document_number"
    return f"MIN({column}) OVER ({window} RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)"


def _asof_sql(landing: Table) -> str:
    """Reads the history view, not the landing table: an authorised dataset authorises views only. So a caller of the
    function needs access to nba_raw and to nothing below it."""
    names = ",\n  ".join(f"h.{column.name}" for column in newest_columns(landing))
    return (
        f"{_NOTE.format(name=landing.name)}\nSELECT\n  {names}\nFROM {RAW}.{landing.name}_history AS h\n"
        "WHERE h.known_from_at < as_of AND as_of <= h.known_to_at\n"
    )


def newest_columns(landing: Table) -> tuple[Column, ...]:
    """Columns of the view over `landing`: those of the table, then those that the view adds."""
    return (*landing.columns, *(column.column for column in additions(landing).columns))


def _folder(landing: Table, added: Additions, suffix: str, kind: str, file: str, sql: str) -> Folder:
    columns = list(newest_columns(landing))
    if suffix == "_history":
        columns += KNOWN
    files = {"schema.json": schema_text(columns), "table.yaml": _yaml(landing, added, suffix, kind), file: sql}
    return Folder(f"{landing.name}{suffix}", files)


def schema_text(columns: Sequence[Column]) -> str:
    """The schema.json of the columns, one on each line."""
    lines = ",\n".join(f"  {json.dumps(_column(column), ensure_ascii=False)}" for column in columns)
    return f"[\n{lines}\n]\n"


def _column(column: Column) -> dict[str, object]:
    field: dict[str, object] = {"name": column.name, "type": column.type, "mode": column.mode}
    field["description"] = column.description
    if column.fields:
        field["fields"] = [_column(each) for each in column.fields]
    return field


_DESCRIPTIONS = {
    "": ("Newest document per scope of {0}, for people and verification; steps read {1}_history.", ""),
    "_history": ("Every document of {0} with the interval in which it was its scope's newest.", ", known_from_at"),
    "_asof": ("The documents of {0} that were newest at an instant: observed_at < as_of.", ""),
}


def _yaml(landing: Table, added: Additions, suffix: str, kind: str) -> str:
    description, known = _DESCRIPTIONS[suffix]
    inputs = (
        (f"{RAW}.{landing.name}_history",)
        if suffix == "_asof"
        else (landing.full_name, *(join.input for join in added.joins))
    )
    key = ", ".join(landing.spec.key) + known
    lines = [
        f"kind: {kind}",
        f'description: "{description.format(landing.full_name, landing.name)}"',
        f"grain: {json.dumps(landing.spec.grain, ensure_ascii=False)}",
        f"key: [{key}]",
        f"partition: {landing.spec.partition}",
        f"inputs: [{', '.join(inputs)}]",
        f"owner: {landing.spec.owner}",
        f"freshness: {json.dumps(landing.spec.freshness)}",
        "volatile: [ingested_at]",
    ]
    if suffix == "_asof":
        lines.append("arguments: [{name: as_of, type: TIMESTAMP}]")
    return "\n".join(lines) + "\n"
