"""Named points before and after each external write, where a crash test can kill the process.

`TIPOFF_FAILPOINT="storage.copy:after#2"` dies with SIGKILL at the second hit of that point. Each write has an entry in
WRITES, and stands in a block `with around(...)`; tests/contract/test_failpoints.py finds those that do not.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, get_args

from tipoff.core.errors import ConfigInvalid

_LOCAL = "local"

type Write = Literal[
    "bigquery.append",
    "bigquery.rebuild",
    "pubsub.publish",
    "storage.copy",
    "storage.delete",
    "storage.write",
    "workflows.start",
]
WRITES: tuple[str, ...] = get_args(Write.__value__)
POINTS = tuple(f"{write}:{when}" for write in WRITES for when in ("before", "after"))


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
    if name not in POINTS:
        raise ConfigInvalid("unknown_failpoint", f"{name} is not among {', '.join(POINTS)}")
    return _Armed(name, int(count or "1"))


_armed: _Armed | None = None


def arm(value: str, environment: str) -> None:
    """Arm the n-th hit of a point, given as `name#n`.

    Raises:
        ConfigInvalid: there is no such point, or it is armed outside the environment `local`.
    """
    global _armed
    _armed = _parse(value, environment)


@contextmanager
def around(write: Write) -> Iterator[None]:
    """Stands around one external write: may crash before it, and after it has succeeded."""
    _pass(f"{write}:before")
    yield
    _pass(f"{write}:after")


def _pass(name: str) -> None:
    """Kill the process by SIGKILL if this point is armed. No `finally` block runs, as in a real crash."""
    if _armed is None or _armed.name != name:
        return
    _armed.hits_left -= 1
    if _armed.hits_left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
