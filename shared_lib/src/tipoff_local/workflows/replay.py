"""Recorded executions fed back: same source, calls answered from the record; every call and the outcome must be equal.

A recording is plain data and can be kept as a file: it fails to replay when a changed source would make another call,
the same call with other arguments, or the same calls and another outcome.
"""

from collections.abc import Mapping

import msgspec

from tipoff_local.workflows.context import ChildOutcome, Clock, Publish, Setting, Signer, Token
from tipoff_local.workflows.errors import WorkflowError
from tipoff_local.workflows.executor import Executor, environment
from tipoff_local.workflows.gate import Diverged, Gate
from tipoff_local.workflows.interpreter import Machine
from tipoff_local.workflows.journal import CallRecord, CallSite, History
from tipoff_local.workflows.store import FAILED, SUCCEEDED
from tipoff_local.workflows.validator import deploy
from tipoff_local.workflows.values import Value, from_json, to_json


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A finished execution: what it was given, what it called, how it ended (SUCCEEDED or FAILED).

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
    gate = Gate(None, recorded.name, history, recorded.calls, replay_only=True)
    setting = Setting(recorded.name, recorded.env, recorded.service_account)
    machine = Machine(deploy(source), setting, _Absent(), Token(), gate, history)
    gate.enter(CallSite("0", 0, "main", ""))
    try:
        ended = _outcome(machine, recorded.argument)
    except Diverged:
        gate.abandon()
        raise
    gate.leave("0", whole=True)
    if ended != (recorded.state, recorded.outcome):
        raise Diverged(f"recorded {recorded.state} {recorded.outcome}, now {ended[0]} {ended[1]}")
    return history


def _outcome(machine: Machine, argument: str) -> tuple[str, str]:
    try:
        return SUCCEEDED, to_json(machine.run(from_json(argument or "null")))
    except WorkflowError as error:
        return FAILED, to_json(error.payload)


class _Absent:
    """The world of a replay: nothing in it is ever asked, because every call is answered from the record."""

    signer: Signer
    publish: Publish | None = None
    clock = Clock(0)

    def start_child(self, key: str, workflow: str, argument: Value) -> str:
        """Never called."""
        raise Diverged(f"child execution {workflow} was not recorded")

    def describe_child(self, execution: str) -> Value:
        """Never called."""
        raise Diverged(f"child execution {execution} was not recorded")

    def await_child(self, execution: str, seconds: float, token: Token) -> ChildOutcome:
        """Never called."""
        raise Diverged(f"child execution {execution} was not recorded")
