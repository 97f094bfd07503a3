"""The interpreter: runs the steps of one execution. Its calls go through the recorder."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tipoff_local.workflows.context import CallContext, ExecutionInfo, Services, StopToken
from tipoff_local.workflows.engine.journal import CallSite, History
from tipoff_local.workflows.engine.recorder import CallRecorder
from tipoff_local.workflows.engine.usage import is_external
from tipoff_local.workflows.engine.variables import Meter, Variables
from tipoff_local.workflows.language.errors import SourceLocation, WorkflowError, failure
from tipoff_local.workflows.language.evaluator import evaluate
from tipoff_local.workflows.language.limits import LIMITS
from tipoff_local.workflows.language.model import (
    Assign,
    Block,
    Body,
    Call,
    Constant,
    Document,
    Expression,
    For,
    Jump,
    ListOf,
    Nested,
    Nothing,
    Parallel,
    Raise,
    Return,
    Routine,
    Step,
    Switch,
    Target,
    Template,
    Try,
)
from tipoff_local.workflows.language.values import FunctionRef, Value, type_name
from tipoff_local.workflows.stdlib import FUNCTION_VALUES, FUNCTIONS, Function


@dataclass(frozen=True, slots=True)
class Returned:
    """The routine ends with a value."""

    value: Value


type Signal = Jump | Returned | None
_KINDS: dict[type, str] = {
    Assign: "STEP_ASSIGN",
    Call: "STEP_STD_LIB_CALL",
    Switch: "STEP_SWITCH",
    For: "STEP_FOR",
    Parallel: "STEP_PARALLEL",
    Try: "STEP_TRY",
    Raise: "STEP_RAISE",
    Return: "STEP_RETURN",
    Nested: "STEP_STEPS",
    Nothing: "STEP_NEXT",
}


@dataclass(slots=True)
class Branch:
    """A thread of execution: the main one ("0") or a branch of a parallel step ("0/1.3": first fork, fourth branch)."""

    path: str
    nesting: int = 0
    depth: int = 0
    calls: int = 0
    forks: int = 0
    step: str = ""

    def site(self, routine: str) -> CallSite:
        """The call site of this branch's next call."""
        self.calls += 1
        return CallSite(self.path, self.calls, routine, self.step)


@dataclass(slots=True)
class Frame:
    """The branch, routine and scope of a running step; the environment of its expressions."""

    machine: "Machine"
    branch: Branch
    routine: str
    variables: Variables

    def lookup(self, name: str) -> Value:
        """A variable, a named policy, or a subworkflow as a function value."""
        if self.variables.find(name) is None:
            if name in FUNCTION_VALUES:
                return FUNCTION_VALUES[name]
            if name in self.machine.document.routines:
                return FunctionRef(name)
        return self.variables.get(name)

    def apply(self, function: str, arguments: list[Value]) -> Value:
        """Call a subworkflow or function from an expression."""
        return self.machine.apply(self, function, arguments, {})

    def value(self, template: Template) -> Value:
        """The value of a template now."""
        if isinstance(template, Constant):
            return template.value
        if isinstance(template, Expression):
            return evaluate(template.node, self)
        if isinstance(template, ListOf):
            return [self.value(item) for item in template.items]
        return {_key(self.value(key)): self.value(value) for key, value in template.entries}

    def assign(self, target: Target, value: Value) -> None:
        """Write a value where a target points."""
        self.variables.assign(target.variable, [evaluate(key, self) for key in target.path], value)

    def inner(self) -> "Frame":
        """The same frame with a child scope; close its variables afterwards."""
        return Frame(self.machine, self.branch, self.routine, self.variables.child())


@dataclass(slots=True)
class Machine:
    """One execution of one document."""

    document: Document
    info: ExecutionInfo
    services: Services
    token: StopToken
    recorder: CallRecorder
    history: History
    meter: Meter = field(default_factory=Meter)

    def run(self, argument: Value) -> Value:
        """Execute `main`. Branch "0" must hold the recorder's lock.

        Raises:
            WorkflowError: the execution failed; the error carries its trace.
            Interrupted: the execution was stopped.
        """
        main = self.document.routines["main"]
        arguments = {name: argument for name, _ in main.parameters}
        return self.routine(Branch("0"), main, arguments, Variables(self.meter))

    def routine(self, branch: Branch, routine: Routine, arguments: dict[str, Value], variables: Variables) -> Value:
        """Run a routine in a fresh scope and return its value (null unless it returns one)."""
        if branch.depth >= LIMITS.call_depth:
            raise failure("RecursionError", f"subworkflow calls are nested deeper than {LIMITS.call_depth}")
        branch.depth, outer_step = branch.depth + 1, branch.step
        try:
            for name, default in routine.parameters:
                variables.define(name, arguments[name] if name in arguments or default is None else default.value)
            signal = self.block(Frame(self, branch, routine.name, variables), routine.block)
        finally:
            variables.close()
            branch.depth, branch.step = branch.depth - 1, outer_step
        return signal.value if isinstance(signal, Returned) else None

    def block(self, frame: Frame, block: Block) -> Signal:
        """Run a block. A jump to one of its steps is followed; any other signal is returned."""
        position = 0
        while position < len(block.steps):
            signal = self.step(frame, block.steps[position])
            if signal is None:
                position += 1
            elif isinstance(signal, Jump) and signal.target in block.positions:
                position = block.positions[signal.target]
            else:
                return signal
        return None

    def step(self, frame: Frame, step: Step) -> Signal:
        """Run one step and return what follows it."""
        self.token.check()
        frame.branch.step = step.name
        if self.history.count >= LIMITS.steps_per_execution:
            raise failure("ResourceLimitError", f"more than {LIMITS.steps_per_execution} steps in one execution")
        if not step.inline:
            self.history.mark(frame.routine, step.name, "step")
        entry = self.history.begin(frame.branch.path, frame.routine, step.name, self._kind(step.body))
        try:
            signal = _HANDLERS[type(step.body)](self, frame, step.body)
        except WorkflowError as error:
            error.trace.append(SourceLocation(frame.routine, step.name, step.line))
            self.history.end(entry, str(error.payload))
            raise
        self.history.end(entry)
        return signal or _next(step)

    def apply(self, frame: Frame, name: str, positional: list[Value], named: dict[str, Value]) -> Value:
        """Call a subworkflow or function of the standard library."""
        routine = self.document.routines.get(name)
        if routine is not None:
            given = dict(zip((p for p, _ in routine.parameters), positional, strict=False)) | named
            return self.routine(frame.branch, routine, given, frame.variables.sibling())
        function = FUNCTIONS[name]
        arguments = function.bind(positional, named)
        if not function.needs_context:
            return function.run(arguments)
        return self._in_context(frame, function, arguments)

    def wait(self, frame: Frame, seconds: float) -> None:
        """A recorded wait, such as between two attempts."""
        self._recorded(frame, FUNCTIONS["sys.sleep"], {"seconds": seconds})

    def _in_context(self, frame: Frame, function: Function, arguments: dict[str, Value]) -> Value:
        if function.recorded:
            return self._recorded(frame, function, arguments)
        context = CallContext(self.info, self.services, self.token, "", 0.0)
        return function.body(context, **arguments)

    def _recorded(self, frame: Frame, function: Function, arguments: dict[str, Value]) -> Value:
        site = frame.branch.site(frame.routine)
        self.history.external_count += is_external(function.name, arguments.get("url"), self.info.env)

        def perform(started_s: float) -> Value:
            key = f"{self.info.name}#{site.thread}#{site.seq}"
            since = started_s or time.time()
            return function.body(CallContext(self.info, self.services, self.token, key, since), **arguments)

        return self.recorder.call(site, function.name, arguments, perform, blocking=function.blocking)

    def _kind(self, body: Body) -> str:
        if isinstance(body, Call):
            if body.function in self.document.routines:
                return "STEP_SUBWORKFLOW_CALL"
            if body.function.startswith("googleapis."):
                return "STEP_CONNECTOR_CALL"
        return _KINDS[type(body)]


def _next(step: Step) -> Signal:
    if step.jump is not None and step.jump.target == "end":
        return Returned(None)
    return step.jump


def _assign(_machine: Machine, frame: Frame, body: Assign) -> Signal:
    for target, template in body.assignments:
        frame.assign(target, frame.value(template))
    return None


def _call(machine: Machine, frame: Frame, body: Call) -> Signal:
    positional = [frame.value(template) for template in body.positional]
    named = {name: frame.value(template) for name, template in body.named}
    result = machine.apply(frame, body.function, positional, named)
    if body.result is not None:
        frame.assign(body.result, result)
    return None


def _switch(machine: Machine, frame: Frame, body: Switch) -> Signal:
    step = frame.branch.step
    for arm in body.arms:
        verdict = frame.value(arm.condition)
        if not isinstance(verdict, bool):
            raise failure("TypeError", f"a condition must be a boolean, not {type_name(verdict)}")
        if verdict:
            machine.history.mark(frame.routine, step, f"arm:{arm.name}")
            return machine.block(frame, arm.block)
    machine.history.mark(frame.routine, step, "arm:none")
    return None


def _raise(_machine: Machine, frame: Frame, body: Raise) -> Signal:
    payload = frame.value(body.value)
    if not isinstance(payload, str | dict):
        raise failure("TypeError", f"only a string or a map can be raised, not {type_name(payload)}")
    raise WorkflowError(payload)


def _return(_machine: Machine, frame: Frame, body: Return) -> Signal:
    return Returned(frame.value(body.value))


def _nested(machine: Machine, frame: Frame, body: Nested) -> Signal:
    return machine.block(frame, body.block)


def _nothing(_machine: Machine, _frame: Frame, _body: Nothing) -> Signal:
    return None


def _key(value: Value) -> str:
    if isinstance(value, str):
        return value
    raise failure("TypeError", f"map key must be a string, not {type_name(value)}")


_HANDLERS: dict[type, Callable[..., Signal]] = {
    Assign: _assign,
    Call: _call,
    Switch: _switch,
    Raise: _raise,
    Return: _return,
    Nested: _nested,
    Nothing: _nothing,
}


def handles(kind: type) -> Callable[[Callable[..., Signal]], Callable[..., Signal]]:
    """Declare the decorated function as the handler of a step kind (`blocks` has those of loops, parallel and try)."""

    def declare(handler: Callable[..., Signal]) -> Callable[..., Signal]:
        _HANDLERS[kind] = handler
        return handler

    return declare
