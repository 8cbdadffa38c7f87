"""HTML and SVG as text: whatever is no markup is escaped here, once, and nowhere else."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from a4eval.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

_EMPTY = frozenset({"br", "col", "hr", "img", "input", "link", "meta"})
"""Elements of HTML that have no end tag."""
_ENDED = frozenset({"td", "th", "tr"})
"""Those whose end tag is left out, as quotes may be: a page has ten thousand of them."""
_SHAPES = frozenset({"circle", "image", "line", "path", "rect", "use"})
"""Elements of SVG that end at once where they hold nothing."""
_WORD = re.compile(r"[\w.+-]+")
"""What needs no quotes as an attribute of a cell."""
_SIMPLE = re.compile(r'="([\w.+#-]+)"(?=[ >])')
"""An attribute that needs none in HTML; in text there are no quotes that are not spelt out."""


class Markup(str):
    """Text that is markup already; only this module makes it of text."""

    __slots__ = ()


def escaped(value: object) -> Markup:
    """Return *value* as markup that shows it as it is; of markup nothing is changed.

    Characters that a browser would take for orders, such as marks that turn the direction of writing, are spelt out.

    >>> escaped('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    return value if isinstance(value, Markup) else Markup(html.escape(printable(str(value))))


def joined(parts: Iterable[object], between: str = "") -> Markup:
    """Return *parts* one after the other; None stands for nothing."""
    return Markup(escaped(between).join(escaped(one) for one in parts if one is not None))


def tag(name: str, /, *content: object, **attributes: Any) -> Markup:
    """Return an element.

    Args:
        name: of the element.
        content: text and markup; None stands for nothing.
        attributes: by name, with ``_`` for ``-`` and a last ``_`` left out; True stands for the name alone, None and
            False for nothing; numbers of SVG are cut to a tenth.

    >>> tag("a", "1 < 2", href="#x", data_row=3, hidden=False)
    '<a href="#x" data-row="3">1 &lt; 2</a>'
    """
    cell = name in _ENDED
    given = "".join(
        f" {_name(key)}" if value is True else f" {_name(key)}={_quoted(_text(value), cell=cell)}"
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _EMPTY:
        return Markup(f"<{name}{given}>")
    if cell:
        return Markup(f"<{name}{given}>{joined(content)}")
    inside = joined(content)
    if name in _SHAPES and not inside:
        return Markup(f"<{name}{given}/>")
    return Markup(f"<{name}{given}>{inside}</{name}>")


def _quoted(value: str, *, cell: bool) -> str:
    return value if cell and _WORD.fullmatch(value) else f'"{value}"'


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _text(value: Any) -> str:
    return short(value) if isinstance(value, float) else escaped(value)


def in_html(svg: Markup) -> Markup:
    """Return SVG as HTML may hold it, which is shorter: without a namespace, and without quotes around one word.

    >>> in_html(Markup('<svg xmlns="http://www.w3.org/2000/svg"><g class="f t" x="12.5"><rect width="3"/></g></svg>'))
    '<svg><g class="f t" x=12.5><rect width="3"/></g></svg>'
    """
    return Markup(_SIMPLE.sub(r"=\1", svg.replace(' xmlns="http://www.w3.org/2000/svg"', "")))


def short(number: float) -> str:
    """Return a coordinate with at most one digit after the point.

    >>> short(12.0), short(0.456)
    ('12', '0.5')
    """
    return f"{number:.1f}".removesuffix(".0")
