"""Marks as SVG: of each row of a layer its bar, rectangle, rule, text, tick or point."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from a4eval.drawing.layers import Layer
from a4eval.drawing.lines import common, lines
from a4eval.drawing.paint import filled, opacity, stroked, wide
from a4eval.drawing.plot import Plot, stack_axis
from a4eval.drawing.rows import ROW
from a4eval.drawing.scales import Band
from a4eval.drawing.values import number, text
from a4eval.markup import Markup, short, tag

if TYPE_CHECKING:
    from collections.abc import Callable


MOST = 2_000
"""Marks of a layer; of more, every so many-th is drawn."""
TEXT = 12
"""Pixels of the font."""
WIDEST_BAR = 36.0

Ends = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of a picture with the marks, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def along(self, name: str) -> Ends:
        """Return from where to where it reaches in the direction ``x`` or ``y``."""
        return (self.left, self.right) if name == "x" else (self.top, self.bottom)


@dataclass(frozen=True, slots=True)
class At:
    """A row in its place.

    Args:
        plot: the scales.
        layer: what is drawn.
        row: of what.
        stack: from where to where its bar reaches, if it reaches from 0 or from the one below.
        frame: where it may be.
    """

    plot: Plot
    layer: Layer
    row: Mapping[str, Any]
    stack: Ends | None
    frame: Frame

    def on(self, name: str) -> float | None:
        """Return where it lies on a scale."""
        return self.plot.at(name, self.layer, self.row)

    def in_the_middle(self) -> Ends | None:
        """Return where it lies, in the middle of a direction that it says nothing of; None if it has no place."""
        found = []
        for name in ("x", "y"):
            at = self.on(name)
            if at is None and self.layer.has(name):
                return None
            found.append(sum(self.frame.along(name)) / 2 if at is None else at)
        return found[0], found[1]

    @property
    def look(self) -> dict[str, Any]:
        """How it looks, as far as its group does not say it."""
        painted = _painted(self.plot, self.layer, self.row) if self.layer.coloured_by_row else {}
        return {"data_row": self.row.get(ROW), **painted}

    def title(self) -> Markup | None:
        """Return what it says when it is pointed at."""
        said = self.plot.says(self.layer, self.row)
        return tag("title", said) if said else None


def sampled(layer: Layer) -> list[tuple[int, dict[str, Any]]]:
    """Return the rows that are drawn with their places, evenly spread where there are too many."""
    pairs = list(enumerate(layer.rows))
    if all(one.field is None for one in layer.channels.values()):
        return pairs[:1]  # it is the same for every row
    if len(pairs) <= MOST or layer.joined:
        return pairs
    return [pairs[place * len(pairs) // MOST] for place in range(MOST)]


def drawn(plot: Plot, place: int, frame: Frame) -> Markup:
    """Return the marks of a layer as a group; what they have in common stands there once.

    Args:
        plot: with its scales spread.
        place: which layer.
        frame: where they may be.
    """
    layer, stacks = plot.layers[place], plot.stacks[place]
    if layer.joined:
        return tag("g", *lines(plot, layer, stacks), **common(layer))
    shape = _SHAPES.get(layer.mark["type"], _point)
    places = (At(plot, layer, row, stacks[index] if stacks else None, frame) for index, row in sampled(layer))
    look = {} if layer.coloured_by_row else _painted(plot, layer, {})
    return tag("g", *(shape(at) for at in places), **look)


def _painted(plot: Plot, layer: Layer, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a row's colour, of a line or of what is filled."""
    paint = plot.paint(layer, row)
    if layer.mark["type"] in ("rule", "tick") or layer.mark.get("filled") is False:
        return {**stroked(paint, wide(layer, 1.5)), "stroke_opacity": opacity(layer)}
    return {**filled(paint), "fill_opacity": opacity(layer)}


def _rectangle(at: At) -> Markup | None:
    x, y = _side(at, "x"), _side(at, "y")
    if x is None or y is None:
        return None
    (left, right), (top, bottom) = sorted(x), sorted(y)
    size = {"width": max(right - left, 0.5), "height": max(bottom - top, 0.5)}
    return tag("rect", at.title(), x=left, y=top, **size, **at.look)


def _side(at: At, name: str) -> Ends | None:
    """Return from where to where a bar or rectangle reaches in one direction."""
    scale, layer = at.plot.scales.get(name), at.layer
    if scale is None:
        return at.frame.along(name)
    if at.stack and name == stack_axis(layer):
        return None if number(layer.channels[name].of(at.row)) is None else _reach(at.stack, scale)
    middle = at.on(name)
    if middle is None:
        return None
    other = at.on(f"{name}2")
    bar = layer.mark["type"] == "bar"
    if other is not None:
        gap = 0.5 if bar and abs(other - middle) > 3 else 0.0
        return min(middle, other) + gap, max(middle, other) - gap
    half = 3.0
    if layer.has(f"{name}Offset"):
        half = at.plot.inner(name).band / 2
    elif isinstance(scale, Band):
        half = min(scale.band, WIDEST_BAR if bar else scale.band) / 2
    return middle - half, middle + half


def _reach(stack: Ends, scale: Any) -> Ends | None:
    lowest = scale.low if getattr(scale, "kind", "") == "log" else -float("inf")  # 0 has no place there
    low, high = (scale(max(one, lowest)) for one in stack)
    return None if low is None or high is None else (low, high)


def _rule(at: At) -> Markup | None:
    ends: dict[str, float] = {}
    for name in ("x", "y"):
        first, second = at.on(name), at.on(f"{name}2")
        if first is None and at.layer.has(name):
            return None
        start, stop = at.frame.along(name) if first is None else (first, first if second is None else second)
        ends |= {f"{name}1": start, f"{name}2": stop}
    dashes = at.layer.mark.get("strokeDash")
    given = [short(found) for one in dashes if (found := number(one)) is not None] if isinstance(dashes, list) else []
    return tag("line", at.title(), **ends, stroke_dasharray=" ".join(given) or None, **at.look)


def _text(at: At) -> Markup | None:
    where = at.in_the_middle()
    if where is None:
        return None
    mark, channel = at.layer.mark, at.layer.channels.get("text")
    shown = mark.get("text", "") if channel is None else channel.given.get("value", channel.of(at.row))
    if shown is None:
        return None
    dx, dy = (number(mark.get(one)) or 0.0 for one in ("dx", "dy"))
    size = number(mark.get("fontSize")) or TEXT
    return tag(
        "text",
        text(shown, channel.format if channel else ""),
        x=where[0] + dx,
        y=where[1] + dy + size / 3,
        text_anchor={"left": "start", "right": "end"}.get(str(mark.get("align")), "middle"),
        font_size=size if size != TEXT else None,
        **at.look,
    )


def _tick(at: At) -> Markup | None:
    where = at.in_the_middle()
    if where is None:
        return None
    scale = at.plot.scales.get("y")
    half = scale.band / 2 if isinstance(scale, Band) else 6.0
    ends = {"x1": where[0], "y1": where[1] - half, "x2": where[0], "y2": where[1] + half}
    return tag("line", at.title(), **ends, **at.look)


def _point(at: At) -> Markup | None:
    where = at.in_the_middle()
    if where is None:
        return None
    return tag("circle", at.title(), cx=where[0], cy=where[1], r=_radius(at), **at.look)


def _radius(at: At) -> float:
    channel = at.layer.channels.get("size")
    if channel is None or channel.field is None:
        given = at.layer.mark.get("size") if channel is None else channel.given.get("value")
        return math.sqrt((number(given) or 36.0) / math.pi)
    value, most = number(channel.of(at.row)) or 0.0, max((abs(one) for one in at.plot.sizes), default=1.0) or 1.0
    return 2.0 + 8.0 * math.sqrt(max(value, 0.0) / most)


_SHAPES: dict[str, Callable[[At], Markup | None]] = {
    "bar": _rectangle,
    "rect": _rectangle,
    "rule": _rule,
    "text": _text,
    "tick": _tick,
}
