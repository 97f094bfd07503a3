"""Records every call of an execution, and answers calls from an earlier record.

Branches of an execution run in threads, but only the thread that holds the interpreter lock interprets steps. A thread
releases the lock while its call waits. Calls are recorded in the order in which threads take the lock again, and a
replay takes it in the same order. So the result of an execution follows from its record alone, even with parallel
branches and shared variables.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tipoff_local.workflows.engine.journal import CallRecord, CallSite, History, Journal
from tipoff_local.workflows.language.errors import WorkflowError
from tipoff_local.workflows.language.values import Value, canonical

_START = "branch.start"
_STUCK_SECONDS = 10.0


class Diverged(Exception):
    """A replay made other calls than the record has; the message names the first difference."""


class CallRecorder:
    """Orders and records the calls of one execution.

    Args:
        journal: where records are kept; None keeps none.
        recorded: finished calls of an earlier run of the same execution.
        replay_only: raise Diverged for a call that is not in `recorded`, instead of making it.
    """

    def __init__(
        self,
        journal: Journal | None,
        execution: str,
        history: History,
        recorded: Sequence[CallRecord] = (),
        *,
        replay_only: bool = False,
    ) -> None:
        self._journal = journal
        self._execution = execution
        self._history = history
        self._recorded = recorded
        self._known = {(r.site.thread, r.site.seq): r for r in recorded}
        self._cursor = 0
        self._ordinal = len(recorded)
        self._replay_only = replay_only
        self._diverged = ""
        self._lock = threading.Condition(threading.Lock())

    def begin_branch(self, site: CallSite) -> None:
        """Take the interpreter lock for a branch that starts; a recorded start waits for its turn.

        Raises:
            Diverged: the record has no such start; the lock is not held then.
        """
        self._lock.acquire()
        try:
            if self._take_record(site, _START, "{}") is None:
                self._keep(CallRecord(site, _START, "{}", True, "null"))
        except Diverged:
            self._lock.release()
            raise

    def end_branch(self, thread: str, *, whole: bool) -> None:
        """End a branch: check that all of its recorded calls were made, and release the lock.

        Args:
            whole: check the calls of all branches.

        Raises:
            Diverged: recorded calls of the branch were not made.
        """
        try:
            left = self._recorded[self._cursor :]
            missed = next((r for r in left if whole or r.site.thread == thread), None)
            if missed is not None:
                raise self._divergence(f"recorded call {missed.call} of step {missed.site.step!r} was not made")
        finally:
            self._lock.release()

    def abandon_branch(self) -> None:
        """Release the lock at the end of a branch that was interrupted."""
        self._lock.release()

    @contextmanager
    def unlocked(self) -> Iterator[None]:
        """Release the lock during a wait."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()

    def call(
        self,
        site: CallSite,
        name: str,
        arguments: dict[str, Value],
        perform: Callable[[float], Value],
        *,
        blocking: bool,
    ) -> Value:
        """The outcome of a call: from the record, or from `perform(first_started_s)`, then recorded.

        Raises:
            WorkflowError: the call's own error, live or recorded.
            Diverged: another call was recorded at this place.
        """
        text = canonical(arguments)
        known = self._take_record(site, name, text)
        record = known or self._live(site, name, text, perform, blocking)
        if record.ok:
            return record.value
        raise WorkflowError(record.value)

    def _live(
        self, site: CallSite, name: str, arguments: str, perform: Callable[[float], Value], blocking: bool
    ) -> CallRecord:
        started_s = 0.0
        if blocking and self._journal is not None:
            self._history.flush()
            started_s = self._journal.note(self._execution, site, name, arguments)
        ok, value = self._performed(perform, started_s, blocking)
        record = CallRecord(site, name, arguments, ok, canonical(value))
        self._wait(lambda: self._cursor >= len(self._recorded))
        self._keep(record)
        return record

    def _performed(self, perform: Callable[[float], Value], started_s: float, blocking: bool) -> tuple[bool, Value]:
        try:
            if not blocking:
                return True, perform(started_s)
            with self.unlocked():
                return True, perform(started_s)
        except WorkflowError as error:
            return False, error.payload

    def _keep(self, record: CallRecord) -> None:
        if self._journal is not None:
            self._journal.record(self._execution, self._ordinal, record)
        self._ordinal += 1

    def _take_record(self, site: CallSite, name: str, arguments: str) -> CallRecord | None:
        known = self._known.get((site.thread, site.seq))
        if known is None:
            if self._replay_only:
                raise self._divergence(f"step {site.step!r} calls {name}, which was not recorded")
            return None
        if (known.call, known.arguments, known.site.step) != (name, arguments, site.step):
            was, now = (
                f"{known.call} {known.arguments} in {known.site.step!r}",
                f"{name} {arguments} in {site.step!r}",
            )
            raise self._divergence(f"recorded {was}, now {now}")
        self._wait(lambda: self._recorded[self._cursor] is known)
        self._cursor += 1
        self._lock.notify_all()
        return known

    def _wait(self, ready: Callable[[], bool]) -> None:
        if not self._lock.wait_for(lambda: bool(self._diverged) or ready(), timeout=_STUCK_SECONDS):
            raise self._divergence("the recorded order of calls cannot be followed")
        if self._diverged:
            raise Diverged(self._diverged)

    def _divergence(self, difference: str) -> Diverged:
        self._diverged = self._diverged or difference
        self._lock.notify_all()
        return Diverged(self._diverged)
