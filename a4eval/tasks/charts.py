"""What the tables of the core's tasks look like: differences as a forest, parts with intervals, checks, cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from a4eval.contracts import Chart

GREY = "#8b959e"


def forest(table: str, title: str, *, margins: bool = False) -> Chart:
    """Return the chart of a table of differences.

    Args:
        table: its name; its columns are ``name``, ``difference``, ``low``, ``high`` and ``verdict``.
        title: of the chart.
        margins: it has the columns ``margin_below`` and ``margin_above`` too, which are drawn as strokes.
    """
    y = {"field": "name", "type": "nominal", "sort": None, "title": None}
    x = {"type": "quantitative", "title": "difference"}
    verdicts = ["worse", "undecided", "equivalent", "better"]
    colour = {
        "field": "verdict",
        "type": "nominal",
        "title": None,
        "scale": {"domain": verdicts, "range": ["#c2570c", GREY, "#0a7d5a", "#0b6fb8"]},
    }
    strokes = ("margin_below", "margin_above") if margins else ()
    tick = {"type": "tick", "color": GREY, "thickness": 2}
    said = ", the strokes the margin" if margins else ""
    return {
        "title": title,
        "description": f"Each difference with its interval, which is of it alone; the line is no difference at "
        f"all{said}. The colour is the verdict, corrected for how many there are: so one whose interval leaves out 0 "
        "may be undecided.",
        "data": {"name": table},
        "transform": [{"filter": {"field": "difference", "valid": True}}],
        "height": {"step": 20},
        "encoding": {"y": y, "color": colour},
        "layer": [
            {
                "mark": {"type": "rule", "color": GREY},
                "encoding": {"y": None, "color": None, "x": {"datum": 0, **x}},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2.5},
                "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}},
            },
            *({"mark": tick, "encoding": {"color": None, "x": {"field": one, **x}}} for one in strokes),
            {"mark": {"type": "circle", "size": 55}, "encoding": {"x": {"field": "difference", **x}}},
        ],
    }


def parts(table: str, title: str, *, shares: bool = False) -> Chart:
    """Return values of parts, such as classes, with their intervals, the highest first.

    Args:
        table: its name; its columns are ``part``, ``value``, ``low`` and ``high``.
        title: of the chart.
        shares: no value, however the units are drawn, lies outside 0 to 1: there the axis ends.
    """
    x = {"type": "quantitative", "title": "value", **({"scale": {"domain": [0, 1]}} if shares else {})}
    said = "What reaches beyond 0 or 1, where no value can lie, is cut there; the table has it whole."
    return {
        "title": title,
        **({"description": said} if shares else {}),
        "data": {"name": table},
        "height": {"step": 15},
        "encoding": {
            "y": {"field": "part", "type": "nominal", "sort": {"field": "value", "order": "descending"}, "title": None}
        },
        "layer": [
            {
                "mark": {"type": "rule", "color": GREY, "strokeWidth": 2, "tooltip": None},
                "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "circle", "size": 36},
                "encoding": {
                    "x": {"field": "value", **x},
                    "tooltip": [
                        {"field": "part"},
                        *({"field": one, "type": "quantitative"} for one in ("value", "low", "high")),
                    ],
                },
            },
        ],
    }


def checks(table: str) -> Chart:
    """Return how large the error of each check is beside its bound."""
    x: dict[str, Any] = {"type": "quantitative", "title": "largest error, and its bound", "scale": {"type": "log"}}
    colour = {
        "field": "verdict",
        "type": "nominal",
        "title": None,
        "scale": {"domain": ["passed", "undecided", "failed"], "range": ["#0a7d5a", "#c28a00", "#c23b4e"]},
    }
    said = [{"field": "check"}, {"field": "verdict"}, {"field": "error", "type": "quantitative"}]
    return {
        "title": "How far each check is from its bound",
        "description": "The point is the largest error, the stroke its bound. Without a point there is no error at "
        "all; the table has the checks without a bound too.",
        "data": {"name": table},
        "transform": [{"filter": {"field": "bound", "gt": 0}}],
        "height": {"step": 18},
        "encoding": {"y": {"field": "check", "type": "nominal", "sort": None, "title": None}},
        "layer": [
            {"mark": {"type": "tick", "color": GREY, "thickness": 3}, "encoding": {"x": {"field": "bound", **x}}},
            {
                "mark": {"type": "circle", "size": 55},
                "encoding": {
                    "x": {"field": "error", **x},
                    "color": colour,
                    "tooltip": [*said, {"field": "bound", "type": "quantitative"}, {"field": "where"}],
                },
            },
        ],
    }


def time_by_rows(table: str, compared: bool) -> Chart:  # noqa: FBT001  (of two beside each other)
    """Return the time of forward and backward over how many rows a batch has, *compared* with a reference's."""
    return _cost(table, "Time over the rows of a batch", "rows", _passes(compared), "seconds")


def memory_by_rows(table: str) -> Chart:
    """Return the largest memory over how many rows a batch has."""
    return _cost(table, "Peak memory over the rows of a batch", "rows", ["peak_memory"], "bytes")


def time_by_shape(table: str, compared: bool) -> Chart:  # noqa: FBT001
    """Return the time of forward and backward over the entries of an input, for each axis that was made larger."""
    chart = _cost(table, "Time over the entries of the input", "entries", _passes(compared), "seconds")
    chart["encoding"]["detail"] = {"field": "axis", "type": "nominal"}
    return chart


def _passes(compared: bool) -> list[str]:  # noqa: FBT001
    return ["forward", "backward", *(["reference_forward", "reference_backward"] if compared else [])]


def _cost(table: str, title: str, over: str, columns: list[str], unit: str) -> Chart:
    log = {"type": "log"}
    return {
        "title": title,
        "data": {"name": table},
        "transform": [{"fold": columns, "as": ["what", unit]}],
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": over, "type": "quantitative", "scale": log},
            "y": {"field": unit, "type": "quantitative", "scale": log, "axis": {"format": "~s"}},
            "color": {"field": "what", "type": "nominal", "title": None, "sort": None},
        },
    }
