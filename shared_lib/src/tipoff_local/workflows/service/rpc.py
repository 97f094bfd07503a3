"""gRPC handlers of the two services: a table from method to function and message types, without generated code."""

from collections.abc import Callable
from typing import Any

import grpc
from google.cloud import workflows_v1 as wf
from google.cloud.workflows import executions_v1 as ex
from google.longrunning.operations_pb2 import GetOperationRequest, Operation

from tipoff_local.errors import ApiError
from tipoff_local.iam.access import Access
from tipoff_local.iam.messages import check_message
from tipoff_local.workflows.service.api import ExecutionsApi, WorkflowsApi

type _Handlers = dict[str, grpc.RpcMethodHandler]


def handlers(workflows: WorkflowsApi, executions: ExecutionsApi, access: Access) -> list[grpc.GenericRpcHandler]:
    """The generic handlers of Workflows, Executions and Operations. Methods not listed answer UNIMPLEMENTED."""
    deployments: _Handlers = {
        "CreateWorkflow": _unary(
            (access, "workflows.CreateWorkflow"), workflows.create, wf.CreateWorkflowRequest, Operation
        ),
        "UpdateWorkflow": _unary(
            (access, "workflows.UpdateWorkflow"), workflows.update, wf.UpdateWorkflowRequest, Operation
        ),
        "DeleteWorkflow": _unary(
            (access, "workflows.DeleteWorkflow"), workflows.delete, wf.DeleteWorkflowRequest, Operation
        ),
        "GetWorkflow": _unary((access, "workflows.GetWorkflow"), workflows.get, wf.GetWorkflowRequest, wf.Workflow),
        "ListWorkflows": _unary(
            (access, "workflows.ListWorkflows"), workflows.list, wf.ListWorkflowsRequest, wf.ListWorkflowsResponse
        ),
        "ListWorkflowRevisions": _unary(
            (access, "workflows.ListWorkflowRevisions"),
            workflows.revisions,
            wf.ListWorkflowRevisionsRequest,
            wf.ListWorkflowRevisionsResponse,
        ),
    }
    runs: _Handlers = {
        "CreateExecution": _unary(
            (access, "workflowexecutions.CreateExecution"), executions.create, ex.CreateExecutionRequest, ex.Execution
        ),
        "GetExecution": _unary(
            (access, "workflowexecutions.GetExecution"), executions.get, ex.GetExecutionRequest, ex.Execution
        ),
        "ListExecutions": _unary(
            (access, "workflowexecutions.ListExecutions"),
            executions.list,
            ex.ListExecutionsRequest,
            ex.ListExecutionsResponse,
        ),
        "CancelExecution": _unary(
            (access, "workflowexecutions.CancelExecution"), executions.cancel, ex.CancelExecutionRequest, ex.Execution
        ),
    }
    operations: _Handlers = {
        "GetOperation": _unary((access, "workflows.GetOperation"), workflows.operation, GetOperationRequest, Operation)
    }
    return [
        grpc.method_handlers_generic_handler("google.cloud.workflows.v1.Workflows", deployments),
        grpc.method_handlers_generic_handler("google.cloud.workflows.executions.v1.Executions", runs),
        grpc.method_handlers_generic_handler("google.longrunning.Operations", operations),
    ]


# Message types are of two kinds (proto-plus and plain protobuf) without a common base, so they are Any here.
def _unary(
    checked: tuple[Access, str], method: Callable[[Any], Any], request: Any, response: Any
) -> grpc.RpcMethodHandler:
    access, name = checked

    def call(message: Any, context: grpc.ServicerContext) -> Any:
        try:
            caller = access.caller(dict(context.invocation_metadata()).get("authorization"))
            check_message(access, caller, name, message)
            return method(message)
        except ApiError as error:
            context.abort(error.code, error.message)

    return grpc.unary_unary_rpc_method_handler(
        call,
        request_deserializer=getattr(request, "deserialize", None) or request.FromString,
        response_serializer=getattr(response, "serialize", None) or response.SerializeToString,
    )
