"""The methods of Workflows and Executions on protobuf messages, without a transport.

Refusals are ApiErrors with the services' own status. An unsupported feature is 501 and named.
"""

import re
import secrets
import time
from collections.abc import Sequence
from pathlib import PurePosixPath

import msgspec
from google.cloud import workflows_v1 as wf
from google.cloud.workflows import executions_v1 as ex
from google.longrunning.operations_pb2 import GetOperationRequest, Operation
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.empty_pb2 import Empty

from tipoff_local.errors import ApiError, invalid, not_found, unsupported
from tipoff_local.workflows.engine.executor import Executor
from tipoff_local.workflows.engine.resources import execution_message, workflow_message
from tipoff_local.workflows.engine.store import ExecutionRecord, WorkflowRecord
from tipoff_local.workflows.language.errors import DeployError
from tipoff_local.workflows.language.limits import LIMITS
from tipoff_local.workflows.language.values import from_json
from tipoff_local.workflows.validator import deploy

_ID = re.compile(r"[A-Za-z](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?")
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UPDATABLE = (
    "description",
    "labels",
    "service_account",
    "source_contents",
    "call_log_level",
    "user_env_vars",
)
_IGNORED = ("execution_history_level", "tags", "name")
_PAGE = 100


class WorkflowsApi:
    """google.cloud.workflows.v1.Workflows. Long-running operations are done when they are answered."""

    def __init__(self, executor: Executor) -> None:
        self._store = executor.store
        self._operations: dict[str, Operation] = {}

    def create(self, request: wf.CreateWorkflowRequest) -> Operation:
        """Deploy a new workflow: 409 if it exists, 400 with line and step for a bad source."""
        if not _ID.fullmatch(request.workflow_id):
            raise invalid(
                f"{request.workflow_id!r} is not a workflow id: a letter, then [A-Za-z0-9_-], at most 64 characters"
            )
        name = f"{request.parent}/workflows/{request.workflow_id}"
        if self._store.workflow(name) is not None:
            raise ApiError(409, f"workflow {name} already exists", "alreadyExists")
        now = time.time()
        revision = _revision(self._store.revisions(name))
        record = WorkflowRecord(name=name, revision_id=revision, source="", created_s=now, updated_s=now)
        return self._deployed(_merged(record, request.workflow, _UPDATABLE), "create")

    def update(self, request: wf.UpdateWorkflowRequest) -> Operation:
        """Deploy a new revision; running executions keep theirs."""
        record = self._found(request.workflow.name)
        asked = list(request.update_mask.paths) or [*_UPDATABLE]
        if unknown := [path for path in asked if path not in (*_UPDATABLE, *_IGNORED)]:
            raise unsupported(f"update of the workflow field {unknown[0]}")
        merged = _merged(record, request.workflow, [path for path in asked if path in _UPDATABLE])
        revision = _revision(self._store.revisions(record.name))
        return self._deployed(msgspec.structs.replace(merged, revision_id=revision, updated_s=time.time()), "update")

    def delete(self, request: wf.DeleteWorkflowRequest) -> Operation:
        """Delete a workflow; running executions go on."""
        record = self._found(request.name)
        self._store.delete_workflow(record.name)
        return self._operation(record.name, "delete", Empty())

    def get(self, request: wf.GetWorkflowRequest) -> wf.Workflow:
        """A workflow, at a revision if one is given."""
        return workflow_message(self._found(request.name, request.revision_id))

    def list(self, request: wf.ListWorkflowsRequest) -> wf.ListWorkflowsResponse:
        """The workflows of a location, by name."""
        if request.filter or request.order_by:
            raise unsupported("filter and order_by of ListWorkflows")
        offset, limit = _page(request.page_token, request.page_size)
        records = self._store.workflows(request.parent)
        shown = [workflow_message(record) for record in records[offset : offset + limit]]
        return wf.ListWorkflowsResponse(workflows=shown, next_page_token=_next(len(records), offset, limit))

    def revisions(self, request: wf.ListWorkflowRevisionsRequest) -> wf.ListWorkflowRevisionsResponse:
        """The revisions of a workflow, newest first."""
        offset, limit = _page(request.page_token, request.page_size)
        records = self._store.revisions(self._found(request.name).name)
        shown = [workflow_message(record) for record in records[offset : offset + limit]]
        return wf.ListWorkflowRevisionsResponse(workflows=shown, next_page_token=_next(len(records), offset, limit))

    def operation(self, request: GetOperationRequest) -> Operation:
        """An operation that this process has finished."""
        if request.name not in self._operations:
            raise not_found(f"operation {request.name} not found")
        return self._operations[request.name]

    def _found(self, name: str, revision_id: str = "") -> WorkflowRecord:
        record = self._store.workflow(name) and self._store.workflow(name, revision_id)
        if record is None:
            raise not_found(f"workflow {name} not found")
        return record

    def _deployed(self, record: WorkflowRecord, verb: str) -> Operation:
        _check(record)
        self._store.put_workflow(record)
        return self._operation(record.name, verb, wf.Workflow.pb(workflow_message(record)))

    def _operation(self, target: str, verb: str, response: object) -> Operation:
        operation = Operation(name=f"{_location(target)}/operations/operation-{secrets.token_hex(8)}", done=True)
        operation.response.Pack(response)
        metadata = wf.OperationMetadata(target=target, verb=verb, api_version="v1")
        packed = AnyMessage()
        packed.Pack(wf.OperationMetadata.pb(metadata))
        operation.metadata.CopyFrom(packed)
        self._operations[operation.name] = operation
        return operation


class ExecutionsApi:
    """google.cloud.workflows.executions.v1.Executions."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._store = executor.store

    def create(self, request: ex.CreateExecutionRequest) -> ex.Execution:
        """Start an execution: 404 without the workflow, 400 for an argument that is not JSON or above 32 KB."""
        wanted = request.execution
        _check_argument(wanted.argument)
        if len(wanted.labels) > LIMITS.labels:
            raise invalid(f"more than {LIMITS.labels} labels")
        try:
            record = self._executor.start(
                request.parent,
                wanted.argument,
                labels=dict(wanted.labels),
                call_log_level=int(wanted.call_log_level),
            )
        except LookupError as error:
            raise not_found(str(error)) from error
        return self._message(record)

    def get(self, request: ex.GetExecutionRequest) -> ex.Execution:
        """An execution; FULL unless BASIC is requested."""
        return self._message(self._found(request.name), full=request.view != ex.ExecutionView.BASIC)

    def list(self, request: ex.ListExecutionsRequest) -> ex.ListExecutionsResponse:
        """Executions of a workflow, newest first; BASIC unless FULL is requested."""
        if request.filter or request.order_by not in ("", "startTime desc", "createTime desc"):
            raise unsupported("filter and order_by of ListExecutions")
        offset, limit = _page(request.page_token, request.page_size)
        records = self._store.executions(request.parent, limit + 1, offset)
        full = request.view == ex.ExecutionView.FULL
        shown = [self._message(record, full=full) for record in records[:limit]]
        return ex.ListExecutionsResponse(executions=shown, next_page_token=_next(offset + len(records), offset, limit))

    def cancel(self, request: ex.CancelExecutionRequest) -> ex.Execution:
        """Cancel: 404 without the execution, FAILED_PRECONDITION (REST 400) once it has ended."""
        self._found(request.name)
        record = self._executor.cancel(request.name)
        if record is None:
            raise ApiError(412, f"execution {request.name} is not active", "failedPrecondition")
        return self._message(record)

    def step_entries(self, name: str, page_token: str, page_size: int) -> dict[str, object]:
        """REST only: the step history (docs: View history of execution steps)."""
        self._found(name)
        offset, limit = _page(page_token, page_size)
        journal = self._executor.journal
        entries = journal.step_entries(name, limit + 1, offset)
        shown: list[object] = [
            {
                "name": f"{name}/stepEntries/{entry.entry}",
                "entryId": str(entry.entry),
                "routine": entry.routine,
                "step": entry.step,
                "stepType": entry.kind,
                "state": entry.state,
                "createTime": _rfc3339(entry.started_s),
                "updateTime": _rfc3339(entry.ended_s or entry.started_s),
                "stepEntryMetadata": {"threadId": entry.thread},
            }
            | ({"exception": {"payload": entry.exception}} if entry.exception else {})
            for entry in entries[:limit]
        ]
        total = journal.step_count(name)
        answer: dict[str, object] = {"stepEntries": shown, "totalSize": total}
        token = _next(total, offset, limit)
        return answer | ({"nextPageToken": token} if token else {})

    def _found(self, name: str) -> ExecutionRecord:
        record = self._store.execution(name)
        if record is None:
            raise not_found(f"execution {name} not found")
        return record

    def _message(self, record: ExecutionRecord, *, full: bool = True) -> ex.Execution:
        steps = self._executor.journal.current_steps(record.name) if full else []
        return execution_message(record, steps, full=full)


def _merged(record: WorkflowRecord, message: wf.Workflow, fields: Sequence[str]) -> WorkflowRecord:
    changes: dict[str, object] = {
        "description": message.description,
        "labels": dict(message.labels),
        "service_account": PurePosixPath(message.service_account).name,
        "source": message.source_contents,
        "call_log_level": int(message.call_log_level),
        "env": dict(message.user_env_vars),
    }
    names = {"source_contents": "source", "user_env_vars": "env"}
    wanted = {names.get(field, field) for field in fields}
    return msgspec.structs.replace(record, **{key: value for key, value in changes.items() if key in wanted})


def _check(record: WorkflowRecord) -> None:
    try:
        deploy(record.source)
    except DeployError as error:
        if error.unimplemented:
            raise ApiError(501, f"parse error: {error}", "notImplemented") from error
        raise invalid(f"parse error: {error}") from error
    if len(record.env) > LIMITS.env_vars:
        raise invalid(f"more than {LIMITS.env_vars} user environment variables")
    for name, value in record.env.items():
        if not _ENV.fullmatch(name) or name.startswith(("GOOGLE", "WORKFLOWS")):
            raise invalid(f"user environment variable {name!r} has an invalid name")
        if not 0 < len(value.encode()) <= LIMITS.env_var_bytes:
            raise invalid(f"user environment variable {name!r} must hold 1 to {LIMITS.env_var_bytes} bytes")


def _check_argument(argument: str) -> None:
    if len(argument.encode()) > LIMITS.argument_bytes:
        raise invalid(f"the argument is longer than {LIMITS.argument_bytes} bytes")
    try:
        from_json(argument or "null")
    except ValueError as error:
        raise invalid(f"the argument is not JSON: {error}") from error


def _revision(earlier: Sequence[WorkflowRecord]) -> str:
    number = int(earlier[0].revision_id.split("-")[0]) + 1 if earlier else 1
    return f"{number:06}-{secrets.token_hex(2)[:3]}"


def _location(name: str) -> str:
    return "/".join(name.split("/")[:4])


def _page(token: str, size: int) -> tuple[int, int]:
    if token and not token.isdigit():
        raise invalid("bad page_token")
    return int(token or 0), min(size, 1000) if size > 0 else _PAGE


def _next(total: int, offset: int, limit: int) -> str:
    return str(offset + limit) if total > offset + limit else ""


def _rfc3339(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1_000_000):06}Z"
