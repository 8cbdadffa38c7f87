"""The most and the least IoU that predictions at one L2 distance from the truth can have.

The distance is that of (centre x, centre y, width, height).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from a4eval_box_metrics.similarities.overlap import iou

if TYPE_CHECKING:
    from numpy.typing import NDArray

Freedom = Literal["size", "shift", "all"]
"""What may differ from the truth: width and height, the centre, or all four."""

_AXES: dict[str, tuple[int, ...]] = {"size": (2, 3), "shift": (0, 1), "all": (0, 1, 2, 3)}


@dataclass(frozen=True, slots=True)
class Extreme:
    """A prediction, as (centre x, centre y, width, height) with the truth centred at the origin, and its IoU."""

    box: tuple[float, float, float, float]
    iou: float
    method: str


def most_iou(width: float, height: float, radius: float, freedom: Literal["size", "all"] = "all") -> Extreme:
    """Best prediction at L2 distance *radius*, in closed form.

    The longer side M alone pays the least.
    Growing it about its centre gives M / (M + r); growing it with one edge held moves the centre by half of what the
    side grows, so √5 / 2 of the growth is distance and the growth is 2r / √5: M / (M + 2r / √5).

    Args:
        width: of the true box, pixels.
        height: of the true box, pixels.
        radius: r, pixels.
        freedom: what may differ from the truth: its size alone, or all four numbers.

    Raises:
        ValueError: a number is not positive.

    >>> most_iou(10, 4, 2, "size").iou == 10 / 12
    True
    >>> round(most_iou(10, 4, 2).iou, 6)
    0.848259
    """
    _check(width, height, radius)
    growth = radius if freedom == "size" else 2 * radius / 5**0.5
    offset = 0.0 if freedom == "size" else growth / 2
    longer = max(width, height)
    box = (offset, 0.0, width + growth, height) if width >= height else (0.0, offset, width, height + growth)
    return Extreme(box, longer / (longer + growth), "closed form")


def search_iou(
    width: float,
    height: float,
    radius: float,
    freedom: Freedom,
    rng: np.random.Generator,
    *,
    most: bool = False,
    starts: int = 256,
) -> Extreme:
    """Worst or best prediction at L2 distance *radius*, by search: random directions, then ever smaller steps.

    Args:
        width: of the true box, pixels.
        height: of the true box, pixels.
        radius: pixels.
        freedom: what may differ from the truth.
        rng: where randomness comes from.
        most: the best one instead of the worst one.
        starts: how many searches run side by side.

    Raises:
        ValueError: a number is not positive.

    >>> worst = search_iou(10, 4, 2, "size", np.random.default_rng(0))
    >>> round(worst.iou, 6)
    0.489681
    """
    _check(width, height, radius)
    axes = list(_AXES[freedom])
    truth = np.array([0.0, 0, width, height])

    def evaluate(directions: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        directions = directions / np.linalg.norm(directions, axis=-1, keepdims=True)
        boxes = np.broadcast_to(truth, (*directions.shape[:-1], 4)).copy()
        boxes[..., axes] += radius * directions
        possible = (boxes[..., 2:] >= 0).all(axis=-1)
        boxes[~possible] = truth
        value = (1 if most else -1) * iou(boxes, truth, format="cxcywh")
        return directions, np.where(possible, value, -np.inf)

    best, value = evaluate(rng.normal(size=(starts, len(axes))))
    for step in np.geomspace(1, 1e-9, 120):
        proposals = best[:, None] + step * rng.normal(size=(starts, 16, len(axes)))
        moved, values = evaluate(proposals)
        which = np.argmax(values, axis=1)
        rows = np.arange(starts)
        better = values[rows, which] > value
        best = np.where(better[:, None], moved[rows, which], best)
        value = np.where(better, values[rows, which], value)
    winner = int(np.argmax(value))
    box = truth.copy()
    box[axes] += radius * best[winner]
    x, y, w, h = box.tolist()
    return Extreme((x, y, w, h), float(abs(value[winner])), "search")


def _check(width: float, height: float, radius: float) -> None:
    for name, value in (("width", width), ("height", height), ("radius", radius)):
        if not 0 < value < np.inf:
            raise ValueError(f"{name}: got {value:g}, expected a positive number of pixels")
