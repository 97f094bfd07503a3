"""Storage Read and Write API clients."""

from google.cloud import bigquery_storage_v1
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport
from google.cloud.bigquery_storage_v1.services.big_query_write.transports import BigQueryWriteGrpcTransport

from tipoff.cloud.clients import Endpoints
from tipoff.cloud.clients.channels import channel


def bigquery_write_client(at: Endpoints) -> bigquery_storage_v1.BigQueryWriteClient:
    """A Storage Write API client."""
    if at.bigquery_storage_emulator_host is None:
        return bigquery_storage_v1.BigQueryWriteClient()
    transport = BigQueryWriteGrpcTransport(channel=channel(at.bigquery_storage_emulator_host))
    return bigquery_storage_v1.BigQueryWriteClient(transport=transport)


def bigquery_read_client(at: Endpoints) -> bigquery_storage_v1.BigQueryReadClient:
    """A Storage Read API client."""
    if at.bigquery_storage_emulator_host is None:
        return bigquery_storage_v1.BigQueryReadClient()
    transport = BigQueryReadGrpcTransport(channel=channel(at.bigquery_storage_emulator_host))
    return bigquery_storage_v1.BigQueryReadClient(transport=transport)
