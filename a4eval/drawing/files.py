"""Charts as files: SVG, and PNG where the extra is there."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from a4eval.drawing.beyond import BeyondError
from a4eval.drawing.picture import picture
from a4eval.drawing.vega import png_of, svg_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def stem(chart: str) -> str:
    """Return what the files of a chart are called, without their endings.

    >>> stem("coco/curve"), stem("../x y")
    ('coco_curve', 'x_y')
    """
    return re.sub(r"[^\w.-]+", "_", chart).strip("._") or "chart"


def drawn(
    charts: Mapping[str, Mapping[str, Any]], tables: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the files of charts that were checked.

    Without the extra ``plots`` there is no PNG, and nothing of a chart that only a whole Vega-Lite draws.
    """
    extra = find_spec("vl_convert") is not None
    for name, chart in charts.items():
        rows = tables[chart["data"]["name"]]
        if not rows:
            continue
        try:
            svg: str = picture(chart, rows, name, alone=True).svg
        except BeyondError:
            if not extra:
                continue
            svg = svg_of(chart, rows)
        yield f"{stem(name)}.svg", svg.encode()
        if extra:
            yield f"{stem(name)}.png", png_of(svg)
