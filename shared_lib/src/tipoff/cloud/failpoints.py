"""Named points before and after each external write, where a crash test can kill the process.

`TIPOFF_FAILPOINT="storage.copy:after#2"` dies with SIGKILL at the second hit of that point.
"""

import os
import signal
from dataclasses import dataclass

from tipoff.core.errors import ConfigInvalid

_LOCAL = "local"


@dataclass
class _Armed:
    name: str
    hits_left: int


def _parse(value: str, environment: str) -> _Armed | None:
    if not value:
        return None
    if environment != _LOCAL:
        raise ConfigInvalid("failpoint_outside_local", "TIPOFF_FAILPOINT is set outside the local environment")
    name, _, count = value.partition("#")
    return _Armed(name, int(count or "1"))


_armed: _Armed | None = None


def arm(value: str, environment: str) -> None:
    """Arm the n-th hit of a point, given as `name#n`.

    Raises:
        ConfigInvalid: a point is armed outside the environment `local`.
    """
    global _armed
    _armed = _parse(value, environment)


def failpoint(name: str) -> None:
    """Kill the process by SIGKILL if this point is armed. No `finally` block runs, as in a real crash."""
    if _armed is None or _armed.name != name:
        return
    _armed.hits_left -= 1
    if _armed.hits_left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
