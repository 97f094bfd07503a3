"""Variables of a running execution: nested scopes over one memory meter (docs: Variables; Quotas and limits)."""

from tipoff_local.workflows.language.errors import WorkflowError, failure
from tipoff_local.workflows.language.limits import LIMITS
from tipoff_local.workflows.language.values import Value, replace_at, size


class Meter:
    """Counts the bytes of all variables of one execution; above the limit an assignment is a ResourceLimitError."""

    def __init__(self) -> None:
        self.used_bytes = 0

    def charge(self, delta_bytes: int) -> None:
        """Add memory, or release it with a negative number."""
        if delta_bytes > 0 and self.used_bytes + delta_bytes > LIMITS.memory_bytes:
            raise failure("ResourceLimitError", f"variables need more than {LIMITS.memory_bytes} bytes")
        self.used_bytes += delta_bytes


class Variables:
    """One scope. Values are shared, never changed in place: see `values`."""

    def __init__(self, meter: Meter, outer: "Variables | None" = None) -> None:
        self._meter = meter
        self._outer = outer
        self._values: dict[str, Value] = {}
        self._sizes: dict[str, int] = {}

    def child(self) -> "Variables":
        """A scope inside this one; close it when its block ends."""
        return Variables(self._meter, self)

    def sibling(self) -> "Variables":
        """An independent scope, for a called subworkflow."""
        return Variables(self._meter)

    def close(self) -> None:
        """Release the scope's memory."""
        self._meter.charge(-sum(self._sizes.values()))
        self._sizes.clear()

    def find(self, name: str) -> "Variables | None":
        """The innermost scope that holds a variable."""
        scope: Variables | None = self
        while scope is not None and name not in scope._values:
            scope = scope._outer
        return scope

    def get(self, name: str) -> Value:
        """The value of a variable; a KeyError map if it was not assigned yet."""
        scope = self.find(name)
        if scope is None:
            raise failure("KeyError", f"variable {name} was not assigned")
        return scope._values[name]

    def define(self, name: str, value: Value) -> None:
        """Set a variable of this scope (parameters, loop variables, `as`)."""
        needed = size(value)
        self._meter.charge(needed - self._sizes.get(name, 0))
        self._sizes[name] = needed
        self._values[name] = value

    def assign(self, name: str, path: list[Value], value: Value) -> None:
        """Assign to a variable or to an element of it, in the scope that holds it; a new one is made in this scope."""
        scope = self.find(name) or self
        try:
            scope.define(name, replace_at(scope._values.get(name), path, value))
        except (LookupError, TypeError) as error:
            raise _assignment_fault(error) from error


def _assignment_fault(error: Exception) -> WorkflowError:
    return failure("IndexError" if isinstance(error, LookupError) else "TypeError", str(error))
