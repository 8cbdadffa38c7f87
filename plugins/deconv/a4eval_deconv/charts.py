"""What the tables of transposed convolutions look like, as Vega-Lite specifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval import Chart

GREY = "#8b959e"


def _number(field: str, title: str, **more: Any) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": title, **more}


def checkerboard_scores(table: str) -> Chart:
    """Return the checkerboard score of each layer, with the lowest and the highest of its draws."""
    return {
        "title": "Checkerboard score",
        "description": "The share of power at the images of frequency zero: the mean of the draws, and their range.",
        "data": {"name": table},
        "height": {"step": 26},
        "encoding": {"y": {"field": "label", "type": "nominal", "sort": None, "title": None}},
        "layer": [
            {
                "mark": {"type": "rule", "color": GREY, "strokeWidth": 2, "tooltip": None},
                "encoding": {"x": _number("score_low", "score"), "x2": {"field": "score_high"}},
            },
            {
                "mark": {"type": "circle", "size": 60},
                "encoding": {
                    "x": _number("score", "score"),
                    "tooltip": [
                        {"field": "label"},
                        *(_number(one, one) for one in ("score", "score_low", "score_high")),
                    ],
                },
            },
        ],
    }


def image_frequencies(table: str) -> Chart:
    """Return the share of power at zero frequency and at each of its images, layer by layer."""
    return {
        "title": "Power at zero frequency and at its images",
        "data": {"name": table},
        "mark": "bar",
        "encoding": {
            "x": {"field": "frequency", "type": "nominal", "sort": None, "title": "frequency, cycles an output"},
            "xOffset": {"field": "label", "sort": None},
            "y": _number("power_share", "share of power", format=".0%"),
            "color": {"field": "label", "type": "nominal", "title": None, "sort": None},
        },
    }


def singular_values(table: str) -> Chart:
    """Return the singular values with the real boundary and with the periodic one, the largest first."""
    return {
        "title": "Singular values of the layer as a matrix",
        "data": {"name": table},
        "transform": [{"fold": ["zero_boundary", "periodic_boundary"], "as": ["boundary", "value"]}],
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": _number("index", "index"),
            "y": _number("value", "singular value"),
            "color": {"field": "boundary", "type": "nominal", "title": None, "sort": None},
        },
    }


def matrix(table: str, columns: Sequence[str]) -> Chart:
    """Return the matrix as a map of its entries."""
    side = {"type": "nominal", "sort": None}
    return {
        "title": "Which input reaches which output: the layer as a matrix",
        "data": {"name": table},
        "transform": [{"fold": list(columns), "as": ["column", "value"]}],
        "height": {"step": 16},
        "mark": "rect",
        "encoding": {
            "x": {"field": "column", "title": "input", **side},
            "y": {"field": "row", "title": "output", **side},
            "color": _number("value", "entry", scale={"domainMid": 0}),
        },
    }


def convention_shifts(table: str, column: str) -> Chart:
    """Return how far the output of each convention lies from that of this configuration."""
    return {
        "title": "How far each convention shifts the output",
        "data": {"name": table},
        "transform": [{"filter": {"field": column, "valid": True}}],
        "height": {"step": 16},
        "mark": "bar",
        "encoding": {
            "y": {"field": "convention", "type": "nominal", "sort": None, "title": None},
            "x": _number(column, "elements"),
        },
    }


def conformance_errors(table: str) -> Chart:
    """Return how far each framework is from ours in each case; what is equal bit for bit has no place on the axis."""
    return {
        "title": "How far the frameworks are from ours",
        "description": "A point is a case; what is equal bit for bit has none.",
        "data": {"name": table},
        "transform": [{"fold": ["value_error", "gradient_error"], "as": ["of", "error"]}],
        "height": {"step": 30},
        "mark": {"type": "circle", "size": 40, "opacity": 0.7},
        "encoding": {
            "y": {"field": "framework", "type": "nominal", "sort": None, "title": None},
            "x": _number("error", "largest relative error", scale={"type": "log"}, axis={"format": ".0e"}),
            "color": {"field": "of", "type": "nominal", "title": None, "sort": None},
        },
    }
