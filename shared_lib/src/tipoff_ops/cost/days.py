"""When a date was played: a local cloud plays the dates of a season within minutes, so usage has other instants."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import msgspec

from tipoff_local.usage import FOLDER

_FILE = "days.ndjson"


class PlayedSpan(msgspec.Struct, frozen=True):
    """One span of real time, in seconds since the epoch, in which a date was played."""

    game_date: date
    start_s: float
    end_s: float


@contextmanager
def playing(data: Path, game_date: date) -> Iterator[None]:
    """Record that a date is played in the block. `data` is the data folder of the local cloud."""
    start_s = time.time()
    yield
    span = PlayedSpan(game_date, start_s, time.time())
    with (data / FOLDER / _FILE).open("ab") as file:
        file.write(msgspec.json.encode(span) + b"\n")


def played_days(data: Path) -> dict[date, list[tuple[float, float]]]:
    """The spans of each played date."""
    found: dict[date, list[tuple[float, float]]] = defaultdict(list)
    path = data / FOLDER / _FILE
    for line in path.read_bytes().splitlines() if path.exists() else ():
        span = msgspec.json.decode(line, type=PlayedSpan)
        found[span.game_date].append((span.start_s, span.end_s))
    return found
