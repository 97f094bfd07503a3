"""Step kinds that contain blocks: for, parallel, try / retry / except."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tipoff_local.workflows.engine.journal import CallSite
from tipoff_local.workflows.engine.machine import Branch, Frame, Machine, Signal, handles
from tipoff_local.workflows.engine.recorder import Diverged
from tipoff_local.workflows.language.errors import Crashed, Interrupted, WorkflowError, failure
from tipoff_local.workflows.language.limits import LIMITS
from tipoff_local.workflows.language.model import Block, For, Jump, Parallel, Retry, Try
from tipoff_local.workflows.language.values import FunctionRef, Value, canonical, is_number, type_name
from tipoff_local.workflows.stdlib import PREDICATES


@handles(For)
def run_loop(machine: Machine, frame: Frame, loop: For) -> Signal:
    """Iterate; every iteration has a fresh scope (docs: Iteration)."""
    for number, item in enumerate(_iterated(frame, loop)):
        signal = _iteration(machine, frame, loop, number, item)
        if signal == Jump("break"):
            return None
        if signal is not None and signal != Jump("continue"):
            return signal
    return None


@handles(Parallel)
def run_parallel(machine: Machine, frame: Frame, body: Parallel) -> Signal:
    """Run all branches, then raise UnhandledBranchError if any failed (policy continueAll; docs: Parallel steps)."""
    branch = frame.branch
    if branch.nesting >= LIMITS.parallel_nesting:
        raise failure("ParallelNestingError", f"parallel steps are nested deeper than {LIMITS.parallel_nesting}")
    work = _branch_work(machine, frame, body)
    limit = _concurrency(frame, body)
    branch.forks += 1
    fork = _Fork(machine, frame, branch.forks, branch.step)
    with machine.recorder.unlocked():
        fork.run(work, limit)
    fork.raise_errors()
    return None


@handles(Try)
def run_try(machine: Machine, frame: Frame, body: Try) -> Signal:
    """Run the block with its retry policy, then the handler if an error is left (docs: Retry, Catch errors)."""
    step = frame.branch.step
    try:
        return _attempts(machine, frame, body) if body.retry is not None else machine.block(frame, body.block)
    except WorkflowError as error:
        if body.handler is None:
            raise
        machine.history.mark(frame.routine, step, "except")
        inner = frame.inner()
        inner.variables.define(body.error_name, error.payload)
    try:
        return machine.block(inner, body.handler)
    finally:
        inner.variables.close()


def _iterated(frame: Frame, loop: For) -> list[Value] | range:
    if loop.bounds is not None:
        first, last = (_bound(frame.value(bound)) for bound in loop.bounds)
        return range(first, last + 1)
    items = frame.value(loop.items) if loop.items is not None else None
    if not isinstance(items, list):
        raise failure("TypeError", f"a loop needs a list, not {type_name(items)}; use keys() for a map")
    return items


def _bound(value: Value) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise failure("TypeError", f"a range bound must be an integer, not {type_name(value)}")


def _iteration(machine: Machine, frame: Frame, loop: For, number: int, item: Value) -> Signal:
    inner = frame.inner()
    inner.variables.define(loop.value, item)
    if loop.index:
        inner.variables.define(loop.index, number)
    try:
        return machine.block(inner, loop.block)
    finally:
        inner.variables.close()


type _Work = Callable[[Frame], Signal]


def _branch_work(machine: Machine, frame: Frame, body: Parallel) -> list[_Work]:
    if body.loop is None:
        return [_block_work(machine, block) for _, block in body.branches]
    return [_loop_work(machine, body.loop, n, item) for n, item in enumerate(_iterated(frame, body.loop))]


def _block_work(machine: Machine, block: Block) -> _Work:
    return lambda inner: machine.block(inner, block)


def _loop_work(machine: Machine, loop: For, number: int, item: Value) -> _Work:
    return lambda inner: _iteration(machine, inner, loop, number, item)


def _concurrency(frame: Frame, body: Parallel) -> int:
    limit = frame.value(body.concurrency) if body.concurrency is not None else LIMITS.concurrent_branches
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise failure("ValueError", "concurrency_limit must be a positive integer")
    return min(limit, LIMITS.concurrent_branches)


class _Fork:
    """Runs the branches of one parallel step in daemon threads, at most `limit` at a time."""

    def __init__(self, machine: Machine, frame: Frame, number: int, step: str) -> None:
        self._machine = machine
        self._frame = frame
        self._number = number
        self._step = step
        self._failed: dict[int, WorkflowError] = {}
        self._stopped: list[Interrupted | Diverged | Crashed] = []

    def run(self, work: list[_Work], limit: int) -> None:
        """Run all branches; the caller must not hold the interpreter lock."""
        waiting = deque(enumerate(work))
        threads = [threading.Thread(target=self._drain, args=(waiting,), daemon=True) for _ in work[:limit]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def raise_errors(self) -> None:
        """Raise what stopped the branches, or the UnhandledBranchError of those that failed."""
        if self._stopped:
            raise self._stopped[0]
        self._machine.token.check()
        if self._failed:
            raise _branch_error(self._failed)

    def _drain(self, waiting: deque[tuple[int, _Work]]) -> None:
        try:
            while not self._stopped:
                number, work = waiting.popleft()
                self._branch(number, work)
        except IndexError:
            return  # no branch is waiting

    def _branch(self, number: int, work: _Work) -> None:
        outer, recorder = self._frame, self._machine.recorder
        branch = Branch(f"{outer.branch.path}/{self._number}.{number}", outer.branch.nesting + 1, outer.branch.depth)
        try:
            recorder.begin_branch(CallSite(branch.path, 0, outer.routine, self._step))
        except Diverged as error:
            self._stopped.append(error)
            return
        inner = Frame(self._machine, branch, outer.routine, outer.variables.child())
        finished: bool | None = None
        try:
            finished = self._work(inner, work, number)
        finally:
            inner.variables.close()
            if finished is None:
                self._stopped.append(Crashed())
            if not finished:
                recorder.abandon_branch()
        if finished:
            self._leave(branch)

    def _leave(self, branch: Branch) -> None:
        try:
            self._machine.recorder.end_branch(branch.path, whole=False)
        except Diverged as error:
            self._stopped.append(error)

    def _work(self, frame: Frame, work: _Work, number: int) -> bool:
        try:
            work(frame)
        except WorkflowError as error:
            self._failed[number] = error
        except (Interrupted, Diverged) as error:
            self._stopped.append(error)
            return False
        return True


def _branch_error(failed: dict[int, WorkflowError]) -> WorkflowError:
    listed: list[Value] = [
        {"id": str(number), "error": {"context": context_of(error), "payload": error.payload}}
        for number, error in sorted(failed.items())[: LIMITS.branch_errors]
    ]
    text = "One or more branches or iterations encountered an unhandled runtime error"
    return failure("UnhandledBranchError", text, branches=listed, truncated=len(failed) > LIMITS.branch_errors)


def context_of(error: WorkflowError) -> str:
    """The error's text and innermost location, as the service writes `error.context`."""
    payload = error.payload
    message = payload.get("message") if isinstance(payload, dict) else payload
    text = message if isinstance(message, str) else canonical(payload)
    if not error.trace:
        return text
    inner = error.trace[0]
    return f'{text}\nin step "{inner.step}", routine "{inner.routine}", line: {inner.line}'


@dataclass(frozen=True, slots=True)
class _Policy:
    predicate: str
    max_retries: int
    initial_s: float
    max_s: float
    multiplier: float


def _attempts(machine: Machine, frame: Frame, body: Try) -> Signal:
    retries, delay_s = 0, 0.0
    step = frame.branch.step
    while True:
        try:
            return machine.block(frame, body.block)
        except WorkflowError as error:
            frame.branch.step = step
            policy = _policy(frame, body.retry)
            if retries >= policy.max_retries or not _wanted(machine, frame, policy.predicate, error):
                raise
            delay_s = min(delay_s * policy.multiplier if retries else policy.initial_s, policy.max_s)
        machine.history.mark(frame.routine, step, "retry")
        machine.wait(frame, delay_s)
        retries += 1


def _policy(frame: Frame, retry: Retry | None) -> _Policy:
    fields = _policy_fields(frame, retry)
    predicate, backoff = fields.get("predicate"), fields.get("backoff")
    numbers = backoff if isinstance(backoff, dict) else {}
    if not isinstance(predicate, FunctionRef):
        raise failure("TypeError", "a retry predicate must be a function")
    return _Policy(
        predicate.name,
        int(_number(fields, "max_retries")),
        _number(numbers, "initial_delay"),
        _number(numbers, "max_delay"),
        _number(numbers, "multiplier"),
    )


def _policy_fields(frame: Frame, retry: Retry | None) -> dict[str, Value]:
    if retry is None or (retry.policy is not None and retry.predicate is None):
        whole = frame.value(retry.policy) if retry is not None and retry.policy is not None else None
        return whole if isinstance(whole, dict) else {}
    backoff: dict[str, Value] = {
        name: frame.value(template)
        for name in ("initial_delay", "max_delay", "multiplier")
        if (template := getattr(retry, name)) is not None
    }
    return {
        "predicate": frame.value(retry.predicate) if retry.predicate is not None else None,
        "max_retries": frame.value(retry.max_retries) if retry.max_retries is not None else None,
        "backoff": frame.value(retry.policy) if retry.policy is not None else backoff,
    }


def _number(fields: dict[str, Value], name: str) -> float:
    value = fields.get(name)
    if isinstance(value, int | float) and is_number(value) and value >= 0:
        return value
    raise failure("TypeError", f"retry: {name} must be a number not below zero")


def _wanted(machine: Machine, frame: Frame, predicate: str, error: WorkflowError) -> bool:
    if predicate in PREDICATES:
        return PREDICATES[predicate](error)
    routine = machine.document.routines.get(predicate)
    if routine is None or len(routine.parameters) != 1:
        raise failure("TypeError", f"the retry predicate {predicate} must be a subworkflow with one parameter")
    verdict = machine.apply(frame, predicate, [error.payload], {})
    if not isinstance(verdict, bool):
        raise failure("TypeError", f"the retry predicate {predicate} must return a boolean")
    return verdict
