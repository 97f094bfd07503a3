"""The only place that constructs Google clients; a local cloud's endpoints are given, never looked up."""

from typing import TYPE_CHECKING, Protocol

import grpc
from google.auth.credentials import AnonymousCredentials

if TYPE_CHECKING:
    from google.cloud import bigquery, bigquery_storage_v1, pubsub_v1, storage, workflows_v1
    from google.cloud.workflows import executions_v1

STREAM_MESSAGE_BYTES = 20 * 1024 * 1024


class Endpoints(Protocol):
    """Where a local cloud listens; all None in Google's cloud."""

    @property
    def project_id(self) -> str:
        """The project every call is made for."""
        ...

    @property
    def storage_emulator_host(self) -> str | None:
        """URL with scheme."""
        ...

    @property
    def pubsub_emulator_host(self) -> str | None:
        """host:port."""
        ...

    @property
    def bigquery_emulator_host(self) -> str | None:
        """URL with scheme."""
        ...

    @property
    def bigquery_storage_emulator_host(self) -> str | None:
        """host:port."""
        ...

    @property
    def workflows_emulator_host(self) -> str | None:
        """host:port."""
        ...


def channel(endpoint: str) -> grpc.Channel:
    """An insecure channel to a local stand-in."""
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", STREAM_MESSAGE_BYTES)]
    return grpc.insecure_channel(endpoint, options=options)


def storage_client(at: Endpoints) -> "storage.Client":
    """A Cloud Storage client."""
    from google.cloud import storage

    if at.storage_emulator_host is None:
        return storage.Client(project=at.project_id)
    options = {"api_endpoint": at.storage_emulator_host}
    return storage.Client(project=at.project_id, credentials=AnonymousCredentials(), client_options=options)


def publisher_client(at: Endpoints) -> "pubsub_v1.PublisherClient":
    """A Pub/Sub publisher that sends each message at once: callers batch on their own."""
    from google.cloud import pubsub_v1
    from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

    batch = pubsub_v1.types.BatchSettings(max_messages=1)
    if at.pubsub_emulator_host is None:
        return pubsub_v1.PublisherClient(batch_settings=batch)
    transport = PublisherGrpcTransport(channel=channel(at.pubsub_emulator_host))
    return pubsub_v1.PublisherClient(batch_settings=batch, transport=transport)


def bigquery_client(at: Endpoints) -> "bigquery.Client":
    """A BigQuery client for queries and jobs."""
    from google.cloud import bigquery

    if at.bigquery_emulator_host is None:
        return bigquery.Client(project=at.project_id)
    options = {"api_endpoint": at.bigquery_emulator_host}
    return bigquery.Client(project=at.project_id, credentials=AnonymousCredentials(), client_options=options)


def bigquery_write_client(at: Endpoints) -> "bigquery_storage_v1.BigQueryWriteClient":
    """A Storage Write API client."""
    from google.cloud import bigquery_storage_v1
    from google.cloud.bigquery_storage_v1.services.big_query_write import transports

    if at.bigquery_storage_emulator_host is None:
        return bigquery_storage_v1.BigQueryWriteClient()
    transport = transports.BigQueryWriteGrpcTransport(channel=channel(at.bigquery_storage_emulator_host))
    return bigquery_storage_v1.BigQueryWriteClient(transport=transport)


def bigquery_read_client(at: Endpoints) -> "bigquery_storage_v1.BigQueryReadClient":
    """A Storage Read API client."""
    from google.cloud import bigquery_storage_v1
    from google.cloud.bigquery_storage_v1.services.big_query_read import transports

    if at.bigquery_storage_emulator_host is None:
        return bigquery_storage_v1.BigQueryReadClient()
    transport = transports.BigQueryReadGrpcTransport(channel=channel(at.bigquery_storage_emulator_host))
    return bigquery_storage_v1.BigQueryReadClient(transport=transport)


def executions_client(at: Endpoints) -> "executions_v1.ExecutionsClient":
    """A Workflow Executions client."""
    from google.cloud.workflows import executions_v1
    from google.cloud.workflows.executions_v1.services.executions.transports import ExecutionsGrpcTransport

    if at.workflows_emulator_host is None:
        return executions_v1.ExecutionsClient()
    transport = ExecutionsGrpcTransport(channel=channel(at.workflows_emulator_host))
    return executions_v1.ExecutionsClient(transport=transport)


def workflows_client(at: Endpoints) -> "workflows_v1.WorkflowsClient":
    """A Workflows client (deploying; the operator's tools use it, functions do not)."""
    from google.cloud import workflows_v1
    from google.cloud.workflows_v1.services.workflows.transports import WorkflowsGrpcTransport

    if at.workflows_emulator_host is None:
        return workflows_v1.WorkflowsClient()
    transport = WorkflowsGrpcTransport(channel=channel(at.workflows_emulator_host))
    return workflows_v1.WorkflowsClient(transport=transport)
