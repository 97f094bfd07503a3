"""Import `Machine` from here: this module makes sure that the handlers of all step kinds are declared."""

from tipoff_local.workflows.engine import blocks
from tipoff_local.workflows.engine.machine import Machine

__all__ = ["Machine", "blocks"]
