"""Predictions that share the truth's centre: those of the worksheet, and their IoU in closed form."""

from __future__ import annotations

import math


def centred_predictions(width: float, height: float, change: float) -> dict[str, tuple[float, float]]:
    """Return sizes (w, h) of predictions that share the truth's centre and lie at one L2 distance, 2 · change.

    Args:
        width: W of the true box, pixels.
        height: H of the true box, pixels.
        change: c, pixels, 0 < c < min(W, H) / 2.

    Raises:
        ValueError: a number is out of that range.

    >>> centred_predictions(10, 4, 1)["p1"]
    (10, 2)
    """
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise ValueError(f"W and H: got {width:g} and {height:g}, expected positive numbers")
    if not 0 < change < min(width, height) / 2:
        raise ValueError(f"c: got {change:g}, expected 0 < c < min(W, H) / 2 = {min(width, height) / 2:g}")
    step = 2 * change
    return {
        "p1": (width, height - step),
        "p2": (width - step, height),
        "p1_grown": (width, height + step),
        "p2_grown": (width + step, height),
    }


def centred_iou(width: float, height: float, other_width: float, other_height: float) -> float:
    """IoU of two boxes with one centre, in closed form.

    >>> centred_iou(10, 4, 8, 4)
    0.8
    """
    shared = min(width, other_width) * min(height, other_height)
    return shared / (width * height + other_width * other_height - shared)
