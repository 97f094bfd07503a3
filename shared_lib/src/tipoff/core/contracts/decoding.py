"""From untrusted bytes to typed structs: size, encoding, duplicate keys, non-finite numbers, depth, syntax, then shape.

A good document passes three cheap checks in C (msgspec decode, re-encode and count colons, cancel brackets). Only a
document that fails one of them is read again by the slow reader, which finds the reason. Measured: 2 s for the
7,611 documents (184 MB) of a season.
"""

import codecs
import json
import math
import re
import zlib
from typing import Annotated, Any, NoReturn

import msgspec

from tipoff.core.codes import Reason
from tipoff.core.contracts.results import DocumentRefused, RowRefused

MAX_BYTES = 32 * 2**20
MAX_DEPTH = 64
# Seven times the number in the largest known document (a season's schedule). A decoded value costs up to 70 bytes.
MAX_COMMAS = 500_000
MAX_VALUE_BYTES = 2**20
_PIECE_BYTES = 2**20
_GZIP_MAGIC = b"\x1f\x8b"
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_ESCAPED_COLON = b"\\u003"  # a colon can be written as this escape
# Possessive quantifiers, and a match for an unterminated text: no byte is read twice, so no document is slow.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_ONLY_SPACE = re.compile(rb"\s*")
_BETWEEN = re.compile(rb"[^,:\[\]{}]++")
_PATH_PART = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_TREE = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder()

Int = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]  # JSON numbers hold these exactly
PersonId = Annotated[int, msgspec.Meta(ge=1, le=2**53)]


def document_bytes(body: bytes, content_encoding: str | None) -> bytes:
    """The document's plain UTF-8 bytes, at most MAX_BYTES of them.

    Args:
        body: the object's stored bytes.
        content_encoding: the object's Content-Encoding; only `gzip` is ever inflated.

    Raises:
        DocumentRefused: empty_document, too_large or invalid_encoding.
    """
    if not body:
        raise DocumentRefused(Reason.EMPTY_DOCUMENT, "an object holds at least one byte")
    plain = _inflate(body) if content_encoding == "gzip" else body
    if content_encoding not in (None, "", "identity", "gzip"):
        raise DocumentRefused(Reason.INVALID_ENCODING, "only gzip is a known Content-Encoding", value=content_encoding)
    if len(plain) > MAX_BYTES:
        raise DocumentRefused(Reason.TOO_LARGE, f"a document holds at most {MAX_BYTES} bytes", value=len(plain))
    return plain


def plain_size_bytes(body: bytes, content_encoding: str | None) -> int:
    """The size of the document's plain bytes, found in the memory of one piece; of a bad body, that of a piece."""
    if content_encoding != "gzip":
        return len(body)
    try:
        return _inflated_size(body)
    except (DocumentRefused, zlib.error):
        return _PIECE_BYTES


def _inflate(body: bytes) -> bytes:
    """Inflate twice: first in pieces to find the size, then into a buffer of that size.

    So a decompression bomb needs the memory of one piece, and a document the memory of its own size.
    """
    try:
        return zlib.decompress(body, wbits=31, bufsize=max(_inflated_size(body), 1))
    except zlib.error as error:
        raise DocumentRefused(Reason.INVALID_ENCODING, "a gzip body inflates without error", value=error) from error


def _inflated_size(body: bytes) -> int:
    stream = zlib.decompressobj(wbits=31)
    size, rest = 0, body
    while not stream.eof:
        piece = len(stream.decompress(rest, _PIECE_BYTES))
        size, rest = size + piece, stream.unconsumed_tail
        if not piece and not rest:
            break  # cut short
        if size > MAX_BYTES:
            raise DocumentRefused(Reason.TOO_LARGE, f"a gzip body inflates to at most {MAX_BYTES} bytes")
    if not stream.eof or stream.unused_data:
        raise DocumentRefused(Reason.INVALID_ENCODING, "a gzip body is one whole member")
    return size


def json_bytes(body: bytes) -> bytes:
    """The same bytes, checked to be UTF-8 text that is not blank and has no byte-order mark.

    Raises:
        DocumentRefused: invalid_encoding, empty_document, or too_large (more values than any real document has).
    """
    if body.startswith((b"\xef\xbb\xbf", _GZIP_MAGIC)) or b"\0" in body[:4]:
        raise DocumentRefused(Reason.INVALID_ENCODING, "a JSON document is UTF-8 without a byte-order mark")
    if not body.isascii():
        _check_utf8(body)
    if _ONLY_SPACE.fullmatch(body):
        raise DocumentRefused(Reason.EMPTY_DOCUMENT, "a document holds more than white space")
    if len(body) > MAX_COMMAS and (commas := body.count(b",")) > MAX_COMMAS:
        raise DocumentRefused(Reason.TOO_LARGE, f"a document has at most {MAX_COMMAS} commas", value=commas)
    if len(body) > MAX_VALUE_BYTES and any(
        found.end() - found.start() > MAX_VALUE_BYTES for found in _BETWEEN.finditer(body)
    ):
        raise DocumentRefused(Reason.TOO_LARGE, f"a text or number has at most {MAX_VALUE_BYTES} bytes")
    return body


def _check_utf8(body: bytes) -> None:
    """Refuse (invalid_encoding) what is not UTF-8. Decoding the whole text could take four times its size."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), _PIECE_BYTES):
            decoder.decode(body[start : start + _PIECE_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise DocumentRefused(Reason.INVALID_ENCODING, "a JSON document is UTF-8", value=error.reason) from error


def check_json(body: bytes) -> Any:
    """The decoded tree of a strict JSON text.

    Raises:
        DocumentRefused: duplicate_key, non_finite, too_deep, invalid_json, invalid_encoding or wrong_type.
    """
    try:
        tree = _TREE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _diagnose(body, str(error))
    if _keys_are_unique(body, tree) and _is_shallow(body):
        return tree
    del tree  # the slow reader needs memory of its own
    _read_slowly(body)
    return _TREE.decode(body)


def _keys_are_unique(body: bytes, tree: Any) -> bool:
    """True if the keys are certainly unique: the encoded tree has as many colons as the text."""
    if _ESCAPED_COLON in body:
        return False
    try:
        return _ENCODER.encode(tree).count(b":") == body.count(b":")
    except (OverflowError, RecursionError, msgspec.EncodeError):
        return False


def _is_shallow(body: bytes) -> bool:
    brackets = body.translate(None, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return False


def _check_depth(body: bytes) -> None:
    depth = 0
    for token in _TOKEN.finditer(body):
        char = token.group()
        if char in (b"[", b"{"):
            depth += 1
            if depth > MAX_DEPTH:
                raise DocumentRefused(Reason.TOO_DEEP, f"a document nests at most {MAX_DEPTH} deep")
        elif char in (b"]", b"}"):
            depth -= 1
            if depth < 0:
                return  # not JSON: the slow reader finds the reason


def _unique(pairs: list[tuple[str, Any]]) -> None:
    """Check the keys of one object. Nothing of it is kept, so the slow reader builds no second tree."""
    keys = {key for key, _ in pairs}
    if len(keys) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise DocumentRefused(Reason.DUPLICATE_KEY, "a JSON object names each key once", field=twice)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise DocumentRefused(Reason.NON_FINITE, "numbers are finite", value=text)
    return number


def _no_constant(text: str) -> NoReturn:
    raise DocumentRefused(Reason.NON_FINITE, "numbers are finite", value=text)


_SLOW = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_constant=_no_constant,
    parse_float=_finite,
    parse_int=lambda text: int(text) if len(text) < 400 else 0,
)


def _read_slowly(body: bytes) -> str:
    """Decode with exact checks. Returns the text if depth, keys, numbers and syntax are right."""
    _check_depth(body)
    text = body.decode("utf-8")
    try:
        _SLOW.decode(text)
    except RecursionError as error:
        raise DocumentRefused(Reason.TOO_DEEP, f"a document nests at most {MAX_DEPTH} deep") from error
    except ValueError as error:
        raise DocumentRefused(Reason.INVALID_JSON, "a document is one JSON value", value=str(error)) from error
    return text


def _diagnose(body: bytes, message: str) -> NoReturn:
    """Raise with the reason why msgspec refused this text."""
    text = _read_slowly(body)
    if "out of range" in message:
        raise DocumentRefused(Reason.WRONG_TYPE, "a number fits its type", value=message)
    if re.search(r"\\u[dD][89abAB]", text) or re.search(r"\\u[dD][c-fC-F]", text):
        raise DocumentRefused(Reason.INVALID_ENCODING, "no half of a surrogate pair", value=message)
    raise DocumentRefused(Reason.INVALID_JSON, "a document is one JSON value", value=message)


def decode[T](body: bytes, shape: type[T]) -> T:
    """Typed document of strict JSON bytes. Unknown fields are ignored.

    Raises:
        DocumentRefused: any code of `check_json`, then schema (a missing field or another container) or wrong_type.
    """
    return typed(check_json(body), shape)


def typed[T](tree: Any, shape: type[T]) -> T:
    """Typed document of a strict JSON tree. Texts are not copied.

    Raises:
        DocumentRefused: schema or wrong_type, with the path and the value found there.
    """
    try:
        return msgspec.convert(tree, shape)
    except (msgspec.ValidationError, RecursionError) as error:
        code, field, rule = explain(str(error))
        raise DocumentRefused(code, rule, field, value_at(tree, field)) from error


def convert[T](raw: Any, shape: type[T]) -> T:
    """Typed row of a decoded JSON value.

    Raises:
        RowRefused: schema or wrong_type, with the path inside the row and the value found there.
    """
    try:
        return msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        code, field, rule = explain(str(error))
        raise RowRefused(code, field.removeprefix("$").removeprefix("."), value_at(raw, field), rule) from error


def explain(message: str) -> tuple[Reason, str, str]:
    """Code, path and rule from a msgspec validation message."""
    rule, _, path = message.partition(" - at `")
    containers = ("Expected `object`", "Expected `array`", "Object missing", "Invalid enum value")
    code = Reason.SCHEMA if rule.startswith(containers) else Reason.WRONG_TYPE
    return code, path.rstrip("`") or "$", rule


def value_at(tree: Any, path: str) -> object:
    """The value at a path such as `$.game.players[3].name`; empty text if there is none."""
    here = tree
    for key, index in _PATH_PART.findall(path):
        try:
            here = here[key] if key else here[int(index)]
        except (KeyError, IndexError, TypeError):
            return ""
    return here if isinstance(here, str | int | float | bool | None) else type(here).__name__
