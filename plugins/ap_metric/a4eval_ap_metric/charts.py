"""What the tables of detection metrics look like, as Vega-Lite specifications."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval import Chart, Row

CLASSES_IN_A_CONFUSION = 20
CLASS_STEP = 15
"""Pixels of a class on an axis."""
BACKGROUND = "background"
_SHARE = {"domain": [0, 1]}
_BY_THRESHOLD = (
    *("#440154", "#482878", "#3e4989", "#31688e", "#26828e"),
    *("#1f9e89", "#28ae80", "#35b779", "#52c569", "#6ece58"),
)
_MEAN = "#c2570c"
"""The colour of a mean among the curves that it is of."""


def _number(field: str, title: str, **more: Any) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": title, **more}


def by_class(table: str, value: str, title: str) -> Chart:
    """Return bars of a value by class, the best first; classes without truths are left out."""
    said = value.replace("_", " ")
    return {
        "title": title,
        "data": {"name": table},
        "transform": [{"filter": {"field": "truths", "gt": 0}}],
        "height": {"step": CLASS_STEP},
        "mark": "bar",
        "encoding": {
            "x": _number(value, said, scale=_SHARE),
            "y": {"field": "class", "type": "nominal", "sort": "-x", "title": None},
            "tooltip": [{"field": "class"}, _number(value, said), _number("truths", "truths")],
        },
    }


def precision_recall(table: str, columns: Sequence[str], judged_by: str = "IoU") -> Chart:
    """Return precision over recall, a line for each of some columns, of which the last is the mean of the others."""
    shades = [_BY_THRESHOLD[place * len(_BY_THRESHOLD) // (len(columns) - 1)] for place in range(len(columns) - 1)]
    return {
        "title": f"Precision over recall, by the {judged_by} that a match needs",
        "description": "The mean over the classes; precision is the highest at this recall or beyond.",
        "data": {"name": table},
        "transform": [{"fold": [one.replace(".", "\\.") for one in columns], "as": ["curve", "precision"]}],
        "mark": {"type": "line", "interpolate": "step-before"},
        "encoding": {
            "x": _number("recall", "recall", scale=_SHARE),
            "y": _number("precision", "precision", scale=_SHARE),
            "color": {
                "field": "curve",
                "type": "ordinal",
                "title": None,
                "sort": None,
                "scale": {"domain": list(columns), "range": [*shades, _MEAN]},
            },
        },
    }


def class_curves(table: str, classes: Sequence[str], at: str) -> Chart:
    """Return precision over recall, a line for each of some classes."""
    return {
        "title": f"Precision over recall at {at}, of the classes with the most truths",
        "data": {"name": table},
        "transform": [{"fold": [one.replace(".", "\\.") for one in classes], "as": ["class", "precision"]}],
        "mark": {"type": "line", "interpolate": "step-before"},
        "encoding": {
            "x": _number("recall", "recall", scale=_SHARE),
            "y": _number("precision", "precision", scale=_SHARE),
            "color": {"field": "class", "type": "nominal", "title": None, "sort": None},
        },
    }


def by_threshold(table: str, areas: Sequence[str], judged_by: str = "IoU") -> Chart:
    """Return AP over what a match needs, overall and by size."""
    columns = ["AP", *(f"AP{one}" for one in areas)]
    return {
        "title": f"AP by size, over the {judged_by} that a match needs",
        "data": {"name": table},
        "transform": [{"fold": columns, "as": ["size", "precision"]}],
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": _number("threshold", judged_by, scale={"zero": False}),
            "y": _number("precision", "AP", scale={"domain": [0, 1]}),
            "color": {"field": "size", "type": "nominal", "title": None, "sort": None},
        },
    }


def by_class_and_threshold(table: str, judged_by: str = "IoU") -> Chart:
    """Return AP of each class over what a match needs, as colours."""
    return {
        "title": f"AP of each class, by the {judged_by} that a match needs",
        "data": {"name": table},
        "height": {"step": CLASS_STEP},
        "mark": "rect",
        "encoding": {
            "x": {"field": "threshold", "type": "ordinal", "title": judged_by},
            "y": {"field": "class", "type": "nominal", "title": None, "sort": None},
            "color": _number("AP", "AP", scale={"domain": [0, 1], "scheme": "blues"}),
            "tooltip": [{"field": "class"}, _number("threshold", judged_by), _number("AP", "AP")],
        },
    }


def by_image(table: str) -> Chart:
    """Return a point an image: its AP over how many truths it has."""
    told = [{"field": "image"}, *(_number(name, name) for name in ("AP", "wrong", "missed"))]
    return _over_truths("AP of each image by itself, over how many truths it has", table, {"tooltip": told})


def by_detections(table: str) -> Chart:
    """Return AP and AR over how many detections of each image and class count."""
    return {
        "title": "AP and AR over how many detections of an image and class count",
        "data": {"name": table},
        "transform": [{"fold": ["AP", "AR"], "as": ["of", "value"]}],
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": _number("detections", "detections", scale={"type": "log"}),
            "y": _number("value", "AP, AR", scale=_SHARE),
            "color": {"field": "of", "type": "nominal", "title": None, "sort": None},
        },
    }


def by_frequency(table: str) -> Chart:
    """Return AP of rare, common and frequent classes."""
    return {
        "title": "AP of rare, common and frequent classes",
        "data": {"name": table},
        "mark": "bar",
        "encoding": {
            "x": _number("AP", "AP", scale=_SHARE),
            "y": {"field": "frequency", "type": "nominal", "sort": None, "title": None},
            "tooltip": [{"field": "frequency"}, _number("AP", "AP"), _number("classes", "classes")],
        },
    }


def by_truths(table: str) -> Chart:
    """Return a point a class: its AP over how many truths it has."""
    more = {
        "color": {"field": "frequency", "type": "nominal", "title": None, "sort": ["rare", "common", "frequent"]},
        "tooltip": [{"field": "class"}, _number("AP", "AP"), _number("truths", "truths")],
    }
    return _over_truths("AP of each class, over how many truths it has", table, more)


def _over_truths(title: str, table: str, more: dict[str, Any]) -> Chart:
    """Return a point a row that has truths, by its AP and how many they are."""
    axes = {"x": _number("truths", "truths", scale={"type": "log"}), "y": _number("AP", "AP", scale=_SHARE)}
    return {
        "title": title,
        "data": {"name": table},
        "transform": [{"filter": {"field": "truths", "gt": 0}}],
        "mark": "circle",
        "encoding": axes | more,
    }


def scores(table: str) -> Chart:
    """Return how many detections of each score are right and wrong."""
    return {
        "title": "Scores of detections that are right and that are wrong",
        "data": {"name": table},
        "transform": [{"fold": ["right", "wrong"], "as": ["detection", "count"]}],
        "mark": "bar",
        "encoding": {
            "x": _number("from", "score"),
            "x2": {"field": "to"},
            "y": _number("count", "detections"),
            "color": {"field": "detection", "type": "nominal", "title": None, "sort": ["right", "wrong"]},
        },
    }


def reliability(table: str) -> Chart:
    """Return the reliability diagram: how often detections of a score are right."""
    said = [_number("mean_score", "mean score"), _number("precision", "precision"), _number("detections", "detections")]
    return {
        "title": "Are scores the chance of being right?",
        "description": "On the line they are; below it the detector is too sure of itself.",
        "data": {"name": table},
        "transform": [{"filter": {"field": "detections", "gt": 0}}],
        "encoding": {"x": {"title": "score", "scale": _SHARE}, "y": {"title": "precision", "scale": _SHARE}},
        "layer": [
            {
                "mark": {"type": "bar", "opacity": 0.35},
                "encoding": {
                    "x": _number("from", "score", scale=_SHARE),
                    "x2": {"field": "to"},
                    "y": _number("precision", "precision", scale=_SHARE),
                    "tooltip": said,
                },
            },
            {
                "mark": {"type": "rule", "strokeDash": [4, 4]},
                "encoding": {
                    "x": {"datum": 0, "type": "quantitative"},
                    "y": {"datum": 0, "type": "quantitative"},
                    "x2": {"datum": 1},
                    "y2": {"datum": 1},
                },
            },
            {
                "mark": {"type": "circle", "size": 60},
                "encoding": {
                    "x": _number("mean_score", "score"),
                    "y": _number("precision", "precision"),
                    "tooltip": said,
                },
            },
        ],
    }


def confusion(table: str, rows: Sequence[Row]) -> Chart:
    """Return the confusion matrix of the classes that are confused most, each row as shares of its truths.

    Args:
        table: its name.
        rows: with ``truth``, ``detected`` and ``count``.
    """
    wrong: Counter[str] = Counter()
    for row in rows:
        if row["truth"] != row["detected"]:
            for name in {row["truth"], row["detected"]} - {BACKGROUND}:
                wrong[name] += row["count"] * (10 if BACKGROUND not in (row["truth"], row["detected"]) else 1)
    kept = [name for name, _ in wrong.most_common(CLASSES_IN_A_CONFUSION)]
    if len(kept) < CLASSES_IN_A_CONFUSION:  # then there is room for those that are never confused
        kept += [one for one in dict.fromkeys(row["truth"] for row in rows) if one not in {*kept, BACKGROUND}]
    shown = [*kept[:CLASSES_IN_A_CONFUSION], BACKGROUND]
    side = {"type": "nominal", "sort": shown}
    return {
        "title": "What was found where each class is",
        "description": f"Shares of a class's truths, of {len(shown) - 1} classes, the most confused first; the column "
        "background is what was missed, the row background what was found on nothing, as shares of it.",
        "data": {"name": table},
        "transform": [{"filter": {"and": [{"field": one, "oneOf": shown} for one in ("truth", "detected")]}}],
        "height": {"step": 18},
        "mark": "rect",
        "encoding": {
            "x": {"field": "detected", "title": "detected", **side},
            "y": {"field": "truth", "title": "truth", **side},
            "color": _number("share", "share", scale={"domain": [0, 1], "scheme": "blues"}, format=".0%"),
            "tooltip": [
                {"field": "truth"},
                {"field": "detected"},
                _number("share", "share", format=".1%"),
                _number("count", "count"),
            ],
        },
    }


def errors(table: str, kinds: Sequence[str]) -> Chart:
    """Return what each kind of errors costs."""
    return {
        "title": "The AP that each kind of error costs",
        "description": "What AP would gain if errors of this kind, and no others, were mended (TIDE).",
        "data": {"name": table},
        "encoding": {"y": {"field": "error", "type": "nominal", "sort": list(kinds), "title": None}},
        "height": {"step": 24},
        "layer": [
            {
                "mark": "bar",
                "encoding": {
                    "x": _number("cost", "AP lost"),
                    "tooltip": [{"field": "error"}, _number("cost", "AP lost"), _number("count", "errors")],
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 4},
                "encoding": {"x": _number("cost", "AP lost"), "text": _number("cost", "AP lost", format=".3f")},
            },
        ],
    }
