"""Whatever a4eval prints goes through here, so that no text of a stranger's reaches the terminal as a command to it."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO
from unicodedata import category, east_asian_width

from a4eval.environment import hidden


def printable(text: str) -> str:
    r"""Return *text* as a terminal shows it and nothing else.

    Escapes, carriage returns, marks that turn the direction of writing and half surrogates are spelt out; values of
    environment variables that a config used are hidden.  Line breaks and tabs stay.

    >>> printable("red \x1b[31m, turned \u202e, back \r")
    'red \\x1b[31m, turned \\u202e, back \\r'
    """
    text = str(hidden(text))
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(one if one.isprintable() or one in "\n\t" else one.encode("unicode_escape").decode() for one in text)


_screen: TextIO | None = None


def show_on(handle: int | None) -> None:
    """From here on remarks go to the file descriptor *handle*; with None to standard error again.

    What a run prints is caught; what we say meanwhile is not part of it.
    """
    global _screen  # noqa: PLW0603  (there is one terminal)
    if _screen is not None:
        _screen.close()
    encoding = getattr(sys.stderr, "encoding", None)
    _screen = None if handle is None else os.fdopen(os.dup(handle), "w", 1, encoding=encoding, errors="replace")


def screen() -> TextIO:
    """Return the stream that people look at beside standard output."""
    return _screen or sys.stderr


WIDTH_OF_A_FILE = 120
_STYLES = {"bold": "1", "dim": "2", "green": "1;32", "yellow": "1;33", "red": "1;31"}


def screen_width() -> int:
    """Return how many columns there are: of the terminal, as ``COLUMNS`` says, or enough for a file or a pipe."""
    return shutil.get_terminal_size((WIDTH_OF_A_FILE, 24)).columns


def columns_taken(text: str) -> int:
    """Return how many columns a text takes.

    >>> columns_taken("pixels²"), columns_taken("猫"), columns_taken("e\u0301")
    (7, 2, 1)
    """
    if text.isascii():
        return len(text)
    wide = sum(east_asian_width(one) in "WF" for one in text)
    return len(text) + wide - sum(category(one) in ("Mn", "Me", "Cf") for one in text)


def put_styled(text: str, style: str) -> None:
    """Print a text to standard output, on a terminal in a style: bold, dim, green, yellow or red."""
    shown = printable(text)
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    print(shown if plain else f"\x1b[{_STYLES[style]}m{shown}\x1b[0m")


def put(text: object = "", *, end: str = "\n") -> None:
    """Print to standard output: what was asked for."""
    print(printable(str(text)), end=end)


def pour(content: str) -> None:
    """Write the content of a file to standard output: to the letter, but for a terminal."""
    sys.stdout.write(printable(content) if sys.stdout.isatty() else content)


def remark(text: object) -> None:
    """Print to standard error: what is to be known beside it."""
    print(printable(str(text)), file=screen(), flush=True)
