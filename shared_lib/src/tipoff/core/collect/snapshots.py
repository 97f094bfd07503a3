"""Odds documents taken apart without touching a byte of an element: lists, and the historical envelope."""

import msgspec

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def elements(body: bytes) -> tuple[dict[str, bytes] | None, tuple[bytes, ...]]:
    """Envelope fields (None without one) and the elements, each exactly as it stands in the body.

    `data` may be a list or one object; among the envelope's fields it keeps its place, with empty bytes.

    Raises:
        msgspec.DecodeError: the body is neither a list nor an envelope.
    """
    if body.lstrip()[:1] == b"[":
        return None, tuple(bytes(raw) for raw in _LIST.decode(body))
    fields = {name: bytes(raw) for name, raw in _FIELDS.decode(body).items()}
    if "data" not in fields:
        return None, (body,)
    data = fields["data"]
    fields["data"] = b""
    return fields, (tuple(bytes(raw) for raw in _LIST.decode(data)) if data[:1] == b"[" else (data,))


def enclosed(envelope: dict[str, bytes] | None, element: bytes) -> bytes:
    """One element as a document of its own, the envelope repeated around it in its own order."""
    if envelope is None:
        return element
    parts = (msgspec.json.encode(name) + b":" + (element if name == "data" else raw) for name, raw in envelope.items())
    return b"{" + b",".join(parts) + b"}"
