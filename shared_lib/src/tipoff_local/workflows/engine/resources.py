"""Records as the resources of the two APIs (google.cloud.workflows.v1 and .executions.v1)."""

import json
from datetime import UTC, datetime

from google.cloud.workflows.executions_v1 import Execution
from google.cloud.workflows_v1 import Workflow

from tipoff_local.workflows.engine.store import ACTIVE, CANCELLED, FAILED, SUCCEEDED, ExecutionRecord, WorkflowRecord
from tipoff_local.workflows.language.values import Value

_STATES = {ACTIVE: 1, SUCCEEDED: 2, FAILED: 3, CANCELLED: 4}


def workflow_message(record: WorkflowRecord) -> Workflow:
    """The Workflow resource."""
    return Workflow(
        name=record.name,
        description=record.description,
        state=Workflow.State.ACTIVE,
        revision_id=record.revision_id,
        create_time=_instant(record.created_s),
        update_time=_instant(record.updated_s),
        revision_create_time=_instant(record.updated_s),
        labels=record.labels,
        service_account=record.service_account,
        source_contents=record.source,
        call_log_level=record.call_log_level,
        user_env_vars=record.env,
    )


def execution_message(record: ExecutionRecord, steps: list[tuple[str, str]], *, full: bool = True) -> Execution:
    """The Execution resource.

    Args:
        steps: the (routine, step) pairs that run now or ran last.
        full: False is the BASIC view, without argument, result, error and status.
    """
    message = Execution(
        name=record.name,
        start_time=_instant(record.started_s),
        state=_STATES[record.state],
        workflow_revision_id=record.revision_id,
        labels=record.labels,
    )
    if record.ended_s:
        message.end_time = _instant(record.ended_s)
        message.duration = _instant(record.ended_s) - _instant(record.started_s)
    if full:
        _complete(message, record, steps)
    return message


def execution_map(record: ExecutionRecord) -> Value:
    """The Execution resource as a map with JSON names, as connectors attach it."""
    text = Execution.to_json(execution_message(record, []), use_integers_for_enums=False)
    fields: dict[str, Value] = json.loads(text)
    return {key: value for key, value in fields.items() if value not in ("", None, {}, [])}


def _complete(message: Execution, record: ExecutionRecord, steps: list[tuple[str, str]]) -> None:
    message.argument = record.argument
    message.call_log_level = Execution.CallLogLevel(record.call_log_level)
    message.result = record.result
    message.status = Execution.Status(
        current_steps=[Execution.Status.Step(routine=routine, step=step) for routine, step in steps]
    )
    if record.state == FAILED:
        message.error = Execution.Error(
            payload=record.error_payload, context=record.error_context, stack_trace=_stack(record)
        )
    if record.state == CANCELLED:
        message.error = Execution.Error(context="Execution cancelled")


def _stack(record: ExecutionRecord) -> Execution.StackTrace:
    element = Execution.StackTraceElement
    elements = [
        element(step=frame.step, routine=frame.routine, position=element.Position(line=frame.line))
        for frame in record.stack
    ]
    return Execution.StackTrace(elements=elements)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
