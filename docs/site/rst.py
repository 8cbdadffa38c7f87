"""Pieces of reStructuredText."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sphinx.ext.napoleon import Config, GoogleDocstring

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def heading(text: str, line: str = "=") -> str:
    """Return a heading."""
    return f"{text}\n{line * len(text)}\n"


def code(text: object) -> str:
    """Return a literal within a line."""
    return f"``{text}``" if str(text).strip() == str(text) and str(text) else ""


def escaped(text: str) -> str:
    """Return text in which no character is markup."""
    return re.sub(r"([\\*`_|])", r"\\\1", text)


def table(names: Sequence[str], rows: Iterable[Sequence[str]], widths: str = "auto") -> str:
    """Return a table; cells are markup of one line."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in (names, *rows):
        lines += [f"   {'* -' if not place else '  -'} {cell}" for place, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def block(text: str, language: str = "text") -> str:
    """Return a block of code."""
    body = "\n".join(f"   {line}" for line in text.splitlines())
    return f".. code-block:: {language}\n\n{body}\n"


def plain(text: str) -> str:
    """Return a docstring of ours, in which only literals and roles are markup: a star multiplies."""
    lines, in_example = [], False
    for line in text.split("\n"):
        in_example = line.lstrip().startswith(">>>") or (in_example and bool(line.strip()))
        pieces = re.split(r"(``.*?``|:\w+:`.*?`)", line)
        shown = (one if place % 2 else re.sub(r"([*|])", r"\\\1", one) for place, one in enumerate(pieces))
        lines.append(line if in_example else "".join(shown))
    return "\n".join(lines)


def docstring(text: str) -> str:
    """Return a docstring of ours as markup."""
    made = str(GoogleDocstring(plain(text), Config(napoleon_numpy_docstring=False)))
    return f"{made.strip()}\n\n"
