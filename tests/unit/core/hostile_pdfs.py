"""Small PDFs that grow when they are read. Each is below 1 MB."""

import zlib
from collections.abc import Callable, Mapping

_TEXT = b"BT /F1 8 Tf 1 0 0 1 10 10 Tm (x) Tj ET\n"
_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
_FLATE = b"/Filter /FlateDecode"
_MEGABYTE = 2**20


def _pdf(*objects: bytes) -> bytes:
    """A PDF of numbered objects; the first is the catalog."""
    out, offsets = b"%PDF-1.7\n", []
    for number, text in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, text)
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + entries + trailer


def _stream(data: bytes, more: bytes = _FLATE) -> bytes:
    packed = zlib.compress(data, 9)
    return b"<<%b /Length %d>>\nstream\n%b\nendstream" % (more, len(packed), packed)


def _page(content: bytes, contents: bytes = b"4 0 R", form: bytes = _FONT) -> bytes:
    """One page drawn by `content`."""
    resources = b"/Resources<</Font<</F1 5 0 R>>/XObject<</X 6 0 R>>>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]%b/Contents %b>>" % (resources, contents)
    return _pdf(_CATALOG, b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, content, _FONT, form)


def _form(data: bytes) -> bytes:
    return _stream(data, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</Font<</F1 5 0 R>>>>" + _FLATE)


def _tree(kids: bytes, count: int) -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]>>"
    return _pdf(_CATALOG, b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, count), page)


HOSTILE: Mapping[str, Callable[[], bytes]] = {
    "blanks": lambda: _page(_stream(b" " * 50 * _MEGABYTE)),
    "a hex string": lambda: _page(_stream(b"BT /F1 8 Tf <" + b"41" * 25 * _MEGABYTE + b"> Tj ET")),
    "one string": lambda: _page(_stream(b"BT /F1 8 Tf (" + b"a" * 50 * _MEGABYTE + b") Tj ET")),
    "a string below the limits": lambda: _page(_stream(b"BT /F1 8 Tf (" + b"a" * 500_000 + b") Tj ET")),
    "an inline image": lambda: _page(_stream(b"BI /W 1 /H 1 /BPC 8 /CS /G ID " + b"a" * 50 * _MEGABYTE + b" EI")),
    "operators": lambda: _page(_stream(_TEXT * 1_000_000)),
    "operators below the limits": lambda: _page(_stream(_TEXT * 12_000)),
    "one stream many times": lambda: _page(_stream(_TEXT * 20_000), b"[" + b"4 0 R " * 500 + b"]"),
    "a form many times": lambda: _page(_stream(b"/X Do " * 2_000), form=_form(_TEXT * 2_000)),
    "nested arrays": lambda: _page(_stream(b"[" * 200_000)),
    "many pages": lambda: _tree(b"3 0 R " * 50_000, 50_000),
    "pages in a circle": lambda: _tree(b"2 0 R 2 0 R", 2),
}
