"""Differences as a forest: each with its interval, beside no difference at all and the margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from a4eval.contracts import Chart


def forest(table: str, title: str) -> Chart:
    """Return the chart of a table of differences.

    Args:
        table: its name; its columns are ``name``, ``difference``, ``low``, ``high``, ``verdict``, perhaps ``margin``.
        title: of the chart.
    """
    y = {"field": "name", "type": "nominal", "sort": None, "title": None}
    x = {"type": "quantitative", "title": "difference"}
    verdicts = ["worse", "undecided", "equivalent", "better"]
    colour = {
        "field": "verdict",
        "type": "nominal",
        "title": None,
        "scale": {"domain": verdicts, "range": ["#c2570c", "#8b959e", "#0a7d5a", "#0b6fb8"]},
    }
    return {
        "title": title,
        "description": "Each difference with its interval; the line is no difference at all.",
        "data": {"name": table},
        "height": {"step": 20},
        "encoding": {"y": y, "color": colour},
        "layer": [
            {
                "mark": {"type": "rule", "color": "#8b959e"},
                "encoding": {"y": None, "color": None, "x": {"datum": 0, **x}},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2.5},
                "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}},
            },
            {"mark": {"type": "circle", "size": 55}, "encoding": {"x": {"field": "difference", **x}}},
        ],
    }
