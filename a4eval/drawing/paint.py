"""How a mark is painted: with a colour for whoever knows no style sheet, and a class for the one of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from a4eval.drawing.values import number

if TYPE_CHECKING:
    from a4eval.drawing.layers import Layer


@dataclass(frozen=True, slots=True)
class Paint:
    """A colour.

    Args:
        colour: for whoever knows no style sheet.
        class_: of the style sheet, which has another for dark ground; empty for a colour that stays.
    """

    colour: str
    class_: str = ""


def filled(paint: Paint) -> dict[str, Any]:
    """Return the attributes of what is filled."""
    return {"fill": paint.colour, "class_": f"f {paint.class_}" if paint.class_ else None}


def stroked(paint: Paint, thick: float) -> dict[str, Any]:
    """Return the attributes of a line."""
    class_ = f"s {paint.class_}" if paint.class_ else None
    return {"fill": "none", "stroke": paint.colour, "stroke_width": thick, "class_": class_}


def wide(layer: Layer, usual: float) -> float:
    """Return how thick the lines of a layer are."""
    return number(layer.mark.get("strokeWidth")) or number(layer.mark.get("thickness")) or usual


def opacity(layer: Layer) -> float | None:
    """Return the opacity of a layer; None where it is whole."""
    channel = layer.channels.get("opacity")
    return number(layer.mark.get("opacity") if channel is None else channel.given.get("value"))
