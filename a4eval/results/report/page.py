"""The page around the sections: what it looks like, what it may do, and what is in it."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from a4eval import __version__
from a4eval.drawing import colours
from a4eval.markup import Markup, joined, tag
from a4eval.results.report import gallery, tables

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page.

    Args:
        name: its id.
        title: what stands above it.
        content: markup.
        class_: of the style sheet: warn, error or none.
        under: id and title of what is in it, for the contents.
    """

    name: str
    title: str
    content: Markup
    class_: str | None = None
    under: tuple[tuple[str, str], ...] = ()

    def markup(self) -> Markup:
        """Return the section."""
        title = tag("h2", self.title, id=f"{self.name}-title")
        return tag(
            "section", title, self.content, id=self.name, class_=self.class_, aria_labelledby=f"{self.name}-title"
        )


def page(title: str, top: Markup, sections: Sequence[Section], *, scripts: bool = True, served: str = "") -> str:
    """Return a whole page: one file that asks nobody for anything.

    Args:
        title: of the window.
        top: what stands first.
        sections: what follows.
        scripts: with sorting, filtering and hovering.
        served: of a page that comes from a server: the script that turns to it again, to keep the page up to date.
    """
    script = code(served) if scripts else None
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=Markup(policy(script, served=bool(served)))),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="generator", content=f"a4eval {__version__}"),
        tag("title", title),
        tag("style", Markup(style_sheet())),
    )
    body = tag(
        "body",
        tag("a", "skip the contents", href="#main", class_="skip"),
        tag(
            "div",
            contents(sections),
            tag("main", top, *(one.markup() for one in sections), _foot(served=bool(served)), id="main"),
            class_="whole",
        ),
        tag("div", id="said", role="status", class_="skip"),
        tag("script", Markup(script)) if script else None,
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


@cache
def policy(script: str | None, *, served: bool = False) -> str:
    """Return the content policy of a page: its own style and script, pictures that are part of it, and nothing else.

    Args:
        script: its script, if it has one.
        served: it may ask the server that it came from.
    """
    allowed = f"style-src '{_hash(style_sheet())}'; img-src data:; base-uri 'none'"
    asks = "form-action 'self'; connect-src 'self'" if served else "form-action 'none'"
    return f"default-src 'none'; {allowed}; {asks}; script-src '{_hash(script) if script else 'none'}'"


@cache
def code(more: str = "") -> str:
    """Return the script of a page, and *more* after it."""
    return _file("script.js") + more


@cache
def style_sheet() -> str:
    """Return the style sheet: the page, the colours of pictures on light and dark ground, layers that are hidden."""
    rules = {"@COLOURS@": colours, "@LAYERS@": gallery, "@COLUMNS@": tables}
    found = _file("style.css")
    for place, of in rules.items():
        found = found.replace(place, of.style_rules())
    return re.sub(r"\s*([{};])\s*", r"\1", found)


@cache
def _file(name: str) -> str:
    lines = resources.files(__package__).joinpath(name).read_text("utf-8").splitlines()
    return "\n".join(line.strip() for line in lines if line.strip() and not line.strip().startswith("//"))


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def contents(sections: Sequence[Section]) -> Markup:
    """Return the list of what is in a page."""
    listed = []
    for one in sections:
        under = [tag("li", tag("a", title, href=f"#{name}")) for name, title in one.under]
        listed.append(
            tag("li", tag("a", one.title, href=f"#{one.name}"), tag("ul", *under, class_="under") if under else None)
        )
    return tag("nav", tag("ul", *listed), class_="contents", aria_label="contents")


def _foot(*, served: bool) -> Markup:
    said = "; it is read, and nothing is written" if served else " alone; it asks no server for anything"
    return tag("footer", joined(["made by a4eval ", __version__, " from the records", said]))
