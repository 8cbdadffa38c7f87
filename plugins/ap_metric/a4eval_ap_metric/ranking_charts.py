"""What the tables of metrics on rankings look like, as Vega-Lite specifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval import Chart

_SHARE = {"domain": [0, 1]}


def _share(field: str, title: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": title, "scale": _SHARE}


def ranks(table: str) -> Chart:
    """Return precision over recall of rankings, after each item, a line for each query."""
    return {
        "title": "Precision over recall, after each item of a ranking",
        "data": {"name": table},
        "encoding": {
            "x": _share("recall", "recall"),
            "y": _share("precision", "precision"),
            "order": {"field": "rank", "type": "quantitative"},
            "color": {"field": "query", "type": "nominal", "title": "query", "sort": None},
        },
        "layer": [{"mark": {"type": "line", "point": True}}],
    }


def interpolated(table: str) -> Chart:
    """Return precision over recall, the mean over queries."""
    return {
        "title": "Precision over recall",
        "description": "The mean over the queries of the highest precision at this recall or beyond.",
        "data": {"name": table},
        "mark": {"type": "line", "point": True},
        "encoding": {"x": _share("recall", "recall"), "y": _share("precision", "precision")},
    }


def at_cutoffs(table: str, families: Sequence[str]) -> Chart:
    """Return measures over how many items of each ranking are looked at."""
    return {
        "title": "Measures over how many items of each ranking are looked at",
        "data": {"name": table},
        "transform": [{"fold": list(families), "as": ["measure", "value"]}],
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": "cutoff", "type": "quantitative", "title": "items", "scale": {"type": "log"}},
            "y": _share("value", "mean over the queries"),
            "color": {"field": "measure", "type": "nominal", "title": None, "sort": None},
        },
    }
