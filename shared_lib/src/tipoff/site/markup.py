"""HTML and SVG as values. All text is escaped, except `Markup`."""

from collections.abc import Iterable
from html import escape

type Child = Markup | str | int | Iterable[Markup]
type Attribute = str | int | float | bool | None

_VOID = frozenset({"meta", "input", "br", "circle", "line", "rect", "path"})


class Markup(str):
    """Finished HTML. Only this module creates it."""

    __slots__ = ()


def element(tag: str, *children: Child, **attributes: Attribute) -> Markup:
    """An element. In attribute names, a trailing underscore is dropped and others become hyphens.

    False and None omit an attribute. True writes its name only.
    """
    head = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID and not children:
        return Markup(f"<{tag}{head}>" if tag in ("meta", "input", "br") else f"<{tag}{head}/>")
    return Markup(f"<{tag}{head}>{join(*children)}</{tag}>")


def join(*children: Child) -> Markup:
    """The children in order, with escaped text."""
    return Markup("".join(_child(child) for child in children))


def trusted(text: str) -> Markup:
    """Mark a constant of this package (style, script) as finished HTML. Never call it with data."""
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
