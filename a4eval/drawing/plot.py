"""A plot in the making: its scales and colours, and where a row's mark goes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from a4eval.drawing import colours
from a4eval.drawing.layers import names
from a4eval.drawing.paint import Paint
from a4eval.drawing.rows import holds
from a4eval.drawing.scales import Band, Continuous, continuous, key
from a4eval.drawing.values import number, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from a4eval.drawing.layers import Channel, Layer

Scale = Band | Continuous
_MARKED = "#5b6670"
"""Of rules and text without a colour of their own."""


class Plot:
    """The scales of a chart's layers.

    Args:
        layers: what is drawn.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = layers
        self.stacks = {place: _stacked(layer) for place, layer in enumerate(layers)}
        self.axes: dict[str, Channel] = {}
        self.scales: dict[str, Scale] = {}
        for name in ("x", "y", "xOffset", "yOffset"):
            having = [layer for layer in layers if layer.has(name) and "value" not in layer.channels[name].given]
            if having:
                first = having[0].channels[name]
                self.axes[name] = first
                self.scales[name] = (
                    Band(tuple(names(first, having, name)), gap=0.1 if "Offset" in name else _gap(having))
                    if first.discrete
                    else continuous(list(self._numbers(name)), first.scale, zero=_zero(having, name))
                )
        coloured = [layer for layer in layers if layer.has("color") and layer.channels["color"].field is not None]
        self.colour = coloured[0].channels["color"] if coloured else None
        self.colour_names = names(self.colour, coloured, "color") if self.colour and self.colour.discrete else []
        self.colour_scale = None
        if self.colour and not self.colour.discrete:
            values = [
                one
                for layer in coloured
                for row in layer.rows
                if (one := number(layer.channels["color"].of(row))) is not None
            ]
            self.colour_scale = continuous(values, {"nice": False, **self.colour.scale}, zero=False)
        self.sizes = [
            one
            for layer in layers
            if layer.has("size")
            for row in layer.rows
            if (one := number(layer.channels["size"].of(row))) is not None
        ]

    def spread(self, name: str, start: float, stop: float) -> None:
        """Put a scale between two pixels; one of names runs down, or up if it is asked to."""
        if name not in self.scales:
            return
        scale = self.scales[name]
        if bool(self.axes[name].scale.get("reverse")) != (name == "y" and isinstance(scale, Band)):
            start, stop = stop, start
        self.scales[name] = replace(scale, start=start, stop=stop)

    def at(self, name: str, layer: Layer, row: Mapping[str, Any]) -> float | None:
        """Return where a row lies on ``x`` or ``y``, ``x2`` or ``y2``."""
        channel = layer.channels.get(name)
        scale = self.scales.get(name[0])
        if channel is None or scale is None:
            return None
        found = scale(channel.of(row))
        offset = layer.channels.get(f"{name}Offset")
        if found is not None and offset is not None and isinstance(scale, Band):
            inner = self.inner(name)
            moved = inner(offset.of(row))
            return None if moved is None else found + moved
        return found

    def inner(self, name: str) -> Band:
        """Return the scale of names within a band, around its middle."""
        outer, inner = self.scales[name], self.scales[f"{name}Offset"]
        assert isinstance(outer, Band)
        assert isinstance(inner, Band)
        return replace(inner, start=-outer.band / 2, stop=outer.band / 2)

    def paint(self, layer: Layer, row: Mapping[str, Any]) -> Paint:
        """Return the colour of a row's mark."""
        channel = layer.channels.get("color")
        if channel is None or (channel.field is None and "datum" not in channel.given):
            given = channel.given if channel else {}
            for one in _several(given.get("condition")):
                if "test" in one and holds(one["test"], row):
                    given = one
                    break
            own = colours.plain(given.get("value")) or colours.plain(layer.mark.get("color"))
            if own:
                return Paint(own)
            return Paint(_MARKED, "t") if layer.mark["type"] in ("rule", "text") else self.numbered(0)
        value = channel.of(row)
        if self.colour_scale is not None:
            return self.shade(value)
        return self.named(key(value))

    def named(self, name: str) -> Paint:
        """Return the colour of a name."""
        place = self.colour_names.index(name) if name in self.colour_names else 0
        assert self.colour is not None
        given = self.colour.scale.get("range")
        own = colours.plain(given[place % len(given)]) if isinstance(given, list) and given else None
        if own:
            return Paint(own)
        if self.colour.ordinal or len(self.colour_names) > len(colours.LIGHT):
            share = place / max(1, len(self.colour_names) - 1)
            return Paint(colours.along(str(self.colour.scale.get("scheme", "viridis")), 0.15 + 0.7 * share))
        return self.numbered(place)

    @staticmethod
    def numbered(place: int) -> Paint:
        """Return one of the colours that are told apart."""
        place %= len(colours.LIGHT)
        return Paint(colours.LIGHT[place], f"k{place}")

    def shade(self, value: Any) -> Paint:
        """Return the colour of a number."""
        assert self.colour is not None
        assert self.colour_scale is not None
        scale, given = self.colour_scale, number(value)
        if given is None:
            return Paint("#8884", "")
        middle = number(self.colour.scale.get("domainMid"))
        share = replace(scale, start=0.0, stop=1.0)(given) or 0.0
        if middle is not None:
            reach = max(abs(scale.high - middle), abs(scale.low - middle)) or 1.0
            share = 0.5 + (given - middle) / reach / 2
        scheme = str(self.colour.scale.get("scheme", "viridis" if middle is None else "redblue"))
        reverse = bool(self.colour.scale.get("reverse"))
        if scheme != "blues":
            return Paint(colours.along(scheme, share, reverse=reverse))
        place = round(min(max(1 - share if reverse else share, 0.0), 1.0) * (colours.SHADES - 1))
        return Paint(colours.along(scheme, place / (colours.SHADES - 1)), f"q{place}")

    def says(self, layer: Layer, row: Mapping[str, Any]) -> str:
        """Return what a row's mark says when it is pointed at: a line for each thing that it shows."""
        if layer.mark.get("tooltip", True) is None or layer.mark["type"] == "text":
            return ""
        shown = layer.tooltip or [
            one for name, one in layer.channels.items() if one.field is not None and name != "order"
        ]
        lines = {one.title or str(one.field): text(one.of(row), one.format) for one in (*shown, *layer.detail)}
        return "\n".join(f"{name}: {value}" for name, value in lines.items())

    def _numbers(self, name: str) -> Iterator[float]:
        """Yield all numbers on a scale, the far ends of bars and areas too."""
        for place, layer in enumerate(self.layers):
            for one in (name, f"{name}2"):
                channel = layer.channels.get(one)
                if channel is None or channel.discrete or "value" in channel.given:
                    continue
                stack = self.stacks[place] if one == stack_axis(layer) else None
                for index, row in enumerate(layer.rows if channel.field is not None else ({},)):
                    if stack:
                        yield from stack[index]
                    elif (found := number(channel.of(row))) is not None:
                        yield found


def stack_axis(layer: Layer) -> str | None:
    """Return along which axis the bars or areas of a layer reach from 0, if they do."""
    if layer.mark["type"] not in ("bar", "area"):
        return None
    numeric = [
        name
        for name in ("y", "x")
        if layer.has(name) and not layer.channels[name].discrete and not layer.has(f"{name}2")
    ]
    if layer.mark["type"] == "area" or len(numeric) < 2:
        return numeric[0] if numeric else None
    return "x" if layer.mark.get("orient") == "horizontal" else "y"


def _stacked(layer: Layer) -> list[tuple[float, float]]:
    """Return from where to where each bar or area reaches; those of one place lie on each other."""
    along = stack_axis(layer)
    if along is None:
        return []
    other = "x" if along == "y" else "y"
    apart = layer.has("color") and layer.channels["color"].discrete and layer.channels[along].given.get("stack", True)
    tops: dict[Any, float] = {}
    found = []
    for row in layer.rows:
        size = number(layer.channels[along].of(row)) or 0.0
        if not apart:
            found.append((0.0, size))
            continue
        place = tuple(layer.channels[name].of(row) for name in (other, f"{other}Offset") if layer.has(name))
        below = tops.get((place, size < 0), 0.0)
        tops[place, size < 0] = below + size
        found.append((below, below + size))
    return found


def _zero(having: Sequence[Layer], name: str) -> bool:
    return not any(layer.has(f"{name}2") for layer in having)


def _gap(having: Sequence[Layer]) -> float:
    return 0.0 if any(layer.mark["type"] == "rect" for layer in having) else 0.25


def _several(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given] if given else []
