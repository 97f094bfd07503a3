"""Runs executions in threads: starts and cancels them, resumes them after a restart, and waits for child executions."""

import json
import threading
import time
import uuid
from functools import lru_cache

from tipoff_local.errors import ApiError
from tipoff_local.iam.access import UNRESTRICTED, Access, Caller
from tipoff_local.usage import UsageLog, last_part
from tipoff_local.workflows.context import ChildOutcome, Clock, ExecutionInfo, Publish, Signer, StopToken
from tipoff_local.workflows.engine import blocks
from tipoff_local.workflows.engine.interpreter import Machine
from tipoff_local.workflows.engine.journal import CallSite, History, Journal
from tipoff_local.workflows.engine.recorder import CallRecorder, Diverged
from tipoff_local.workflows.engine.resources import execution_map
from tipoff_local.workflows.engine.store import CANCELLED, FAILED, SUCCEEDED, ExecutionRecord, StackFrame, Store, ended
from tipoff_local.workflows.language.document import read
from tipoff_local.workflows.language.errors import Crashed, Interrupted, WorkflowError, failure
from tipoff_local.workflows.language.model import Document
from tipoff_local.workflows.language.values import Value, canonical, from_json, to_json
from tipoff_local.workflows.logs import may_log

# The service allows 10,000 and then answers 429 as we do; this is enough for a laptop.
_MAX_ACTIVE = 500
_POLL_S = 0.5
_LOG_ALL_CALLS = 1  # Workflow.CallLogLevel


class Executor:
    """The engine behind the two services. Connectors use it as `Services`.

    Args:
        project_number: only used in the environment variables of executions.
        clock: its scale shortens waits.
        access: decides what the service account of a workflow may do.
        usage: counts the steps of each execution.
    """

    def __init__(
        self, journal: Journal, signer: Signer, publish: Publish | None, clock: Clock, project_number: str,
        access: Access = UNRESTRICTED, usage: UsageLog | None = None,
    ) -> None:  # fmt: skip
        self.journal = journal
        self.store = Store(journal)
        self.signer = signer
        self.publish = publish
        self.clock = clock
        self.project_number = project_number
        self.access = access
        self._usage = usage or UsageLog(None, "")
        self._tokens: dict[str, StopToken] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._changed = threading.Condition()

    def start(self, workflow: str, argument: str, *, identifier: str = "", labels: dict[str, str] | None = None,
              call_log_level: int = 0) -> ExecutionRecord:  # fmt: skip
        """Create and run an execution. If `identifier` exists already, return that execution instead.

        Raises:
            LookupError: no such workflow.
            ApiError: 429 when too many are active.
        """
        found = self.store.workflow(workflow)
        if found is None:
            raise LookupError(f"workflow {workflow} not found")
        if len(self._threads) >= _MAX_ACTIVE:
            raise ApiError(429, f"more than {_MAX_ACTIVE} active executions", "RESOURCE_EXHAUSTED")
        record = ExecutionRecord(
            name=f"{workflow}/executions/{identifier or uuid.uuid4()}",
            workflow=workflow,
            revision_id=found.revision_id,
            argument=argument,
            started_s=time.time(),
            labels=labels or {},
            call_log_level=call_log_level or found.call_log_level,
        )
        if not self.store.create_execution(record):
            return self.store.execution(record.name) or record
        if record.call_log_level == _LOG_ALL_CALLS:
            may_log(self.access, Caller(f"serviceAccount:{found.service_account}"), record.name)
        self._launch(record)
        return record

    def resume(self) -> None:
        """Run the executions again that were active when the server stopped, with finished calls from the journal."""
        for record in self.store.active():
            self._launch(record)

    def cancel(self, name: str) -> ExecutionRecord | None:
        """Cancel an execution; None if it has ended or does not exist."""
        record = self.store.execution(name)
        if record is None or not self.store.end_execution(ended(record, CANCELLED)):
            return None
        token = self._tokens.get(name)
        if token is not None:
            token.stop(cancelled=True)
        self._announce()
        return self.store.execution(name)

    def stop(self) -> None:
        """Stop all executions; the next server on this folder resumes them."""
        for token in list(self._tokens.values()):
            token.stop(cancelled=False)
        for thread in list(self._threads.values()):
            thread.join(timeout=2.0)

    def wait(self, name: str, seconds: float) -> ExecutionRecord:
        """Wait for the end of an execution and return its record.

        Raises:
            TimeoutError: it still runs after `seconds`.
            LookupError: no such execution.
        """
        return self._wait(name, seconds, StopToken())

    def start_child(self, key: str, workflow: str, argument: Value) -> str:
        """See `Services`: the child's identifier is derived from `key`, so a repeated call finds it."""
        identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, key))
        return self.start(workflow, to_json(argument), identifier=identifier).name

    def describe_child(self, execution: str) -> Value:
        """See `Services`."""
        record = self.store.execution(execution)
        return execution_map(record) if record is not None else None

    def await_child(self, execution: str, seconds: float, token: StopToken) -> ChildOutcome:
        """See `Services`."""
        record = self._wait(execution, seconds, token)
        succeeded = record.state == SUCCEEDED
        return ChildOutcome(succeeded, from_json(record.result) if succeeded else None, execution_map(record))

    def _wait(self, name: str, seconds: float, token: StopToken) -> ExecutionRecord:
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                record = self.store.execution(name)
                if record is None:
                    raise LookupError(f"execution {name} not found")
                token.check()
                if record.ended_s:
                    return record
                if time.monotonic() >= deadline:
                    raise TimeoutError(name)
                self._changed.wait(min(_POLL_S, deadline - time.monotonic()))

    def _announce(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _launch(self, record: ExecutionRecord) -> None:
        token = self._tokens[record.name] = StopToken()
        thread = threading.Thread(target=self._run, args=(record, token), daemon=True)
        self._threads[record.name] = thread
        thread.start()

    def _run(self, record: ExecutionRecord, token: StopToken) -> None:
        # An execution ends in a final state even after a bug of the engine, unless the server only stops.
        last = ended(record, FAILED, **_error_facts(failure("SystemError", "internal error of the engine")))
        try:
            last = self._outcome(record, token)
        except Interrupted as stop:
            last = ended(record, CANCELLED) if stop.cancelled else record
        finally:
            if last.ended_s:
                self.store.end_execution(last)
            self._tokens.pop(record.name, None)
            self._threads.pop(record.name, None)
            self._announce()

    def _outcome(self, record: ExecutionRecord, token: StopToken) -> ExecutionRecord:
        try:
            result = self._interpreted(record, token)
            return ended(record, SUCCEEDED, result=to_json(result))
        except WorkflowError as error:
            return ended(record, FAILED, **_error_facts(error))
        except TypeError:
            fault = failure("TypeError", "the result has no JSON form (bytes or a function)")
            return ended(record, FAILED, **_error_facts(fault))
        except (Diverged, Crashed) as error:
            return ended(record, FAILED, **_error_facts(failure("SystemError", str(error) or "a branch crashed")))

    def _interpreted(self, record: ExecutionRecord, token: StopToken) -> Value:
        calls = self.journal.finished_calls(record.name)
        self.journal.delete_history(record.name)
        history = History(self.journal, record.name)
        recorder = CallRecorder(self.journal, record.name, history, calls)
        machine = self._machine(record, token, recorder, history)
        recorder.begin_branch(CallSite("0", 0, "main", ""))
        try:
            return machine.run(from_json(record.argument or "null"))
        finally:
            history.flush()
            recorder.abandon_branch()
            internal = history.count - history.external_count
            self._usage.add(
                last_part(record.workflow), workflow_steps=internal, workflow_external_steps=history.external_count
            )

    def _machine(self, record: ExecutionRecord, token: StopToken, recorder: CallRecorder, history: History) -> Machine:
        workflow = self.store.workflow(record.workflow, record.revision_id)
        if workflow is None:
            raise failure("SystemError", f"revision {record.revision_id} is gone")
        env = environment(record, self.project_number, workflow.service_account) | workflow.env
        info = ExecutionInfo(record.name, env, workflow.service_account)
        return Machine(_document(workflow.source), info, self, token, recorder, history)


@lru_cache(maxsize=64)
def _document(source: str) -> Document:
    """The typed form, cached: most executions run one of a few sources, and reading takes longer than running."""
    return read(source)


def environment(record: ExecutionRecord, project_number: str, service_account: str) -> dict[str, str]:
    """The built-in environment variables of an execution (docs: Use environment variables)."""
    _, project, _, location, _, workflow, _, execution = record.name.split("/")
    return {
        "GOOGLE_CLOUD_PROJECT_ID": project,
        "GOOGLE_CLOUD_PROJECT_NUMBER": project_number,
        "GOOGLE_CLOUD_LOCATION": location,
        "GOOGLE_CLOUD_SERVICE_ACCOUNT_NAME": service_account,
        "GOOGLE_CLOUD_WORKFLOW_ID": workflow,
        "GOOGLE_CLOUD_WORKFLOW_REVISION_ID": record.revision_id,
        "GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID": execution,
    }


def _error_facts(error: WorkflowError) -> dict[str, object]:
    try:
        payload = to_json(error.payload)
    except (TypeError, ValueError):
        payload = json.dumps(canonical(error.payload))
    stack = tuple(StackFrame(place.step, place.routine, place.line) for place in error.trace)
    return {"error_payload": payload, "error_context": blocks.context_of(error), "stack": stack}
