"""A warehouse with every table folder created and landing rows put in, for tests of what derived tables may know."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from tests.support.table_digest import TableDigest, digest_query, digest_rows

from tipoff.sources import read
from tipoff.tables import Table, all_tables, get, landing, lineage_order
from tipoff.tables.rebuild import rebuild_script
from tipoff_local.bigquery import Warehouse
from tipoff_ops.build import find_project
from tipoff_ops.local.project import PROJECT_ID
from tipoff_ops.local.templates import create_empty_warehouse

AS_OF = datetime(2035, 1, 1, tzinfo=UTC)
INGESTED = datetime(2035, 1, 1, tzinfo=UTC)
LEAD_MINUTES = 30

type Rows = dict[str, list[dict[str, Any]]]


def landed(documents: Iterable[tuple[str, bytes]]) -> Rows:
    """Landing rows per table of documents given as (object name, body), bookkeeping columns included."""
    rows: Rows = defaultdict(list)
    for generation, (name, body) in enumerate(documents, start=1):
        parsed = read(name, body, None)
        assert parsed.observed_at is not None or not parsed.tables, name
        kept = {
            "source_object": name, "source_generation": generation, "parse_seq": parsed.parse_seq,
            "observed_at": parsed.observed_at, "ingested_at": INGESTED,
        }  # fmt: skip
        for part in parsed.tables:
            rows[part.table].extend(msgspec.to_builtins(kept) | msgspec.to_builtins(row) for row in part.rows)
    return rows


LAST = ("ml_feature_store_v2", "player_daily_cache", "slate_coverage")


def lineage() -> list[Table]:
    """The tables that are built for a date before its games, and all they are built from, inputs first."""
    by_full_name = {table.full_name: table for table in all_tables()}
    wanted: set[str] = set()
    queue = [get(name).full_name for name in LAST]
    while queue:
        name = queue.pop()
        if name not in wanted:
            wanted.add(name)
            queue.extend(by_full_name[name].spec.inputs)
    return [table for table in lineage_order() if table.full_name in wanted]


def derived_tables() -> list[Table]:
    """The derived ones of the lineage, inputs first."""
    return [table for table in lineage() if table.kind == "derived"]


FACTS = ("player_game_summary_history", "team_game_history")


def windows() -> list[Table]:
    """The derived tables that are functions of a cutoff."""
    return [table for table in derived_tables() if table.name not in FACTS]


@dataclass
class Built:
    """A started warehouse under `folder`, which must not exist yet; `threads` of DuckDB as its class has them."""

    folder: Path
    threads: int = 0
    _warehouse: Warehouse | None = None
    _client: bigquery.Client | None = field(default=None, repr=False)

    def start(self) -> None:
        # The template of every mesh of this checkout: whoever asks first makes it, for all workers.
        create_empty_warehouse(self.folder, find_project().root / ".tipoff" / "templates", PROJECT_ID)
        self._warehouse = Warehouse(self.folder, PROJECT_ID, threads=self.threads)
        self._warehouse.start()
        options = {"api_endpoint": self._warehouse.rest_url}
        self._client = bigquery.Client(PROJECT_ID, AnonymousCredentials(), client_options=options)

    def stop(self) -> None:
        assert self._warehouse is not None
        self._warehouse.stop()

    def run(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        assert self._client is not None
        kinds = {date: "DATE", datetime: "TIMESTAMP", int: "INT64", str: "STRING"}
        config = bigquery.QueryJobConfig(
            query_parameters=[bigquery.ScalarQueryParameter(k, kinds[type(v)], v) for k, v in parameters.items()]
        )
        return [dict(row) for row in self._client.query(sql, config).result()]

    def land(self, rows: Rows) -> None:
        """Append landing rows."""
        assert self._client is not None
        used = {table.full_name for table in lineage()}
        for name, found in rows.items():
            if landing(name).full_name not in used:
                continue
            config = bigquery.LoadJobConfig(schema=self._client.get_table(landing(name).full_name).schema)
            self._client.load_table_from_json(found, landing(name).full_name, job_config=config).result()

    def replace(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Make these rows the whole of a table."""
        assert self._client is not None
        self.run(f"DELETE FROM {table.full_name} WHERE TRUE")
        config = bigquery.LoadJobConfig(schema=self._client.get_table(table.full_name).schema)
        self._client.load_table_from_json(rows, table.full_name, job_config=config).result()

    def clear_landing(self) -> None:
        landings = [table for table in lineage() if table.kind == "landing"]
        self.run(";\n".join(f"DELETE FROM {table.full_name} WHERE TRUE" for table in landings))

    def rebuild(
        self,
        tables: Iterable[Table],
        start: date,
        end: date,
        *,
        as_of: datetime = AS_OF,
        sql: Any = None,
        lead_minutes: int = LEAD_MINUTES,
    ) -> None:
        """Run the tables' rebuild scripts over the dates; `sql` may rewrite a script (to plant a leak)."""
        for table in tables:
            script = rebuild_script(table)
            script = sql(table, script) if sql else script
            self.run(script, start_date=start, end_date=end, as_of=as_of, lead_minutes=lead_minutes)

    def digests(self, tables: Iterable[Table], start: date, end: date) -> dict[str, TableDigest]:
        found = {}
        for table in tables:
            rows = self.run(digest_query(table), start_date=start, end_date=end)
            found[table.name] = digest_rows(table, rows)
        return found
