"""Connectors (docs: Connectors reference): child executions and Pub/Sub publish. Others are refused at deployment."""

import base64

from tipoff_local.errors import ApiError
from tipoff_local.workflows.context import CallContext
from tipoff_local.workflows.language.errors import WorkflowError, failure, http_failure
from tipoff_local.workflows.language.limits import LIMITS
from tipoff_local.workflows.language.values import Value, from_json, size
from tipoff_local.workflows.stdlib.registry import function

_EXECUTIONS = "googleapis.workflowexecutions.v1.projects.locations.workflows.executions"
_DEFAULT_TIMEOUT_S = 1800
_MAX_TIMEOUT_S = 31_536_000
_PARAMS = {"timeout", "polling_policy", "skip_polling", "scopes"}


@function(f"{_EXECUTIONS}.run", needs_context=True, blocking=True, recorded=True)
def run(
    context: CallContext,
    workflow_id: str,
    location: str | None = None,
    project_id: str | None = None,
    argument: Value = None,
    connector_params: dict[str, Value] | None = None,
) -> Value:
    """Start a child execution and wait for its result; its failure is an OperationError."""
    params = _params(connector_params)
    env = context.info.env
    project, place = project_id or env["GOOGLE_CLOUD_PROJECT_ID"], location or env["GOOGLE_CLOUD_LOCATION"]
    name = _started(context, f"projects/{project}/locations/{place}/workflows/{workflow_id}", argument)
    if params.get("skip_polling") is True:
        return None
    return _awaited(context, name, _timeout(params))


@function(f"{_EXECUTIONS}.create", needs_context=True, blocking=True, recorded=True)
def create(
    context: CallContext,
    parent: str,
    body: dict[str, Value] | None = None,
    connector_params: dict[str, Value] | None = None,
) -> Value:
    """Start an execution (its argument is JSON text) and return the Execution without waiting."""
    _params(connector_params)
    text = (body or {}).get("argument", "null")
    if not isinstance(text, str):
        raise failure("TypeError", "argument must be JSON text")
    return context.services.describe_child(_started(context, parent, from_json(text)))


@function("googleapis.pubsub.v1.projects.topics.publish", needs_context=True, blocking=True, recorded=True)
def publish(
    context: CallContext,
    topic: str,
    body: dict[str, Value],
    connector_params: dict[str, Value] | None = None,
) -> Value:
    """Publish messages, their data in Base64; returns messageIds."""
    _params(connector_params)
    _check(context, "pubsub.Publish", {"topic": topic.rpartition("/")[2]})
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise failure("ValueError", "body.messages must be a list of messages")
    return {"messageIds": [_publish_one(context, topic, message) for message in messages]}


def _publish_one(context: CallContext, topic: str, message: Value) -> Value:
    if context.services.publish is None:
        raise failure("SystemError", "this engine was started without Pub/Sub")
    fields = message if isinstance(message, dict) else {}
    attributes = fields.get("attributes") or {}
    if fields.keys() - {"data", "attributes"} or not isinstance(attributes, dict):
        raise http_failure(400, {"error": {"code": 400, "message": "unsupported message field"}}, {})
    try:
        data = base64.b64decode(str(fields.get("data") or ""), validate=True)
    except ValueError as error:
        raise http_failure(400, {"error": {"code": 400, "message": "data is not Base64"}}, {}) from error
    try:
        return context.services.publish(topic, data, {key: str(value) for key, value in attributes.items()})
    except ApiError as error:
        raise http_failure(error.status, {"error": {"code": error.status, "message": error.message}}, {}) from error


def _started(context: CallContext, workflow: str, argument: Value) -> str:
    if size(argument) > LIMITS.argument_bytes:
        message = f"the argument is longer than {LIMITS.argument_bytes} bytes"
        raise http_failure(400, {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}, {})
    _check(context, "workflowexecutions.CreateExecution", {"project": workflow.split("/")[1]})
    try:
        return context.services.start_child(context.key, workflow, argument)
    except LookupError as error:
        raise http_failure(404, {"error": {"code": 404, "message": str(error), "status": "NOT_FOUND"}}, {}) from error


def _check(context: CallContext, method: str, resources: dict[str, str]) -> None:
    """Check a call of the workflow's account. A refusal is the API's HttpError."""
    try:
        context.services.access.check(context.info.caller, method, resources)
    except ApiError as error:
        body: Value = {"error": {"code": error.status, "message": error.message, "status": error.code.name}}
        raise http_failure(error.status, body, {}) from error


def _awaited(context: CallContext, name: str, timeout_s: float) -> Value:
    _check(context, "workflowexecutions.GetExecution", {"project": name.split("/")[1]})
    try:
        outcome = context.services.await_child(name, timeout_s, context.token)
    except TimeoutError as error:
        raise failure("TimeoutError", f"{name} still runs after {timeout_s} s") from error
    if outcome.succeeded:
        return outcome.result
    message = "Execution failed or cancelled."
    raise WorkflowError({"tags": ["OperationError"], "message": message, "operation": outcome.resource})


def _params(given: dict[str, Value] | None) -> dict[str, Value]:
    if unknown := (given or {}).keys() - _PARAMS:
        raise failure("ValueError", f"connector_params has no key {sorted(unknown)[0]!r}")
    return given or {}


def _timeout(params: dict[str, Value]) -> float:
    seconds = params.get("timeout", _DEFAULT_TIMEOUT_S)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= _MAX_TIMEOUT_S:
        raise failure("ValueError", f"connector_params.timeout must lie in 0..{_MAX_TIMEOUT_S} seconds")
    return seconds
