"""Mutated documents: whatever is done to one, it ends accepted or with a code, and never with an exception."""

import copy
import gc
import json
import random
import tracemalloc
import zipfile
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.core import core_documents as d

from tipoff import sources
from tipoff.core.codes import DocumentOutcome, Reason

LONG = 100_000
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        [
            "",
            "NaN",
            "2024-13-45T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "0001-01-01T00:00:00+14:00",
            "PT99M99.99S",
            [],
            {},
            [[]],
            {"a": 1},
        ]
    ),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of everything inside a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [deeper for key, inner in items for deeper in places(inner, (*path, key))]


def texts(document: Any) -> list[tuple[Any, ...]]:
    """Paths of the texts inside a document."""
    return [path for path in places(document) if isinstance(reduce(getitem, path, document), str)]


def change(document: Any, path: tuple[Any, ...], action: str, value: Any) -> None:
    for key in path[:-1]:
        document = document[key]
    if action == "drop":
        del document[path[-1]]
    elif action == "repeat" and isinstance(document, list):
        document.append(copy.deepcopy(document[path[-1]]))
    elif action == "rename" and isinstance(document, dict):
        document[str(value)[:6]] = document.pop(path[-1])
    else:
        document[path[-1]] = value


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(d.ALL)),
    st.integers(0, 10**6),
    st.sampled_from(["set", "set", "drop", "repeat", "rename"]),
    VALUES,
)
def test_one_thing_changed_anywhere(name: str, place: int, action: str, value: Any) -> None:
    document = copy.deepcopy(d.ALL[name])
    paths = places(document)
    change(document, paths[place % len(paths)], action, value)
    parsed = sources.read(name, json.dumps(document).encode("utf-8", "surrogatepass"))
    assert parsed.outcome in DocumentOutcome and (parsed.reason is None or parsed.reason in Reason)
    assert parsed.rows_in == parsed.rows_out + parsed.rows_rejected
    assert parsed.tables == () or parsed.outcome is DocumentOutcome.ACCEPTED


def test_real_documents_with_one_thing_changed(corpus: Path) -> None:
    """A fixed draw: 300 changes to 30 real documents."""
    draw = random.Random(20240124)
    with zipfile.ZipFile(corpus / "landing-2023-24.zip") as archive:
        names = [name for name in archive.namelist() if archive.getinfo(name).file_size < 40_000]
        real = {name: json.loads(archive.read(name)) for name in draw.sample(names, 30)}
    for name, whole in real.items():
        paths = places(whole)
        for _ in range(10):
            document = copy.deepcopy(whole)
            value: Any = draw.choice([None, True, -1, 10**20, 1.5, "", "NaN", [], {}, float("nan"), "\ud800"])
            change(document, draw.choice(paths), draw.choice(["set", "drop", "repeat", "rename"]), value)
            parsed = sources.read(name, json.dumps(document).encode())
            assert parsed.outcome in DocumentOutcome and parsed.rows_in == parsed.rows_out + parsed.rows_rejected


@pytest.mark.parametrize("name", sorted(d.ALL))
def test_no_text_of_a_document_is_remembered(name: str) -> None:
    """A cache keyed by a name or a reason kept thousands of them, however long (an instance reads for days)."""
    sources.read(name, json.dumps(d.ALL[name]).encode())
    tracemalloc.start()
    try:
        for path in texts(d.ALL[name]):
            document = copy.deepcopy(d.ALL[name])
            change(document, path, "set", "x" * LONG)
            sources.read(name, json.dumps(document).encode())
        del document
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < LONG
    finally:
        tracemalloc.stop()


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(d.ALL)), st.integers(0, 10**6), st.binary(max_size=4), st.integers(0, 8))
def test_bytes_changed_anywhere(name: str, place: int, piece: bytes, cut: int) -> None:
    body = json.dumps(d.ALL[name]).encode()
    place %= len(body)
    parsed = sources.read(name, body[:place] + piece + body[place + cut :])
    assert parsed.outcome in DocumentOutcome and parsed.rows_in == parsed.rows_out + parsed.rows_rejected
