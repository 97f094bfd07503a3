"""The whole interpreter: the machine with every step kind declared. Import `Machine` from here."""

from tipoff_local.workflows import blocks
from tipoff_local.workflows.machine import Machine

__all__ = ["Machine", "blocks"]
