"""What the tables of gradients look like, as Vega-Lite specifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval import Chart


def _number(field: str, title: str, **more: Any) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": title, **more}


def decay(table: str, columns: Sequence[str]) -> Chart:
    """Return the norm of the gradient over the lag, whole and by each array of the state."""
    return {
        "title": "How the gradient decays over time",
        "description": "log10 of its norm at each lag; a straight line is a rate, and its slope the decades a step.",
        "data": {"name": table},
        "transform": [{"fold": list(columns), "as": ["of", "log10"]}],
        "mark": "line",
        "encoding": {
            "x": _number("lag", "lag, steps"),
            "y": _number("log10", "log10 of the norm", scale={"zero": False}),
            "color": {"field": "of", "type": "nominal", "title": None, "sort": None},
        },
    }


def learning(table: str, models: int, classes: bool, window: int) -> Chart:  # noqa: FBT001  (a fact of the problem)
    """Return the score of each model over the training steps.

    Args:
        table: its name.
        models: how many.
        classes: the score is an accuracy, else a squared error.
        window: over how many steps it is averaged.
    """
    score = "accuracy" if classes else "squared error"
    return {
        "title": f"Learning: {score}, the mean of {window} steps",
        "description": "A line is a model; it ends where the model has stopped.",
        "data": {"name": table},
        "transform": [{"fold": [f"model {m}" for m in range(models)], "as": ["model", "score"]}],
        "mark": "line",
        "encoding": {
            "x": _number("step", "training step"),
            "y": _number("score", score, scale={"domain": [0, 1]} if classes else {"type": "log"}),
            "color": {"field": "model", "type": "nominal", "title": None, "sort": None},
        },
    }


def sensitivity(table: str) -> Chart:
    """Return how much the last step's loss feels each step's input."""
    return {
        "title": "How far back the loss feels its inputs",
        "data": {"name": table},
        "mark": "line",
        "encoding": {
            "x": _number("step", "step"),
            "y": _number("log10_norm", "log10 of the norm", scale={"zero": False}),
        },
    }


def lyapunov(table: str) -> Chart:
    """Return the Lyapunov exponents, the largest first."""
    return {
        "title": "Lyapunov exponents",
        "description": "Above 0 small differences grow from step to step, below they are forgotten.",
        "data": {"name": table},
        "layer": [
            {"mark": {"type": "rule", "color": "#8b959e"}, "encoding": {"y": {"datum": 0, "type": "quantitative"}}},
            {
                "mark": "circle",
                "encoding": {"x": _number("index", "index"), "y": _number("exponent", "exponent, 1/step")},
            },
        ],
    }
