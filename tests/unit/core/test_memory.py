"""A bomb costs little memory: over the limit a piece of it, below the limit not much more than its own bytes."""

import gzip
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tipoff import sources
from tipoff.core.reading import MAX_REJECTS

MEGABYTE = 2**20
BOX = "nba-com/boxscores/2023-10-25/0022300072/20231026T040700Z.json"
PROPS = "odds-api/player-props/2024-03-09/c7459db77d25feffd478ae5ed85a8e7c-UTADEN/20240309T152901Z.json"
PROPS_HEAD = (
    b'{"id":"c7459db77d25feffd478ae5ed85a8e7c","sport_key":"basketball_nba","commence_time":"2024-03-10T02:00:00Z",'
    b'"home_team":"Denver Nuggets","away_team":"Utah Jazz","bookmakers":[{"key":"x","markets":[{"key":"player_points",'
    b'"outcomes":['
)
# Peak resident memory of a fresh process, before and after it read the document; growth in MB.
CHILD = """
import resource, sys
from pathlib import Path
from tipoff import sources
data = Path(sys.argv[1]).read_bytes()
sources.read(sys.argv[2], b'{"a": 1}')
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = sources.read(sys.argv[2], data, "gzip")
unit = 2**20 if sys.platform == "darwin" else 2**10
print(found.outcome, found.reason, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // unit)
"""


def filled(unit: bytes, before: bytes = b"", after: bytes = b"", size: int = 31 * MEGABYTE) -> bytes:
    return before + unit * ((size - len(before) - len(after)) // len(unit)) + after


GAME = b'{"gameId":"0022400001","homeTeam":{"teamId":1610612765,"teamTricode":"DET","teamCity":"Detroit","score":0}},'
# Filled when their test runs: each worker imports this module, and together they are 400 MB.
BOMBS = {
    "blanks beyond the limit": (partial(filled, b" ", size=200 * MEGABYTE), "too_large"),
    "blanks": (partial(filled, b" "), "empty_document"),
    "ten million objects": (partial(filled, b"{},", b"[", b"{}]"), "too_large"),
    "one long text": (partial(filled, "\N{BASKETBALL AND HOOP}".encode(), b'{"a":"', b'"}'), "too_large"),
    "one long number": (partial(filled, b"9", b"[", b"]"), "too_large"),
    "five million equal keys": (partial(filled, b'"a":1,', b"{", b'"a":1}'), "too_large"),
    "a key repeated after six megabytes": (
        partial(filled, GAME, b'{"games":[', b'{}],"games":[]}', size=6 * MEGABYTE),
        "duplicate_key",
    ),
    "brackets": (partial(filled, b"["), "too_deep"),
    "the last byte is no UTF-8": (partial(filled, "é".encode(), b'{"a":"', b'\xff"}'), "invalid_encoding"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_decompression_bomb_adds_less_than_64_megabytes(tmp_path: Path, bomb: str) -> None:
    body, reason = BOMBS[bomb]
    (tmp_path / "bomb").write_bytes(gzip.compress(body(), 1))

    command = [sys.executable, "-c", CHILD, str(tmp_path / "bomb"), BOX]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert told[:2] == ["quarantined", reason]
    assert int(told[2]) < 64


def test_a_document_of_only_bad_rows_is_rejected_once() -> None:
    rows = [b'{"name":"Over"}'] * (MAX_REJECTS + 1)

    flood = sources.read(PROPS, PROPS_HEAD + b",".join(rows) + b"]}]}]}")
    most = sources.read(PROPS, PROPS_HEAD + b",".join(rows[1:]) + b"]}]}]}")

    assert (flood.outcome, flood.reason, flood.rows_in) == ("quarantined", "schema", 1)
    assert (most.outcome, most.rows_in, most.rows_rejected) == ("accepted", MAX_REJECTS, MAX_REJECTS)


@pytest.mark.parametrize("key", ["\\ud800", "k" * 100_000, "\\u0000\\n"])
def test_the_reject_of_a_hostile_key_is_short_and_printable(key: str) -> None:
    parsed = sources.read(BOX, f'{{"{key}": 1, "{key}": 2}}'.encode())

    assert parsed.reason == "duplicate_key"
    assert len(parsed.rejects[0].field) <= 120 and parsed.rejects[0].field.isprintable()


MILLION = 10**6
TEDIOUS = {
    "long keys": (b'{"' + b"k" * MILLION + b'":1,"' + b"k" * MILLION + b'":2}', "duplicate_key"),
    "a text of quotes that never ends": (b'{"a":"' + b'\\"' * (MILLION // 4), "invalid_json"),
    "quotes": (b'"' * MILLION, "invalid_json"),
    "closing brackets": (b"]" * MILLION, "invalid_json"),
    "signs": (b"[" + b"-" * MILLION + b"]", "invalid_json"),
    "escaped colons": (b'{"\\u003a":1' + b',"b":"\\u003a"' * 100_000 + b"}", "duplicate_key"),
}


@pytest.mark.parametrize("name", TEDIOUS)
@pytest.mark.timeout(20)
def test_no_document_takes_longer_than_its_length(name: str) -> None:
    """What looks twice at each place of a text needs minutes for a million of them."""
    body, reason = TEDIOUS[name]

    assert sources.read(BOX, body).reason == reason
