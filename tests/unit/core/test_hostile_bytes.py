"""Broken bytes: encodings, compression, syntax, numbers, depth; and what is no PDF."""

import gzip
import json
import time
import tracemalloc

import pypdf
import pytest
from pypdf.errors import DependencyError
from tests.unit.core import core_documents as d
from tests.unit.core.hostile_pdfs import HOSTILE

from tipoff import sources
from tipoff.core.codes import DocumentOutcome, Reason
from tipoff.core.contracts.decoding import document_bytes

TEXT = json.dumps(d.box())
BOMB = gzip.compress(b" " * (200 * 2**20), compresslevel=1)

BYTES: list[tuple[bytes, str | None, str]] = [
    (b"", None, "empty_document"),
    (b" \n\t ", None, "empty_document"),
    (b"\xef\xbb\xbf" + TEXT.encode(), None, "invalid_encoding"),
    (TEXT.encode("utf-16"), None, "invalid_encoding"),
    (TEXT.encode("utf-16-le"), None, "invalid_encoding"),
    (TEXT.encode("utf-32"), None, "invalid_encoding"),
    (TEXT.replace("Player A DET", "Jokić").encode("cp1250"), None, "invalid_encoding"),
    (TEXT.replace("Player A DET", "\\ud83d").encode(), None, "invalid_encoding"),
    (TEXT.replace("Player A DET", "\\udc00 x").encode(), None, "invalid_encoding"),
    (gzip.compress(TEXT.encode()), None, "invalid_encoding"),
    (gzip.compress(gzip.compress(TEXT.encode())), "gzip", "invalid_encoding"),
    (gzip.compress(TEXT.encode())[:-9], "gzip", "invalid_encoding"),
    (gzip.compress(TEXT.encode()) + b"more", "gzip", "invalid_encoding"),
    (TEXT.encode(), "gzip", "invalid_encoding"),
    (TEXT.encode(), "br", "invalid_encoding"),
    (BOMB, "gzip", "too_large"),
    (b"x" * (32 * 2**20 + 1), None, "too_large"),
    (TEXT.encode()[:-40], None, "invalid_json"),
    (TEXT.encode() * 2, None, "invalid_json"),
    (TEXT.encode().replace(b"}}", b"},}"), None, "invalid_json"),
    (b"<html>403</html>", None, "invalid_json"),
    (b"{'game': 1}", None, "invalid_json"),
    (TEXT.replace("Player A DET", "tab\tinside").encode(), None, "invalid_json"),
    (b'{"a": nan}', None, "invalid_json"),
    (b'{"a": NaN}', None, "non_finite"),
    (b'{"a": -Infinity}', None, "non_finite"),
    (b'{"a": 1e999}', None, "non_finite"),
    (TEXT.replace('"meta": {"version": 1}', '"meta": {"version": -1e400}').encode(), None, "non_finite"),
    (b'{"a": "\\ud83d\\ude00", "b": ' + b"9" * 5000 + b"}", None, "wrong_type"),
    (b'{"a": 1, "a": 1}', None, "duplicate_key"),
    (b'{"a": 1, "\\u0061": 1}', None, "duplicate_key"),
    (b'{"a": 1, "a": 1, "b": "\\u003a"}', None, "duplicate_key"),
    (b'{"a" : 1, "a" : 1, "b": "\\u0022:"}', None, "duplicate_key"),
    (TEXT.replace('"version": 1', '"version": 1, "version": 2').encode(), None, "duplicate_key"),
    (b"[" * 200_000, None, "too_deep"),
    (b'{"a":' * 5_000, None, "too_deep"),
    (TEXT.replace('"version": 1', '"version": ' + "[" * 99 + "]" * 99).encode(), None, "too_deep"),
    (b'"text"', None, "schema"),
    (b"null", None, "schema"),
    (b"12", None, "schema"),
    (b"[]", None, "schema"),
    (b"{}", None, "schema"),
]


@pytest.mark.parametrize(("body", "encoding", "reason"), BYTES)
def test_hostile_bytes_end_with_the_code_of_the_first_thing_wrong(
    body: bytes, encoding: str | None, reason: str
) -> None:
    parsed = sources.read(d.BOX_NAME, body, encoding)
    assert (parsed.outcome, parsed.reason) == (DocumentOutcome.QUARANTINED, reason)


@pytest.mark.parametrize("size", [1, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20, 32 * 2**20])
def test_a_gzip_body_up_to_the_limit_is_inflated_whole(size: int) -> None:
    assert document_bytes(gzip.compress(b" " * size, compresslevel=1), "gzip") == b" " * size


def test_a_decompression_bomb_stops_at_the_limit() -> None:
    tracemalloc.start()
    try:
        assert sources.read(d.BOX_NAME, BOMB, "gzip").reason is Reason.TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "body", [b"%PDF-1.7\n%nothing", b"not a pdf", b"%PDF-1.4" + b"\0" * 5000, b"%PDF-" + b"[" * 100_000]
)
def test_other_pdfs_are_quarantined(body: bytes) -> None:
    parsed = sources.read("nba-com/injury-report-pdf/2024-01-24/17/20240124T223000Z.pdf", body)
    assert parsed.outcome is DocumentOutcome.QUARANTINED and parsed.reason in (Reason.SCHEMA, Reason.INVALID_ENCODING)
    assert (
        sources.read("nba-com/injury-report-pdf/2024-01-24/17/20240124T223000Z.pdf", b"%PDF-" * 2**20).reason
        == "too_large"
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_a_pdf_that_grows_is_refused_in_bounds(name: str) -> None:
    body = HOSTILE[name]()
    tracemalloc.start()
    started_s = time.process_time()
    try:
        parsed = sources.read("nba-com/injury-report-pdf/2024-01-24/17/20240124T223000Z.pdf", body)
        grown_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert parsed.outcome is DocumentOutcome.QUARANTINED and parsed.reason in (Reason.SCHEMA, Reason.TOO_LARGE)
    assert grown_bytes < 64 * 2**20
    assert time.process_time() - started_s < 8  # two seconds; tracing takes four times as long


def test_an_encrypted_pdf_is_quarantined(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DependencyError("cryptography>=3.1 is required for AES algorithm")

    monkeypatch.setattr(pypdf, "PdfReader", refuse)
    parsed = sources.read("nba-com/injury-report-pdf/2024-01-24/17/20240124T223000Z.pdf", b"%PDF-1.7")
    assert (parsed.outcome, parsed.reason) == (DocumentOutcome.QUARANTINED, Reason.SCHEMA)
