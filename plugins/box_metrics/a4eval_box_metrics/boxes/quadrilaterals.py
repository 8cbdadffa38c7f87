"""Quadrilaterals, four free corners as in DOTA: their check, their area, and how they relate to rotated boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval_box_metrics.boxes.columns import as_floats, first_unsound, too_large
from a4eval_box_metrics.boxes.rotated import rotated_columns
from a4eval_box_metrics.boxes.types import largest

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from a4eval_box_metrics.boxes.types import Floats


def quadrilateral_area(boxes: ArrayLike) -> Floats:
    """Area of quadrilaterals, by the shoelace formula: (…, 8) give (…,).

    >>> quadrilateral_area([[2, 0, 4, 2, 2, 4, 0, 2]])
    array([8.])
    """
    corners = np.moveaxis(checked_corners(boxes, "boxes"), -1, 0)
    return np.asarray(np.abs(signed_area(corners[0::2], corners[1::2])))


def rotated_to_quadrilateral(boxes: ArrayLike) -> Floats:
    """Corners of rotated boxes: (…, 5) of (centre x, centre y, width, height, angle) give (…, 8).

    They come in the order of the unrotated box's upper left, upper right, lower right and lower left corner.

    Raises:
        ValueError: a box is unsound; the row is named.

    >>> rotated_to_quadrilateral([[0, 0, 4, 2, np.pi / 2]]).round(9) + 0.0
    array([[ 1., -2.,  1.,  2., -1.,  2., -1., -2.]])
    """
    b = rotated_columns(boxes)
    ux, uy = b.half_width * b.cos, b.half_width * b.sin
    vx, vy = -b.half_height * b.sin, b.half_height * b.cos
    corners = [
        b.x - ux - vx, b.y - uy - vy, b.x + ux - vx, b.y + uy - vy,
        b.x + ux + vx, b.y + uy + vy, b.x - ux + vx, b.y - uy + vy,
    ]  # fmt: skip
    return np.stack(corners, axis=-1)


def quadrilateral_to_rotated(boxes: ArrayLike) -> Floats:
    """Smallest rotated box around each quadrilateral, as DOTA's corners are turned into five numbers.

    A smallest box has a side along a side of the convex hull, so the six lines through two corners are tried.

    Args:
        boxes: (…, 8).

    Returns:
        (…, 5) of (centre x, centre y, width, height, angle); the angle in (−π/2, π/2] is that of the width, which lies
        along the line tried.  For a rectangle, that rectangle.

    Raises:
        ValueError: a quadrilateral is unsound; the row is named.

    >>> quadrilateral_to_rotated([[1, -2, 1, 2, -1, 2, -1, -2]]).round(6)
    array([[0.      , 0.      , 4.      , 2.      , 1.570796]])
    """
    corners = np.moveaxis(checked_corners(boxes, "boxes"), -1, 0)
    x, y = corners[0::2], corners[1::2]
    found = []
    for first, second in ((0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (1, 3)):
        angle = np.arctan2(y[second] - y[first], x[second] - x[first])
        angle = angle - np.pi * np.ceil(angle / np.pi - 0.5)
        cos, sin = np.cos(angle), np.sin(angle)
        along, across = x * cos + y * sin, y * cos - x * sin
        low, high = along.min(axis=0), along.max(axis=0)
        bottom, top = across.min(axis=0), across.max(axis=0)
        middle, centre = (low + high) / 2, (bottom + top) / 2
        size = [high - low, top - bottom]
        found.append(np.stack([middle * cos - centre * sin, middle * sin + centre * cos, *size, angle], axis=-1))
    tried = np.stack(found)
    area = tried[..., 2] * tried[..., 3]
    area[0] *= 1 - 1e-12  # the first side wins ties, whatever the rounding
    best = np.argmin(area, axis=0)
    return np.asarray(np.take_along_axis(tried, best[None, ..., None], axis=0)[0])


def signed_area(x: Floats, y: Floats) -> Floats:
    """Shoelace formula about the first corner; positive when the corners run from the x axis to the y axis."""
    x, y = x - x[0], y - y[0]
    return np.asarray(((x[1] * y[2] - x[2] * y[1]) + (x[2] * y[3] - x[3] * y[2])) / 2)


def checked_corners(boxes: ArrayLike, what: str) -> Floats:
    """Check quadrilaterals.

    Raises:
        ValueError: wrong shape, or an unsound one; the text names the first such row.
    """
    array = as_floats(boxes, 8, what)
    small = np.asarray((np.abs(array) <= largest(array.dtype)).all(axis=-1))
    x, y = np.moveaxis(np.where(small[..., None], array, 0), -1, 0).reshape(4, 2, *array.shape[:-1]).swapaxes(0, 1)
    crossed = _cross(x, y, 0, 1, 2, 3) | _cross(x, y, 1, 2, 3, 0)
    sound = np.asarray(small & ~crossed)
    if not sound.all():
        label, row = first_unsound(sound, what)
        label = f"{label}: quadrilateral {array[row].tolist()}"
        if not np.isfinite(array[row]).all():
            raise ValueError(f"{label} is not finite")
        if not small[row]:
            raise too_large(label, array.dtype)
        raise ValueError(f"{label} has an outline that crosses itself")
    return array


def _cross(x: Floats, y: Floats, a: int, b: int, c: int, d: int) -> NDArray[np.bool_]:
    """Return where the inside of edge ab meets the inside of edge cd."""

    def side(i: int, j: int, k: int) -> Floats:
        return np.asarray(np.sign((x[j] - x[i]) * (y[k] - y[i]) - (y[j] - y[i]) * (x[k] - x[i])))

    return np.asarray((side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0))
