"""Colours that tell apart on light and dark ground, also for those who see few of them."""

from __future__ import annotations

import re
from typing import Any

LIGHT = ("#0b6fb8", "#c2570c", "#0a7d5a", "#a03a86", "#8a6a00", "#3d4fc4", "#b3273f", "#4f6272")
"""For lines and areas on white, each with a contrast of 3 or more; by number, as the style sheet has them."""
DARK = ("#5fb3f0", "#f2994a", "#3fc79a", "#e08bc8", "#d9b640", "#9aa5ff", "#ff8595", "#a9bccb")
"""The same on dark ground."""
SCHEMES = {
    "viridis": "#440154 #482878 #3e4989 #31688e #26828e #1f9e89 #35b779 #6ece58 #b5de2b #fde725",
    "blues": "#eef4fb #d3e3f3 #b0d0ea #82b6dd #549acd #3079b8 #155a9c #08407c",
    "dark blues": "#1d2a35 #1f3d56 #235478 #2a6ea0 #3a8bc6 #5fabe0 #95cdf3 #d3ebfd",
    "oranges": "#fff3e6 #fddcba #fbbf85 #f89c50 #ea7827 #cf570f #a03d07 #7a2d05",
    "redblue": "#a11a2d #cf5246 #ec9678 #f9d2bd #f4f4f4 #c9dfee #8dbfdd #4490c4 #1b5f9c",
}
SHADES = 16
"""Steps of the scheme ``blues``, which the style sheet has for dark ground too; others stay as they are."""
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,24}")


def plain(colour: Any) -> str | None:
    """Return a colour that was asked for by name or number, or None for anything else: it might lead somewhere.

    >>> plain("#fff"), plain("url(x.svg#a)")
    ('#fff', None)
    """
    return colour if isinstance(colour, str) and _COLOUR.fullmatch(colour) else None


def along(scheme: str, share: float, *, reverse: bool = False) -> str:
    """Return the colour at a share of a scheme.

    >>> along("viridis", 0), along("viridis", 1)
    ('#440154', '#fde725')
    """
    stops = SCHEMES.get(scheme, SCHEMES["viridis"]).split()
    share = min(max(1 - share if reverse else share, 0.0), 1.0) * (len(stops) - 1)
    place = min(int(share), len(stops) - 2)
    first, second = (_parts(stops[place + one]) for one in (0, 1))
    mixed = (round(a + (b - a) * (share - place)) for a, b in zip(first, second, strict=True))
    return "#" + "".join(f"{one:02x}" for one in mixed)


def style_rules(under: str = "") -> str:
    """Return the rules of a style sheet that give pictures their colours on light and on dark ground.

    Args:
        under: a selector of what the pictures stand in, with a blank behind it.
    """

    def rules(colours: tuple[str, ...], scheme: str) -> str:
        shades = (along(scheme, place / (SHADES - 1)) for place in range(SHADES))
        numbered = [(f"k{place}", one) for place, one in enumerate(colours)]
        numbered += [(f"q{place}", one) for place, one in enumerate(shades)]
        return " ".join(f"{under}.{name} {{ --k: {colour}; }}" for name, colour in numbered)

    painted = f"{under}svg .f {{ fill: var(--k); }} {under}svg .s {{ stroke: var(--k); }}"
    dark = f"@media (prefers-color-scheme: dark) {{ {rules(DARK, 'dark blues')} }}"
    return f"{rules(LIGHT, 'blues')}\n{painted}\n{dark}"


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))
