"""A chart as one SVG."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from a4eval.drawing import guides
from a4eval.drawing.layers import layers
from a4eval.drawing.marks import MOST, Frame, drawn, sampled
from a4eval.drawing.plot import Plot
from a4eval.drawing.scales import Band, Continuous
from a4eval.drawing.values import folded, number
from a4eval.markup import Markup, joined, tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH = 400
"""Pixels of a picture whose chart gives no width: read on a telephone as it is, and three beside each other."""
HEIGHT = 210
"""Pixels of the part with the marks."""
STEP = 17
"""Pixels of a name on an axis."""
TITLE, TITLE_LINE = 14, 18
"""Pixels of the letters of a title, and of one of its lines."""
LARGEST = 4_000
"""Pixels of a side, whatever a chart asks for."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn chart.

    Args:
        svg: the picture.
        width: in pixels.
        height: in pixels.
        title: what it shows.
        description: what is to be known of it; may be empty.
        notes: what was left out.
    """

    svg: Markup
    width: float
    height: float
    title: str
    description: str = ""
    notes: tuple[str, ...] = field(default=())


_MARK = re.compile(r"<(?!/?g\b)")
"""What begins a mark, not a group of some."""


def titles(chart: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Return the title of a chart and what is to be known of it."""
    given = chart.get("title")
    below = ""
    if isinstance(given, dict):
        below, given = given.get("subtitle") or "", given.get("text")
    if isinstance(given, list):
        given = " ".join(map(str, given))
    said = chart.get("description") or below
    return str(given or name), " ".join(map(str, said)) if isinstance(said, list) else str(said)


FONTS = "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"


def picture(
    chart: Mapping[str, Any], table: Sequence[Mapping[str, Any]], name: str = "", *, alone: bool = False
) -> Picture:
    """Draw a chart that was checked.

    Args:
        chart: the specification.
        table: the rows of the table that it names.
        name: of the chart, for one without a title.
        alone: it is a file of its own: with its title and a white ground.

    Raises:
        BeyondError: it asks for more than is drawn here.
    """
    found = layers(chart, table)
    plot = Plot(found)
    title, description = titles(chart, name)
    height = _side(chart.get("height"), plot, "y", HEIGHT)
    plot.spread("y", height, 0)
    left = guides.room_for_y(plot)
    wanted = chart.get("width")
    inside = _side(wanted, plot, "x", WIDTH - left - 14)
    if wanted is None:
        inside = max(inside, 120.0)
    right = left + inside
    lines = folded(title, right + 6, TITLE * guides.BOLD) if alone else []
    top = 4.0 + (8 + TITLE_LINE * len(lines) if alone else 0)
    key, taken = guides.legend(plot, left if plot.colour_scale else 4, top, right)
    titled = bool(plot.axes.get("y") and plot.axes["y"].title)
    top += taken + (24 if titled else 4) + (14 if height > guides.TALL else 0)
    frame = Frame(left, top, right, top + height)
    plot.spread("y", frame.bottom, frame.top)
    plot.spread("x", left, right)
    below, taken = guides.axis_x(plot, frame)
    marks = [drawn(plot, place, frame) for place in range(len(found))]
    whole_width, whole_height = right + 14, frame.bottom + taken + 6
    heading = joined(
        tag("text", line, x=4, y=19 + TITLE_LINE * place, font_size=TITLE, font_weight="600")
        for place, line in enumerate(lines)
    )
    ground = tag("rect", width="100%", height="100%", fill="#fff") if alone else None
    notes = [
        f"{len(sampled(layer)):,} of {len(layer.rows):,} marks are drawn, evenly spread over the rows"
        for layer in found
        if len(sampled(layer)) == MOST < len(layer.rows)
    ]
    if not _MARK.search(joined(marks)):
        notes.append("no row has a number that can be drawn")
    svg = tag(
        "svg",
        ground,
        heading,
        tag("g", guides.axis_y(plot, frame), below, key, fill=guides.INK, class_="f t"),
        joined(marks),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {whole_width:.0f} {whole_height:.0f}",
        width=round(whole_width),
        height=round(whole_height),
        role="img",
        aria_label=f"{title}. {description}" if description else title,
        **({"font_family": FONTS} if alone else _rulers(plot)),  # in a page they are the page's
        font_size=guides.FONT,
    )
    return Picture(svg, whole_width, whole_height, title, description, tuple(dict.fromkeys(notes)))


def _rulers(plot: Plot) -> dict[str, str]:
    """Return what a script needs to tell where on the axes a line is pointed at: ends in pixels and in numbers."""
    if not any(layer.mark["type"] == "line" for layer in plot.layers):
        return {}
    found = {}
    for name in ("x", "y"):
        scale = plot.scales.get(name)
        if isinstance(scale, Continuous) and scale.kind in ("linear", "log"):
            ends = (f"{one:.6g}" for one in (scale.start, scale.stop, scale.low, scale.high))
            found[f"data_{name}"] = "\t".join([plot.axes[name].title or name, scale.kind, *ends])
    return found


def _side(wanted: Any, plot: Plot, name: str, usual: float) -> float:
    """Return how many pixels a direction takes: a number, or a step for each name."""
    scale = plot.scales.get(name)
    given = number(wanted)
    if given is not None:
        return min(max(given, 20.0), LARGEST)
    step = number(wanted.get("step")) if isinstance(wanted, dict) else None
    if isinstance(scale, Band) and (step or name == "y"):
        inner = plot.scales.get(f"{name}Offset")
        count = len(scale.domain) * (len(inner.domain) if isinstance(inner, Band) else 1)
        return min(max(count * (step or STEP), 34.0), LARGEST)
    return usual
