"""Lines and areas as SVG: a path for the rows of one colour, dash and detail."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from a4eval.drawing.paint import filled, opacity, wide
from a4eval.drawing.plot import stack_axis
from a4eval.drawing.rows import ROW
from a4eval.drawing.values import number, text
from a4eval.markup import Markup, short, tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from a4eval.drawing.layers import Channel, Layer
    from a4eval.drawing.plot import Plot

DASHES = (None, "6 4", "2 3", "8 3 2 3", "1 4")
MOST = 4000
"""Points of a line that are all drawn; of more those that can be told apart."""
AREA = 0.25
"""Opacity of an area, unless one is asked for."""


class Point(NamedTuple):
    """A point of a line, or of an area and its foot."""

    x: float
    y: float
    foot: float
    row: dict[str, Any]


def lines(plot: Plot, layer: Layer, stacks: Sequence[tuple[float, float]]) -> Iterator[Markup]:
    """Yield the paths of a layer, and the points of its lines where they are asked for."""
    telling = [layer.channels[one] for one in ("color", "strokeDash") if layer.has(one)] + layer.detail
    telling = [one for one in telling if one.field is not None]
    dash = _Dash(layer)
    how = str(layer.mark.get("interpolate", "linear"))
    for whole in _groups(plot, layer, stacks, telling).values():
        points = _visible(whole)
        row = points[0].row
        paint, seen = plot.paint(layer, row), opacity(layer)
        said = "\n".join(f"{one.title or one.field}: {text(one.of(row), one.format)}" for one in telling)
        title = tag("title", said) if said and layer.mark.get("tooltip", True) is not None else None
        path = _path([(one.x, one.y) for one in points], how)
        if layer.mark["type"] == "area":
            back = _path([(one.x, one.foot) for one in reversed(points)], "linear")
            yield tag("path", title, d=f"{path}L{back[1:]}Z", fill_opacity=seen or AREA, **filled(paint))
            continue
        look = {"stroke": paint.colour, "class_": f"s {paint.class_}" if paint.class_ else None}
        look |= {"stroke_dasharray": dash.of(row), "data_row": row.get(ROW) if layer.detail else None}
        yield tag("path", title, d=path, **look)
        if layer.mark.get("point") or len(points) == 1:
            for one in points:
                dot = tag("title", plot.says(layer, one.row))
                yield tag("circle", dot, cx=one.x, cy=one.y, r=2.8, data_row=one.row.get(ROW), **filled(paint))


def common(layer: Layer) -> dict[str, Any]:
    """Return what all lines of a layer have in common, which stands once, in their group."""
    return {
        "fill": "none",
        "stroke_width": wide(layer, 1.8),
        "stroke_linejoin": "round",
        "stroke_opacity": opacity(layer) if layer.mark["type"] == "line" else None,
    }


def _groups(
    plot: Plot, layer: Layer, stacks: Sequence[tuple[float, float]], telling: Sequence[Channel]
) -> dict[tuple[str, ...], list[Point]]:
    """Return the points of each line, in the order in which it goes through them."""
    groups: dict[tuple[str, ...], list[Point]] = {}
    stacked = layer.mark["type"] == "area" and stack_axis(layer) == "y"
    for index, row in enumerate(layer.rows):
        x, y = plot.at("x", layer, row), plot.at("y", layer, row)
        foot = plot.at("y2", layer, row) if layer.has("y2") else y
        if stacked:
            foot, y = (plot.scales["y"](one) for one in stacks[index])
        if x is not None and y is not None and foot is not None:
            groups.setdefault(tuple(str(one.of(row)) for one in telling), []).append(Point(x, y, foot, row))
    order = layer.channels.get("order")
    for points in groups.values():
        if order is None:
            points.sort(key=lambda one: one.x)
        elif order.field is not None:
            points.sort(key=lambda one: number(order.of(one.row)) or 0.0)
    return groups


def _visible(points: list[Point]) -> list[Point]:
    """Return the points of a line that can be told apart: of many in half a pixel's column the outermost."""
    if len(points) <= MOST:
        return points
    kept: list[Point] = []
    for _, column in groupby(points, key=lambda one: int(2 * one.x)):
        of = list(column)
        by_height = sorted(range(len(of)), key=lambda place: of[place].y)
        kept += [of[place] for place in sorted({0, by_height[0], by_height[-1], len(of) - 1})]
    return kept


class _Dash:
    """How the lines of a layer are dashed."""

    def __init__(self, layer: Layer) -> None:
        self._channel = layer.channels.get("strokeDash")
        given = layer.mark.get("strokeDash")
        numbers = (
            [short(found) for one in given if (found := number(one)) is not None] if isinstance(given, list) else []
        )
        self._all = " ".join(numbers) or None
        self._names = list(dict.fromkeys(str(self._channel.of(row)) for row in layer.rows)) if self._channel else []

    def of(self, row: dict[str, Any]) -> str | None:
        """Return the dashes of a row's line."""
        if self._channel is None or self._channel.field is None:
            return self._all
        return DASHES[self._names.index(str(self._channel.of(row))) % len(DASHES)]


def _path(points: Sequence[tuple[float, float]], how: str) -> str:
    steps: list[str] = []
    for place, (x, y) in enumerate(points):
        if place == 0:
            steps.append(f"M{short(x)} {short(y)}")
        elif how in ("step-after", "step-before"):
            flat = short(y) == short(points[place - 1][1])
            if flat and steps[-1].startswith("H"):
                steps.pop()  # the line goes on
            up, along = [] if flat else [f"V{short(y)}"], [f"H{short(x)}"]
            steps += along + up if how == "step-after" else up + along
        else:
            steps.append(f"L{short(x)} {short(y)}")
    return "".join(steps)
