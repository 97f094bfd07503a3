"""The warehouse: typed queries, table rebuilds and appends."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from tipoff.cloud.append import Appender
from tipoff.cloud.clients import Endpoints
from tipoff.cloud.clients.bigquery import bigquery_client
from tipoff.cloud.errors import translated
from tipoff.cloud.failpoints import around
from tipoff.cloud.labels import current_labels
from tipoff.cloud.ledger import QuotaLedger
from tipoff.cloud.rows import Part
from tipoff.core.errors import ConfigInvalid, ContractViolation, RequestRefused, TipoffError
from tipoff.tables import Table
from tipoff.tables.rebuild import failed_check, rebuild_script

if TYPE_CHECKING:
    from google.cloud import bigquery

type Scalar = str | int | float | bool | date | datetime | Decimal | None
# Values are Scalars or lists of them. `_parameter` refuses others.
type Parameters = Mapping[str, Any]

BYTES_BILLED_MAX = 20 * 1024**3
_TYPES: dict[type, str] = {
    str: "STRING",
    bool: "BOOL",
    int: "INT64",
    float: "FLOAT64",
    datetime: "TIMESTAMP",
    date: "DATE",
    Decimal: "NUMERIC",
}


@dataclass(frozen=True)
class BuildRange:
    """The parameters of every derived table.

    Attributes:
        start_date, end_date: Eastern game dates, both included.
        as_of: facts observed at or after this instant are not read.
        lead_minutes: time between a prediction and the tip-off.
    """

    start_date: date
    end_date: date
    as_of: datetime
    lead_minutes: int

    def parameters(self) -> dict[str, Scalar]:
        """The four parameters of every `query.sql`."""
        return {
            "start_date": self.start_date,
            "end_date": self.end_date,
            "as_of": self.as_of,
            "lead_minutes": self.lead_minutes,
        }


class Warehouse:
    """BigQuery of one project, limited to the datasets that a function declares.

    Args:
        at: project and endpoints.
        datasets: the datasets in the settings of the function.
    """

    def __init__(self, at: Endpoints, datasets: Sequence[str]) -> None:
        self._client: bigquery.Client = bigquery_client(at)
        self._at = at
        self._datasets = frozenset(datasets)
        self.ledger = QuotaLedger()
        self._appender: Appender | None = None

    def rows[T](self, sql: str, parameters: Parameters, row_type: type[T], rows_max: int | None = None) -> list[T]:
        """Run one SELECT and return its rows (at most `rows_max`) as `row_type` (fields named as the columns).

        Raises:
            TipoffError: the query failed; a row that does not fit `row_type` is a bug and raises as such.
        """
        self.ledger.count_query()
        with translated("query"):
            found = self._client.query_and_wait(sql, job_config=job_config(parameters), max_results=rows_max)
            return [msgspec.convert(dict(row.items()), row_type, strict=False) for row in found]

    def check(self, table: Table, parameters: Parameters) -> None:
        """Run the checks of a table's `checks.sql`.

        Raises:
            ContractViolation: a check failed; the message carries its code and reason.
        """
        with _checks_of(table), translated(f"check {table.full_name}"):
            self._client.query_and_wait(table.sql("checks.sql"), job_config=job_config(parameters))

    def rebuild(self, table: Table, over: BuildRange) -> None:
        """Replace the table's partitions of the range in one transaction; a failed check rolls it back.

        Raises:
            ContractViolation: a check failed. The message has its code and reason.
        """
        self._require(table)
        self.ledger.count_rebuild(table.full_name)
        with around("bigquery.rebuild"), _checks_of(table), translated(f"rebuild {table.full_name}"):
            self._client.query_and_wait(rebuild_script(table), job_config=job_config(over.parameters()))

    def append(self, table: Table, rows: Sequence[object]) -> None:
        """Append rows, all or none.

        Raises:
            ContractViolation: a row does not fit the table, or the rows exceed the limit of an append.
            Retryable: the state of the rows is unknown, and a repeat is harmless.
        """
        [error] = self.append_parts([Part(table, rows)])
        if error is not None:
            raise error

    def append_parts(self, parts: Sequence[Part]) -> list[TipoffError | None]:
        """Append parts. Returns the error or None of each, as `Appender.append`."""
        for part in parts:
            self._require(part.table)
        if self._appender is None:
            self._appender = Appender(self._at, self.ledger)
        return self._appender.append(parts)

    def close(self) -> None:
        """Close streams and connections."""
        if self._appender is not None:
            self._appender.close()
        self._client.close()

    def _require(self, table: Table) -> None:
        if table.dataset not in self._datasets:
            raise ConfigInvalid("dataset_not_granted", f"{table.full_name} is not among {sorted(self._datasets)}")


@contextmanager
def _checks_of(table: Table) -> Iterator[None]:
    """An error that carries the code of one of the table's checks leaves as a ContractViolation."""
    try:
        yield
    except RequestRefused as error:
        code = failed_check(table, error.message)
        if code is None:
            raise
        raise ContractViolation(code, error.message, error.facts) from error


def job_config(parameters: Parameters) -> "bigquery.QueryJobConfig":
    """The configuration of every query: typed parameters, labels, and a limit on its cost."""
    from google.cloud import bigquery

    return bigquery.QueryJobConfig(
        query_parameters=[_parameter(name, value) for name, value in parameters.items()],
        maximum_bytes_billed=BYTES_BILLED_MAX,
        use_query_cache=False,
        labels=current_labels(),
    )


def _parameter(name: str, value: Any) -> "bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter":
    from google.cloud import bigquery

    if isinstance(value, list | tuple):
        kind = _TYPES[type(value[0])] if value else "STRING"
        return bigquery.ArrayQueryParameter(name, kind, list(value))
    return bigquery.ScalarQueryParameter(name, "STRING" if value is None else _TYPES[type(value)], value)
