"""What the tables of similarities look like, as Vega-Lite specifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval import Chart


def _number(field: str, title: str, **more: Any) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": title, **more}


def profile(table: str, family: str, title: str, label: str, similarities: Sequence[str]) -> Chart:
    """Return similarities over the size of one kind of perturbation.

    Args:
        table: its name; of all families together.
        family: the perturbation.
        title: what it does to a box.
        label: what its parameter is.
        similarities: columns that are higher for better boxes.
    """
    return {
        "title": f"What similarities see of a box {title}",
        "data": {"name": table},
        "transform": [
            {"filter": {"field": "family", "equal": family}},
            {"fold": list(similarities), "as": ["similarity", "value"]},
        ],
        "mark": "line",
        "encoding": {
            "x": _number("parameter", label, scale={"zero": False}),
            "y": _number("value", "similarity", scale={"zero": False}),
            "color": {"field": "similarity", "type": "nominal", "title": None, "sort": None},
        },
    }


def equal_l2(table: str, radius: float) -> Chart:
    """Return the most and the least IoU at one L2 distance, by what may differ."""
    return {
        "title": f"IoU of boxes that all lie {radius:g} pixels away by L2",
        "data": {"name": table},
        "mark": "bar",
        "encoding": {
            "x": {"field": "free", "type": "nominal", "sort": None, "title": "what may differ"},
            "xOffset": {"field": "which", "sort": None},
            "y": _number("iou", "IoU", scale={"domain": [0, 1]}),
            "color": {"field": "which", "type": "nominal", "title": None, "sort": None},
        },
    }


def ranking(table: str) -> Chart:
    """Return how often each similarity ranks two predictions otherwise than IoU does."""
    return {
        "title": "Pairs of predictions that are ranked otherwise than by IoU",
        "data": {"name": table},
        "height": {"step": 15},
        "mark": "bar",
        "encoding": {
            "y": {"field": "similarity", "type": "nominal", "sort": "-x", "title": None},
            "yOffset": {"field": "source", "sort": None},
            "x": _number("disagreement", "share of pairs", format=".0%"),
            "color": {"field": "source", "type": "nominal", "title": None, "sort": None},
        },
    }
