"""Counts what the stand-ins are used for, in the units that Google bills.

Each process of the local cloud appends to a file of its own in one folder, a JSON line for each operation. A line is
appended in one write, so the files are right whenever they are read, also after a kill.
"""

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

FOLDER = "usage"
# Cloud Run logs each request: https://cloud.google.com/run/docs/logging#request-logs. The size is an assumption.
REQUEST_LOG_BYTES = 800


class Used(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one operation used.

    Attributes:
        at: the instant of its end, in seconds since the epoch.
        cause: what asked for it: a workflow, a subscription, a topic or a bucket, as deployed.
        function: the service that asked for it or did it, if known.
        amounts: by unit, such as `pubsub_bytes`.
    """

    at: float
    cause: str
    amounts: dict[str, float]
    function: str = ""


class UsageLog:
    """Appends to the file `<folder>/<name>.jsonl`; without a folder nothing is kept. Thread-safe."""

    def __init__(self, folder: Path | None, name: str) -> None:
        self._file = -1
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(folder / f"{name}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def add(self, cause: str, function: str = "", **amounts: float) -> None:
        """Record what an operation has just used."""
        if self._file >= 0:
            used = Used(time.time(), cause, amounts, function)
            os.write(self._file, msgspec.json.encode(used) + b"\n")


def read_usage(folder: Path, start_s: float, end_s: float) -> Iterator[Used]:
    """What was used from `start_s` until before `end_s` (seconds since the epoch), in no order."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open("rb") as lines:
            for line in lines:
                used = msgspec.json.decode(line, type=Used)
                if start_s <= used.at < end_s:
                    yield used


def last_part(path: str) -> str:
    """The id at the end of a resource name."""
    return path.rpartition("/")[2]


def sum_of(amounts: Iterator[Mapping[str, float]]) -> dict[str, float]:
    """The sum of amounts, unit by unit."""
    total: dict[str, float] = {}
    for each in amounts:
        for unit, amount in each.items():
            total[unit] = total.get(unit, 0) + amount
    return total
