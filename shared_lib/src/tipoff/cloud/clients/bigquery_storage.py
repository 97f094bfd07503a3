"""Storage Read and Write API clients."""

from typing import TYPE_CHECKING

from tipoff.cloud.clients import Endpoints
from tipoff.cloud.clients.channels import channel

if TYPE_CHECKING:
    from google.cloud import bigquery_storage_v1


def bigquery_write_client(at: Endpoints) -> "bigquery_storage_v1.BigQueryWriteClient":
    """A Storage Write API client."""
    from google.cloud import bigquery_storage_v1
    from google.cloud.bigquery_storage_v1.services.big_query_write.transports import BigQueryWriteGrpcTransport

    if at.bigquery_storage_emulator_host is None:
        return bigquery_storage_v1.BigQueryWriteClient()
    transport = BigQueryWriteGrpcTransport(channel=channel(at.bigquery_storage_emulator_host, at.emulator_access_token))
    return bigquery_storage_v1.BigQueryWriteClient(transport=transport)


def bigquery_read_client(at: Endpoints) -> "bigquery_storage_v1.BigQueryReadClient":
    """A Storage Read API client."""
    from google.cloud import bigquery_storage_v1
    from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

    if at.bigquery_storage_emulator_host is None:
        return bigquery_storage_v1.BigQueryReadClient()
    transport = BigQueryReadGrpcTransport(channel=channel(at.bigquery_storage_emulator_host, at.emulator_access_token))
    return bigquery_storage_v1.BigQueryReadClient(transport=transport)
