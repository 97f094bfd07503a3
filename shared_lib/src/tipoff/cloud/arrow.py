"""Reads large results as Arrow tables, by the Storage Read API. Only training imports it, because it needs pyarrow."""

import pyarrow

from tipoff.cloud.bigquery import Parameters, job_config
from tipoff.cloud.clients import Endpoints
from tipoff.cloud.clients.bigquery import bigquery_client
from tipoff.cloud.clients.bigquery_storage import bigquery_read_client
from tipoff.cloud.errors import translated


class ArrowReader:
    """Reads query results of one project as Arrow."""

    def __init__(self, at: Endpoints) -> None:
        self._client = bigquery_client(at)
        self._read_client = bigquery_read_client(at)

    def table(self, sql: str, parameters: Parameters) -> pyarrow.Table:
        """Run one SELECT and return all of its rows."""
        with translated("query"):
            found = self._client.query_and_wait(sql, job_config=job_config(parameters))
            return found.to_arrow(bqstorage_client=self._read_client)
