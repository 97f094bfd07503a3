"""Workflows and Executions clients."""

from typing import TYPE_CHECKING

from tipoff.cloud.clients import Endpoints
from tipoff.cloud.clients.channels import channel

if TYPE_CHECKING:
    from google.cloud import workflows_v1
    from google.cloud.workflows import executions_v1


def executions_client(at: Endpoints) -> "executions_v1.ExecutionsClient":
    """A Workflow Executions client."""
    from google.cloud.workflows import executions_v1
    from google.cloud.workflows.executions_v1.services.executions.transports import ExecutionsGrpcTransport

    if at.workflows_emulator_host is None:
        return executions_v1.ExecutionsClient()
    transport = ExecutionsGrpcTransport(channel=channel(at.workflows_emulator_host, at.emulator_access_token))
    return executions_v1.ExecutionsClient(transport=transport)


def workflows_client(at: Endpoints) -> "workflows_v1.WorkflowsClient":
    """A Workflows client, for deployments. Functions do not use it."""
    from google.cloud import workflows_v1
    from google.cloud.workflows_v1.services.workflows.transports import WorkflowsGrpcTransport

    if at.workflows_emulator_host is None:
        return workflows_v1.WorkflowsClient()
    transport = WorkflowsGrpcTransport(channel=channel(at.workflows_emulator_host, at.emulator_access_token))
    return workflows_v1.WorkflowsClient(transport=transport)
