"""What needs more than this room: PNG, and charts that only a whole Vega-Lite draws.

Both are in ``vl-convert-python``, the extra ``plots``: it needs no browser, makes a PNG of one of our pictures in some
20 ms, and carries Vega-Lite itself, which takes seconds to start and is asked only for what is not drawn here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval.context import require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REQUIREMENT = "a4eval[plots]"


def svg_of(chart: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a checked chart as Vega-Lite draws it.

    Raises:
        MissingExtraError: it is not installed.
        ValueError: it cannot draw it either.
    """
    module = require("vl_convert", REQUIREMENT)
    whole = {**chart, "data": {"values": list(rows)}}
    drawn: str = module.vegalite_to_svg(whole, allowed_base_urls=[])
    return drawn


def png_of(svg: str) -> bytes:
    """Return an SVG as a PNG of twice its size.

    Raises:
        MissingExtraError: what makes it is not installed.
    """
    content: bytes = require("vl_convert", REQUIREMENT).svg_to_png(svg, scale=2)
    return content
