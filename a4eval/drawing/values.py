"""What stands in a table's cells, as numbers and as text."""

from __future__ import annotations

import math
import re
from typing import Any

_NAMED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_FORMAT = re.compile(r"(?P<comma>,?)(?:\.(?P<digits>\d{1,2}))?(?P<trim>~?)(?P<kind>[defgs%]?)")
_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))
DIGITS = 4
"""Significant digits of a number whose format is not given."""
LAST_BITS = 4e-16
"""Share of a number that two steps between floats are, or more."""
_WIDTHS = {
    one: share
    for share, of in (
        (0.29, "ijlI'"),
        (0.41, " !,.:;|/\\()[]-ftr`"),
        (0.56, 'csz_xvy"'),
        (0.85, "ABCDEGHKNOPQRSUVXYZw+#<=>~^&−"),
        (1.03, "mMW%@—…"),
    )
    for one in of
}
"""How wide a character is for a font of size 1, in DejaVu Sans and narrower ones."""


def number(value: Any) -> float | None:
    """Return *value* as a finite number, or None where it has no place on a scale.

    >>> number(3), number("NaN"), number("person"), number(True)
    (3.0, None, None, 1.0)
    """
    if isinstance(value, str):
        value = _NAMED.get(value)
    if value is None or not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except OverflowError:  # an integer that no float can hold
        return None
    return found if math.isfinite(found) else None


def text(value: Any, form: str = "") -> str:
    """Return *value* as a label shows it.

    Args:
        value: of a cell.
        form: a format of d3, such as ``.2f``, ``.0%`` or ``~s``; of others nothing is taken.

    >>> text(0.123456), text(0.5, ".0%"), text(12345.0), text(1500, "~s"), text(None), text(10**400)
    ('0.1235', '50%', '12,345', '1.5k', '–', 'inf')
    """
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int) and number(value) is None:
        value = math.inf if value > 0 else -math.inf  # as in a journal: no float can hold it
    found = _FORMAT.fullmatch(form) if form else None
    if found is None or not math.isfinite(value):
        return _general(value)
    digits, kind = found["digits"], found["kind"]
    if kind == "s":
        size, prefix = next((one for one in _PREFIXES if abs(value) >= one[0]), _PREFIXES[-1])
        scale = (1.0, "") if value == 0 else (size, prefix)
        return f"{_trimmed(format(value / scale[0], f'.{digits or 3}g'))}{scale[1]}"
    if kind == "d":
        return _minus(format(round(value), ","[: len(found["comma"])] + "d"))
    shown = format(value, f"{found['comma']}{f'.{digits}' if digits else ''}{kind or 'g'}")
    return _minus(_trimmed(shown) if found["trim"] else shown)


def aligned(value: Any) -> str:
    """Return *value* as a column of a table shows it: what was rounded keeps its last zeros, what is exact has none.

    Exact is also what differs by the last bits alone, such as 0.1 + 0.2.

    >>> [aligned(one) for one in (0.69698, 0.58562, 0.0001, 0.1 + 0.2, 3, float("nan"))]
    ['0.6970', '0.5856', '0.0001', '0.3', '3', 'NaN']
    """
    if not isinstance(value, float):
        return text(value)
    if math.isnan(value):
        return "NaN"
    exact = math.isclose(float(f"{value:.{DIGITS}g}"), value, rel_tol=LAST_BITS)
    return _general(value) if exact else _minus(f"{value:#.{DIGITS}g}")


def _general(value: float) -> str:
    if math.isfinite(value) and value == round(value) and abs(value) < 1e7:
        return _minus(f"{round(value):,}")
    return _minus(f"{value:.{DIGITS}g}")


def _trimmed(shown: str) -> str:
    return re.sub(r"(\.\d*?)0+(?=%|e|$)", r"\1", shown).replace(".%", "%").rstrip(".")


def _minus(shown: str) -> str:
    return shown.replace("-", "−")


def width(shown: str, size: float = 12) -> float:
    """Return how wide a text is at most, in pixels: no font is looked at, so it is that of a wide one.

    Args:
        shown: the text.
        size: of the font, in pixels.
    """
    return size * sum(_WIDTHS.get(one) or (0.65 if one.isascii() else 1.05) for one in shown)


def cut(shown: str, room: float, size: float = 12) -> str:
    """Return a text that fits *room* pixels, cut in its middle where it is too long.

    >>> cut("a_very_long_name_of_a_class", 80)
    'a_ver…class'
    """
    if width(shown, size) <= room:
        return shown
    kept = max(2, int(len(shown) * room / width(shown, size)))
    while True:
        found = f"{shown[: kept - kept // 2]}…{shown[len(shown) - kept // 2 :]}"
        if kept <= 2 or width(found, size) <= room:
            return found
        kept -= 1


def folded(shown: str, room: float, size: float = 12) -> list[str]:
    """Return the lines of a text, each of which fits *room* pixels; it is broken between words.

    >>> folded("what a long title says", 100)
    ['what a long', 'title says']
    """
    lines = [""]
    for word in shown.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width(longer, size) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return [cut(line, room, size) for line in lines]
