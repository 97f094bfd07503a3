"""gRPC handlers of the two services: a table from method to function and message types, without generated code."""

from collections.abc import Callable
from typing import Any

import grpc
from google.cloud import workflows_v1 as wf
from google.cloud.workflows import executions_v1 as ex
from google.longrunning.operations_pb2 import GetOperationRequest, Operation

from tipoff_local.errors import ApiError
from tipoff_local.workflows.service.api import ExecutionsApi, WorkflowsApi

type _Handlers = dict[str, grpc.RpcMethodHandler]


def handlers(workflows: WorkflowsApi, executions: ExecutionsApi) -> list[grpc.GenericRpcHandler]:
    """The generic handlers of Workflows, Executions and Operations. Methods not listed answer UNIMPLEMENTED."""
    deployments: _Handlers = {
        "CreateWorkflow": _unary(workflows.create, wf.CreateWorkflowRequest, Operation),
        "UpdateWorkflow": _unary(workflows.update, wf.UpdateWorkflowRequest, Operation),
        "DeleteWorkflow": _unary(workflows.delete, wf.DeleteWorkflowRequest, Operation),
        "GetWorkflow": _unary(workflows.get, wf.GetWorkflowRequest, wf.Workflow),
        "ListWorkflows": _unary(workflows.list, wf.ListWorkflowsRequest, wf.ListWorkflowsResponse),
        "ListWorkflowRevisions": _unary(
            workflows.revisions, wf.ListWorkflowRevisionsRequest, wf.ListWorkflowRevisionsResponse
        ),
    }
    runs: _Handlers = {
        "CreateExecution": _unary(executions.create, ex.CreateExecutionRequest, ex.Execution),
        "GetExecution": _unary(executions.get, ex.GetExecutionRequest, ex.Execution),
        "ListExecutions": _unary(executions.list, ex.ListExecutionsRequest, ex.ListExecutionsResponse),
        "CancelExecution": _unary(executions.cancel, ex.CancelExecutionRequest, ex.Execution),
    }
    operations: _Handlers = {"GetOperation": _unary(workflows.operation, GetOperationRequest, Operation)}
    return [
        grpc.method_handlers_generic_handler("google.cloud.workflows.v1.Workflows", deployments),
        grpc.method_handlers_generic_handler("google.cloud.workflows.executions.v1.Executions", runs),
        grpc.method_handlers_generic_handler("google.longrunning.Operations", operations),
    ]


# Message types are of two kinds (proto-plus and plain protobuf) without a common base, so they are Any here.
def _unary(method: Callable[[Any], Any], request: Any, response: Any) -> grpc.RpcMethodHandler:
    def call(message: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(message)
        except ApiError as error:
            context.abort(error.code, error.message)

    return grpc.unary_unary_rpc_method_handler(
        call,
        request_deserializer=getattr(request, "deserialize", None) or request.FromString,
        response_serializer=getattr(response, "serialize", None) or response.SerializeToString,
    )
