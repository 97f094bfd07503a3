"""HTML and SVG as values: text is escaped by construction, only `Markup` goes through as it is."""

from collections.abc import Iterable
from html import escape

type Child = Markup | str | int | Iterable[Markup]
type Attribute = str | int | float | bool | None

_VOID = frozenset({"meta", "input", "br", "circle", "line", "rect", "path"})


class Markup(str):
    """A string that is finished HTML; made by this module only."""

    __slots__ = ()


def element(tag: str, *children: Child, **attributes: Attribute) -> Markup:
    """An element. Attribute names: a trailing underscore is dropped, inner ones become hyphens.

    False and None leave an attribute out, True writes its bare name.
    """
    head = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID and not children:
        return Markup(f"<{tag}{head}>" if tag in ("meta", "input", "br") else f"<{tag}{head}/>")
    return Markup(f"<{tag}{head}>{join(*children)}</{tag}>")


def join(*children: Child) -> Markup:
    """Children one after the other, text escaped."""
    return Markup("".join(_child(child) for child in children))


def trusted(text: str) -> Markup:
    """Mark a constant of this package (style, script) as finished; never call it with data."""
    return Markup(text)


def _child(child: Child) -> str:
    if isinstance(child, Markup):
        return child
    if isinstance(child, str | int):
        return escape(str(child))
    return "".join(child)


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {written}"
    text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return f' {written}="{escape(text, quote=True)}"'
