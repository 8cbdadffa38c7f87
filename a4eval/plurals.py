"""A number with the noun that it counts."""

from __future__ import annotations

import re

_SIBILANT = re.compile(r"(s|x|z|ch|sh)$")
_Y = re.compile(r"(?<=[^aeiou])y$")


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, which is given for one.

    >>> counted(1, "point"), counted(2000, "point"), counted(0, "torn line")
    ('1 point', '2,000 points', '0 torn lines')
    >>> counted(2, "class"), counted(3, "query"), counted(1, "box")
    ('2 classes', '3 queries', '1 box')
    """
    if count != 1:
        noun = _Y.sub("ie", _SIBILANT.sub(r"\1e", noun)) + "s"
    return f"{count:,} {noun}"
