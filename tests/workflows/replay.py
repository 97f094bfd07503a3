"""Replays recorded executions: calls are answered from the record, and each call and the outcome must be equal.

A replay fails if a changed source would make another call, the same call with other arguments, or the same calls
with another outcome.
"""

from collections.abc import Mapping

import msgspec

from tipoff_local.iam.access import UNRESTRICTED, Access
from tipoff_local.workflows.context import ChildOutcome, Clock, ExecutionInfo, Publish, Signer, StopToken
from tipoff_local.workflows.engine.executor import Executor, environment
from tipoff_local.workflows.engine.interpreter import Machine
from tipoff_local.workflows.engine.journal import CallRecord, CallSite, History
from tipoff_local.workflows.engine.recorder import CallRecorder, Diverged
from tipoff_local.workflows.engine.store import FAILED, SUCCEEDED
from tipoff_local.workflows.language.errors import WorkflowError
from tipoff_local.workflows.language.values import Value, from_json, to_json
from tipoff_local.workflows.validator import deploy


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A finished execution: its argument, its calls, and how it ended (SUCCEEDED or FAILED).

    `argument` and `outcome` are JSON texts; calls are in the order in which they finished.
    """

    name: str
    argument: str
    env: Mapping[str, str]
    service_account: str
    calls: tuple[CallRecord, ...]
    state: str
    outcome: str


def recording(executor: Executor, name: str) -> Recording:
    """The recording of a finished execution.

    Raises:
        LookupError: there is no such execution, or it has not ended by itself.
    """
    record = executor.store.execution(name)
    if record is None or record.state not in (SUCCEEDED, FAILED):
        raise LookupError(f"{name} has not succeeded or failed")
    workflow = executor.store.workflow(record.workflow, record.revision_id)
    account = workflow.service_account if workflow is not None else ""
    env = environment(record, executor.project_number, account) | (workflow.env if workflow is not None else {})
    return Recording(
        name=name,
        argument=record.argument,
        env=env,
        service_account=account,
        calls=tuple(executor.journal.finished_calls(name)),
        state=record.state,
        outcome=record.result or record.error_payload,
    )


def replay(recorded: Recording, source: str) -> History:
    """Run `source` against a recording; returns the history, whose marks `coverage` understands.

    Raises:
        Diverged: naming the first difference.
        DeployError: the source is refused.
    """
    history = History(None, recorded.name)
    recorder = CallRecorder(None, recorded.name, history, recorded.calls, replay_only=True)
    info = ExecutionInfo(recorded.name, recorded.env, recorded.service_account)
    machine = Machine(deploy(source), info, _NoServices(), StopToken(), recorder, history)
    recorder.begin_branch(CallSite("0", 0, "main", ""))
    try:
        ended = _outcome(machine, recorded.argument)
    except Diverged:
        recorder.abandon_branch()
        raise
    recorder.end_branch("0", whole=True)
    if ended != (recorded.state, recorded.outcome):
        raise Diverged(f"recorded {recorded.state} {recorded.outcome}, now {ended[0]} {ended[1]}")
    return history


def _outcome(machine: Machine, argument: str) -> tuple[str, str]:
    try:
        return SUCCEEDED, to_json(machine.run(from_json(argument or "null")))
    except WorkflowError as error:
        return FAILED, to_json(error.payload)


class _NoServices:
    """Services of a replay. They are never called, because every call is answered from the record."""

    signer: Signer
    publish: Publish | None = None
    clock = Clock(0)
    access: Access = UNRESTRICTED

    def start_child(self, key: str, workflow: str, argument: Value) -> str:
        """Never called."""
        raise Diverged(f"child execution {workflow} was not recorded")

    def describe_child(self, execution: str) -> Value:
        """Never called."""
        raise Diverged(f"child execution {execution} was not recorded")

    def await_child(self, execution: str, seconds: float, token: StopToken) -> ChildOutcome:
        """Never called."""
        raise Diverged(f"child execution {execution} was not recorded")
