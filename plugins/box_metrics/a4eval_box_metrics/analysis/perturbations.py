"""Families of predictions around a true box: one parameter each, or random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from a4eval_box_metrics.boxes.quadrilaterals import rotated_to_quadrilateral


@dataclass(frozen=True, slots=True)
class Family:
    """Predictions that differ from the truth in one way.

    Args:
        title: what is wrong with them.
        label: the parameter's name, for axes.
        low: where the parameter starts.
        high: where it ends.
        none: the parameter that changes nothing.
        geometric: is it spaced by factors rather than by steps?
        apply: from the true width and height and (n,) parameters to (n, 5) boxes (centre x, centre y, width, height,
            angle); the truth is centred at the origin.
    """

    title: str
    label: str
    low: float
    high: float
    none: float
    geometric: bool
    apply: Callable[[float, float, NDArray[np.float64]], NDArray[np.float64]]

    def parameters(self, steps: int) -> NDArray[np.float64]:
        """Return *steps* parameters from low to high."""
        space = np.geomspace if self.geometric else np.linspace
        return np.asarray(space(self.low, self.high, steps))


def _boxes(*columns: float | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack(np.broadcast_arrays(*columns), axis=1).astype(np.float64)


FAMILIES = {
    "shift_x": Family("moved sideways", "shift / width", 0, 1.5, 0, False, lambda w, h, t: _boxes(t * w, 0, w, h, 0)),
    "shift_y": Family(
        "moved up or down", "shift / height", 0, 1.5, 0, False, lambda w, h, t: _boxes(0, t * h, w, h, 0)
    ),
    "shrink": Family("too small", "size / true size", 0.1, 1, 1, True, lambda w, h, t: _boxes(0, 0, w * t, h * t, 0)),
    "grow": Family("too large", "size / true size", 1, 4, 1, True, lambda w, h, t: _boxes(0, 0, w * t, h * t, 0)),
    "aspect": Family(
        "too wide or too tall", "width / true width", 0.25, 4, 1, True, lambda w, h, t: _boxes(0, 0, w * t, h / t, 0)
    ),
    "rotation": Family("turned", "angle, degrees", 0, 90, 0, False, lambda w, h, t: _boxes(0, 0, w, h, np.deg2rad(t))),
}
"""Shifts along an axis, both sides times a factor, one side times and the other divided by it, and turns."""


def upright_hulls(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smallest upright boxes around rotated ones: (n, 5) cxcywha give (n, 4) xyxy.

    >>> upright_hulls(np.array([[0, 0, 4, 2, np.pi / 2]])).round(9)
    array([[-1., -2.,  1.,  2.]])
    """
    unturned = boxes[:, 4] == 0
    corners = rotated_to_quadrilateral(boxes)
    x, y = corners[:, 0::2], corners[:, 1::2]
    hulls = np.stack([x.min(axis=1), y.min(axis=1), x.max(axis=1), y.max(axis=1)], axis=1)
    half = boxes[:, 2:4] / 2  # an unturned box keeps its corners to the last bit
    hulls[unturned] = np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)[unturned]
    return hulls


def random_predictions(
    width: float, height: float, noise: float, n: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Predictions scattered around a true box at the origin.

    The centre moves by normal noise of *noise* times the true size, and each side is multiplied by exp of normal noise
    of *noise*.

    Args:
        width: of the true box, pixels.
        height: of the true box, pixels.
        noise: a relative standard deviation.
        n: how many.
        rng: where randomness comes from.

    Returns:
        (n, 4) xyxy, pixels.

    >>> random_predictions(10, 4, 0.0, 1, np.random.default_rng(0))
    array([[-5., -2.,  5.,  2.]])
    """
    size = np.array([width, height])
    centre = rng.normal(0, noise, (n, 2)) * size
    half = np.exp(rng.normal(0, noise, (n, 2))) * size / 2
    return np.concatenate([centre - half, centre + half], axis=1)
