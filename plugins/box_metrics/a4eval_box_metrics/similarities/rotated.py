"""Rotated boxes: intersection and IoU in closed form, without building the clipped polygon.

The true box is the frame: |x| ≤ W, |y| ≤ H.  By Green's theorem the shared area is the integral of clamp(x) over
clamp(y) along the four edges of the predicted box, and along a straight edge that integral is elementary.
Every term is continuous in the boxes, so touching, nested and aligned ones need no case of their own.
"""

# ruff: noqa: A002  (a box format is called format, here and everywhere else)
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from a4eval_box_metrics.boxes.columns import as_floats, dual_columns
from a4eval_box_metrics.boxes.dual import variables
from a4eval_box_metrics.boxes.rotated import RotatedColumns, from_numbers, rotated_columns
from a4eval_box_metrics.boxes.shapes import matched, table
from a4eval_box_metrics.boxes.types import FORMATS
from a4eval_box_metrics.similarities import quadrilaterals
from a4eval_box_metrics.similarities.facts import Facts
from a4eval_box_metrics.similarities.pair import guarded_ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from a4eval_box_metrics.boxes.types import Floats, Quantity

_TILE = 1 << 15  # pairs whose hulls are compared at once
_CHUNK = 1 << 13  # pairs whose areas are computed at once: calls of numpy cost little, arrays stay in cache
_NEVER_ZERO = {4: 1e-9, 8: 1e-20}  # by the bytes of a number: beyond its precision, and its inverse squared is finite


def rotated_iou(predicted: ArrayLike, truth: ArrayLike, *, format: str = "cxcywha") -> Floats:
    """Intersection over union of matched pairs of rotated boxes.

    Args:
        predicted: (…, 5) boxes (centre x, centre y, width, height, angle); or (…, 4) in a format without an angle.
        truth: the same for the true boxes; the leading axes broadcast.
        format: ``cxcywha`` with the angle in radians from the x axis towards the y axis, or one of
            ``xyxy``, ``xywh``, ``cxcywh``, ``yxyx``, ``xyxy_inclusive``, whose angle is 0.

    Returns:
        (…,) in [0, 1]; 0 where both have no area.
        A shared area too small to tell from rounding, below about 1e-15 of the squared diagonals, is 0.

    Raises:
        ValueError: a box is NaN, infinite or has a negative size (the row is named), or the shapes do not match.

    Two equal squares, one turned by 45°, share a regular octagon: IoU is 1 / √2.

    >>> rotated_iou([[0, 0, 2, 2, np.pi / 4]], [[0, 0, 2, 2, 0]]).round(9)
    array([0.70710678])
    """
    left, right = _both(predicted, truth, format)
    shape = matched(left.x.shape, right.x.shape, _numbers(format))
    return np.asarray(_iou(left, right)).reshape(shape)


def pairwise_rotated_iou(predicted: ArrayLike, truth: ArrayLike, *, format: str = "cxcywha") -> Floats:
    """Intersection over union of all pairs: (…, n, 5) and (…, m, 5) give (…, n, m); otherwise as :func:`rotated_iou`.

    Pairs whose upright hulls are apart are 0 without further ado; memory is the result and a few megabytes.

    >>> pairwise_rotated_iou([[0, 0, 2, 2, 0], [0, 0, 4, 1, np.pi / 2]], [[1, 0, 2, 2, np.pi]]).round(9)
    array([[0.33333333],
           [0.14285714]])
    """
    left, right = _both(predicted, truth, format)
    shape = table(left.x.shape, right.x.shape, _numbers(format))
    result = np.zeros(shape, np.result_type(left.x, right.x))
    for index in np.ndindex(*shape[:-2]):
        _fill(result[index], left[index], right[index])
    return result


def _fill(result: Floats, left: RotatedColumns, right: RotatedColumns) -> None:
    """Write the IoU of the pairs whose hulls overlap into *result*, which is zero."""
    left_hull, right_hull = _hulls(left), _hulls(right)
    wide = min(max(result.shape[1], 1), _TILE)
    high = max(1, _TILE // wide)
    for row in range(0, result.shape[0], high):
        for column in range(0, result.shape[1], wide):
            rows, cols = np.s_[row : row + high, None], np.s_[None, column : column + wide]
            near = _near([one[rows] for one in left_hull], [one[cols] for one in right_hull])
            i, j = np.divmod(np.flatnonzero(near), near.shape[1])
            tile = result[row : row + high, column : column + wide]
            for start in range(0, len(i), _CHUNK):
                some, others = i[start : start + _CHUNK], j[start : start + _CHUNK]
                tile[some, others] = _iou(left.take(some + row), right.take(others + column))


def _near(one: Sequence[Floats], other: Sequence[Floats]) -> NDArray[np.bool_]:
    """Return where upright hulls (x1, y1, x2, y2) overlap."""
    near = np.asarray(one[0] < other[2])
    near &= other[0] < one[2]
    near &= one[1] < other[3]
    near &= other[1] < one[3]
    return near


def rotated_iou_gradient(predicted: ArrayLike, truth: ArrayLike, *, format: str = "cxcywha") -> Floats:
    """Slope of :func:`rotated_iou` along the numbers of the predicted box: (n, 5) and (n, 5) give (n, 5).

    Zero for disjoint and for touching boxes.
    Where edges coincide it lies between the one-sided slopes; along the angle it is then the slope towards larger
    angles.

    >>> rotated_iou_gradient([[0.5, 0, 2, 2, 0]], [[0, 0, 4, 4, 0]]).round(6)
    array([[0.   , 0.   , 0.125, 0.125, 0.   ]])
    """
    left, right = _both(predicted, truth, format)
    shape = matched(left.x.shape, right.x.shape, _numbers(format))
    array = as_floats(predicted, _numbers(format), "predicted").astype(left.x.dtype)
    moving = variables(*(np.broadcast_to(column, shape) for column in np.moveaxis(array, -1, 0)))
    if format == "cxcywha":
        boxes = from_numbers(moving)
    else:
        upright = dual_columns(np.broadcast_to(array, (*shape, 4)), format)
        middle = (upright.x1 + upright.x2) / 2, (upright.y1 + upright.y2) / 2
        boxes = from_numbers([*middle, upright.width, upright.height, np.zeros(shape, array.dtype)])
    shared = rotated_intersection_formula(boxes, right)
    slopes = guarded_ratio(shared, boxes.area + right.area - shared).partials * (_iou(left, right) > 0)
    return np.ascontiguousarray(np.moveaxis(slopes, 0, -1))


def rotated_intersection_formula(p: RotatedColumns, t: RotatedColumns) -> Quantity:
    """Return the shared area, written with ufuncs alone so that it takes dual numbers.

    In the frame of the true box, mirrored so that the predicted one is turned by 0° to 90°, its corners are bottom,
    right, top and left, and y never falls along bottom–right–top and bottom–left–top.
    """
    dx, dy = p.x - t.x, p.y - t.y
    x, y = dx * t.cos + dy * t.sin, dy * t.cos - dx * t.sin
    cos, sin = p.cos * t.cos + p.sin * t.sin, p.sin * t.cos - p.cos * t.sin
    cos_sign, sin_sign = 1 - 2 * (cos < 0).astype(np.int8), 1 - 2 * (sin < 0).astype(np.int8)
    x = x * (cos_sign * sin_sign)
    cos, sin = cos * cos_sign, sin * sin_sign
    ux, uy = p.half_width * cos, p.half_width * sin
    vx, vy = p.half_height * sin, p.half_height * cos  # half an edge is (ux, uy), half the other (−vx, vy)
    bottom, right, top, left = y - uy - vy, y + uy - vy, y + uy + vy, y - uy + vy
    corners_x = x - ux + vx, x + ux + vx, x + ux - vx, x - ux - vx
    height, depth = t.half_height, -t.half_height
    inside = [np.maximum(np.minimum(one, height), depth) for one in (bottom, right, top, left)]
    over = [clamped - one for clamped, one in zip(inside, (bottom, right, top, left), strict=True)]
    # x per y along the two directions; an edge along x has no y to integrate over, so any finite number will do
    tiny = _NEVER_ZERO[sin.dtype.itemsize]
    along_u, along_v = cos / np.maximum(sin, tiny), -(sin / np.maximum(cos, tiny))
    total = 0
    for start, end, slope, sign in ((0, 1, along_u, 1), (1, 2, along_v, 1), (0, 3, along_v, -1), (3, 2, along_u, -1)):
        first, last = corners_x[start] + over[start] * slope, corners_x[end] + over[end] * slope
        strip = (inside[end] - inside[start]) * _mean_clamped(first, last, t.half_width)
        total = total + strip if sign > 0 else total - strip
    return total


def _mean_clamped(first: Quantity, last: Quantity, limit: Quantity) -> Quantity:
    """Return the mean of clamp(x, −limit, limit) for x from *first* to *last*.

    With a, b the clamped ends and e, f what was cut off: ½ (a + b + (b − a) (f − e) / (last − first)).
    """
    a = np.maximum(np.minimum(first, limit), -limit)
    b = np.maximum(np.minimum(last, limit), -limit)
    inner = b - a
    way = last - first
    share = inner / (way + (way == 0))
    return (a + b + share * (last - b - a + first)) / 2


def _iou(left: RotatedColumns, right: RotatedColumns) -> Floats:
    shared = rotated_intersection_formula(left, right)
    squares = left.half_width**2 + left.half_height**2 + (right.half_width**2 + right.half_height**2)
    noise = squares * (8 * np.finfo(shared.dtype).eps)
    shared = np.where(shared > noise, np.minimum(shared, np.minimum(left.area, right.area)), 0)
    union = left.area + right.area - shared
    return np.asarray(shared / (union + (union == 0)), shared.dtype)


def _hulls(boxes: RotatedColumns) -> tuple[Floats, Floats, Floats, Floats]:
    """Return x1, y1, x2, y2 of the upright hulls."""
    cos, sin = np.abs(boxes.cos), np.abs(boxes.sin)
    reach_x = boxes.half_width * cos + boxes.half_height * sin
    reach_y = boxes.half_width * sin + boxes.half_height * cos
    return boxes.x - reach_x, boxes.y - reach_y, boxes.x + reach_x, boxes.y + reach_y


def _numbers(form: str) -> int:
    """Return how many numbers a box has."""
    return 5 if form == "cxcywha" else 4


def _both(predicted: ArrayLike, truth: ArrayLike, form: str) -> tuple[RotatedColumns, RotatedColumns]:
    return rotated_columns(predicted, form, what="predicted"), rotated_columns(truth, form, what="truth")


@dataclass
class RotatedIoU:
    """IoU of rotated boxes, see :func:`a4eval_box_metrics.rotated_iou` and ``quadrilateral_iou``.

    Formats are ``cxcywha``, ``quadrilateral`` (DOTA's eight numbers) and those of upright boxes.
    """

    name: ClassVar[str] = "rotated_iou"
    higher_is_better: ClassVar[bool] = True
    unit: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (*FORMATS, "cxcywha", "quadrilateral")
    facts: ClassVar[Facts] = Facts(
        "rotated IoU",
        0,
        1,
        "1 - s",
        True,
        ("translation", "scale", "swap", "rotation"),
        False,
        "DOTA: Xia et al. 2018, arXiv:1711.10398",
    )

    def elementwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "cxcywha") -> Floats:
        """Compare matched pairs: (n, 5) and (n, 5) give (n,)."""
        if format == "quadrilateral":
            return quadrilaterals.quadrilateral_iou(predicted, truth)
        return rotated_iou(predicted, truth, format=format)

    def pairwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "cxcywha") -> Floats:
        """Compare all pairs: (n, 5) and (m, 5) give (n, m)."""
        if format == "quadrilateral":
            return quadrilaterals.pairwise_quadrilateral_iou(predicted, truth)
        return pairwise_rotated_iou(predicted, truth, format=format)

    def gradient(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "cxcywha") -> Floats:
        """Differentiate with respect to the predicted box, in any format but ``quadrilateral``."""
        return rotated_iou_gradient(predicted, truth, format=format)
