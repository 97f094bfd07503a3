"""The REST API of the two services, for gcloud. Body fields that client 1.24.0 does not know are ignored."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from google.cloud import workflows_v1 as wf
from google.cloud.workflows import executions_v1 as ex
from google.longrunning.operations_pb2 import GetOperationRequest
from google.protobuf.json_format import MessageToDict

from tipoff_local.errors import ApiError, invalid, not_found, unsupported
from tipoff_local.http1 import Request, Response
from tipoff_local.httpd import json_response
from tipoff_local.iam.access import UNRESTRICTED, Access
from tipoff_local.workflows.service.api import ExecutionsApi, WorkflowsApi

_LOCATION = r"(?P<parent>projects/[^/]+/locations/[^/]+)"
_WORKFLOW = r"(?P<name>projects/[^/]+/locations/[^/]+/workflows/[^/:]+)"
_EXECUTION = r"(?P<name>projects/[^/]+/locations/[^/]+/workflows/[^/]+/executions/[^/:]+)"

type _Parts = dict[str, str]
type _Route = Callable[[Request, _Parts], dict[str, Any]]


class Rest:
    """The handler of HTTP requests."""

    def __init__(self, workflows: WorkflowsApi, executions: ExecutionsApi, access: Access = UNRESTRICTED) -> None:
        self._access = access
        self._workflows = workflows
        self._executions = executions
        table: list[tuple[str, str, _Route]] = [
            ("POST", f"{_LOCATION}/workflows", self._create_workflow),
            ("GET", f"{_LOCATION}/workflows", self._list_workflows),
            ("GET", _WORKFLOW, self._get_workflow),
            ("PATCH", _WORKFLOW, self._update_workflow),
            ("DELETE", _WORKFLOW, self._delete_workflow),
            ("GET", f"{_WORKFLOW}:listRevisions", self._list_revisions),
            ("GET", f"(?P<name>{_LOCATION}/operations/[^/]+)", self._get_operation),
            ("POST", f"{_WORKFLOW}/executions", self._create_execution),
            ("GET", f"{_WORKFLOW}/executions", self._list_executions),
            ("GET", _EXECUTION, self._get_execution),
            ("POST", f"{_EXECUTION}:cancel", self._cancel_execution),
            ("GET", f"{_EXECUTION}/stepEntries", self._list_steps),
            ("(?:GET|POST)", f"{_EXECUTION}/callbacks.*", _refused("callbacks")),
            ("(?:GET|POST)", f"{_EXECUTION}:[a-zA-Z]+", _refused("this method of Executions")),
            ("(?:GET|POST)", f"{_WORKFLOW}:[a-zA-Z]+", _refused("this method of Workflows")),
        ]
        self._table = [(re.compile(f"{method} /v1/{path}"), route) for method, path, route in table]

    def __call__(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            ApiError: 404 for an unknown path, 501 for an unsupported one, or the method's own error.
        """
        line = f"{request.method} {unquote(request.path)}"
        for pattern, route in self._table:
            if match := pattern.fullmatch(line):
                self._check(request, route, match.groupdict())
                return json_response(_answered(route, request, match.groupdict()))
        raise not_found(f"no method for {line}")

    def _check(self, request: Request, route: _Route, parts: _Parts) -> None:
        method = "".join(word.capitalize() for word in route.__name__.split("_"))
        service = "workflowexecutions" if method.endswith(("Execution", "Executions", "Steps")) else "workflows"
        caller = self._access.caller(request.headers.get("authorization"))
        named = parts.get("name") or parts.get("parent") or "projects/-"
        self._access.check(caller, f"{service}.{method}", {"project": named.split("/")[1]})

    def _create_workflow(self, request: Request, parts: _Parts) -> dict[str, Any]:
        workflow = _body(wf.Workflow, request)
        identifier = request.query.get("workflowId", "")
        asked = wf.CreateWorkflowRequest(parent=parts["parent"], workflow=workflow, workflow_id=identifier)
        return _plain(self._workflows.create(asked))

    def _update_workflow(self, request: Request, parts: _Parts) -> dict[str, Any]:
        workflow = _body(wf.Workflow, request)
        workflow.name = parts["name"]
        mask = [_snake(path) for path in request.query.get("updateMask", "").split(",") if path]
        return _plain(self._workflows.update(wf.UpdateWorkflowRequest(workflow=workflow, update_mask={"paths": mask})))

    def _delete_workflow(self, _request: Request, parts: _Parts) -> dict[str, Any]:
        return _plain(self._workflows.delete(wf.DeleteWorkflowRequest(name=parts["name"])))

    def _get_workflow(self, request: Request, parts: _Parts) -> dict[str, Any]:
        revision = request.query.get("revisionId", "")
        return _message(self._workflows.get(wf.GetWorkflowRequest(name=parts["name"], revision_id=revision)))

    def _list_workflows(self, request: Request, parts: _Parts) -> dict[str, Any]:
        asked = wf.ListWorkflowsRequest(parent=parts["parent"], **_paging(request), **_sorting(request))
        return _message(self._workflows.list(asked))

    def _list_revisions(self, request: Request, parts: _Parts) -> dict[str, Any]:
        asked = wf.ListWorkflowRevisionsRequest(name=parts["name"], **_paging(request))
        return _message(self._workflows.revisions(asked))

    def _get_operation(self, _request: Request, parts: _Parts) -> dict[str, Any]:
        return _plain(self._workflows.operation(GetOperationRequest(name=parts["name"])))

    def _create_execution(self, request: Request, parts: _Parts) -> dict[str, Any]:
        asked = ex.CreateExecutionRequest(parent=parts["name"], execution=_body(ex.Execution, request))
        return _message(self._executions.create(asked))

    def _list_executions(self, request: Request, parts: _Parts) -> dict[str, Any]:
        asked = ex.ListExecutionsRequest(
            parent=parts["name"], view=_view(request), **_paging(request), **_sorting(request)
        )
        return _message(self._executions.list(asked))

    def _get_execution(self, request: Request, parts: _Parts) -> dict[str, Any]:
        return _message(self._executions.get(ex.GetExecutionRequest(name=parts["name"], view=_view(request))))

    def _cancel_execution(self, _request: Request, parts: _Parts) -> dict[str, Any]:
        return _message(self._executions.cancel(ex.CancelExecutionRequest(name=parts["name"])))

    def _list_steps(self, request: Request, parts: _Parts) -> dict[str, Any]:
        paging = _paging(request)
        return self._executions.step_entries(parts["name"], paging["page_token"], paging["page_size"])


def _answered(route: _Route, request: Request, parts: _Parts) -> dict[str, Any]:
    try:
        return route(request, parts)
    except ApiError as error:
        # FAILED_PRECONDITION is HTTP 400 in these services' REST.
        raise ApiError(400, error.message, error.reason) if error.status == 412 else error from error


def _refused(feature: str) -> _Route:
    def route(_request: Request, _parts: _Parts) -> dict[str, Any]:
        raise unsupported(feature)

    return route


def _body(kind: Any, request: Request) -> Any:
    try:
        return kind.from_json(request.body or b"{}", ignore_unknown_fields=True)
    except ValueError as error:
        raise invalid(f"bad request body: {error}") from error


def _message(message: Any) -> dict[str, Any]:
    text = type(message).to_json(message, use_integers_for_enums=False, always_print_fields_with_no_presence=False)
    fields: dict[str, Any] = json.loads(text)
    return fields


def _plain(message: Any) -> dict[str, Any]:
    fields: dict[str, Any] = MessageToDict(message)
    return fields


def _view(request: Request) -> ex.ExecutionView:
    name = request.query.get("view", "EXECUTION_VIEW_UNSPECIFIED")
    known = {view.name: view for view in ex.ExecutionView}
    if name not in known:
        raise invalid(f"unknown view {name!r}")
    return known[name]


def _paging(request: Request) -> dict[str, Any]:
    size = request.query.get("pageSize", "0")
    if not size.isdigit():
        raise invalid("bad pageSize")
    return {"page_size": int(size), "page_token": request.query.get("pageToken", "")}


def _sorting(request: Request) -> dict[str, Any]:
    return {"filter": request.query.get("filter", ""), "order_by": request.query.get("orderBy", "")}


def _snake(path: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", path).lower()
