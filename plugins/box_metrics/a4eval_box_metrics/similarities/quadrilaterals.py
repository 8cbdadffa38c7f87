"""Quadrilaterals, four free corners as in DOTA: intersection, IoU, and how they relate to rotated boxes.

A polygon is the signed sum of what lies below its edges.
So the area two polygons share is a sum over pairs of edges of ∫ min(edge, other edge) over the x they have in common,
which is elementary, exact for any simple polygon, convex or not, and continuous: no case for touching or aligned ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from a4eval_box_metrics.boxes.quadrilaterals import checked_corners, signed_area
from a4eval_box_metrics.boxes.shapes import matched, table
from a4eval_box_metrics.boxes.types import Floats

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


_TILE = 1 << 15
_CHUNK = 1 << 12
_STEEP = {4: 1e9, 8: 1e75}
"""A slope, by the bytes of a number, that nothing overflows with."""


def quadrilateral_iou(predicted: ArrayLike, truth: ArrayLike) -> Floats:
    """Intersection over union of matched pairs of quadrilaterals.

    Args:
        predicted: (…, 8) corners (x1, y1, x2, y2, x3, y3, x4, y4) in either direction round, as in DOTA.
        truth: (…, 8); the leading axes broadcast.

    Returns:
        (…,) in [0, 1]; 0 where both have no area.
        A shared area too small to tell from rounding, below about 1e-14 of the squared hulls, is 0.

    Raises:
        ValueError: a corner is not finite or the outline crosses itself (the row is named), or shapes do not match.

    Reference: DOTA's ``polyiou``; Xia et al. (2018), arXiv:1711.10398.

    >>> quadrilateral_iou([[0, 0, 4, 0, 4, 4, 0, 4]], [[2, 0, 4, 2, 2, 4, 0, 2]])
    array([0.5])
    """
    left, right = checked_corners(predicted, "predicted"), checked_corners(truth, "truth")
    shape = matched(left.shape[:-1], right.shape[:-1], 8)
    flat = [np.broadcast_to(one, (*shape, 8)).reshape(-1, 8) for one in (left, right)]
    return _iou(np.ascontiguousarray(flat[0].T), np.ascontiguousarray(flat[1].T)).reshape(shape)


def pairwise_quadrilateral_iou(predicted: ArrayLike, truth: ArrayLike) -> Floats:
    """Intersection over union of all pairs: (…, n, 8) and (…, m, 8) give (…, n, m); see :func:`quadrilateral_iou`.

    >>> pairwise_quadrilateral_iou([[0, 0, 4, 0, 4, 4, 0, 4]], [[2, 0, 4, 2, 2, 4, 0, 2], [8, 8, 9, 8, 9, 9, 8, 9]])
    array([[0.5, 0. ]])
    """
    left, right = checked_corners(predicted, "predicted"), checked_corners(truth, "truth")
    shape = table(left.shape[:-1], right.shape[:-1], 8)
    result = np.zeros(shape, np.result_type(left, right))
    for index in np.ndindex(*shape[:-2]):
        _fill(result[index], np.ascontiguousarray(left[index].T), np.ascontiguousarray(right[index].T))
    return result


def _fill(result: Floats, p: Floats, t: Floats) -> None:
    """Write the IoU of the pairs whose hulls overlap into *result*, which is zero; corners are (8, n) and (8, m)."""
    wide = min(max(result.shape[1], 1), _TILE)
    high = max(1, _TILE // wide)
    for row in range(0, result.shape[0], high):
        for column in range(0, result.shape[1], wide):
            near = _near(p[:, row : row + high, None], t[:, None, column : column + wide])
            i, j = np.divmod(np.flatnonzero(near), near.shape[1])
            tile = result[row : row + high, column : column + wide]
            for start in range(0, len(i), _CHUNK):
                some, others = i[start : start + _CHUNK], j[start : start + _CHUNK]
                tile[some, others] = _iou(p.take(some + row, axis=1), t.take(others + column, axis=1))


def _iou(p: Floats, t: Floats) -> Floats:
    """IoU of corners given as (8, k) and (8, k)."""
    middle = np.stack([t[0::2].mean(axis=0), t[1::2].mean(axis=0)])  # small numbers round less
    px, py, tx, ty = (
        one - which for one, which in zip((p[0::2], p[1::2], t[0::2], t[1::2]), [*middle, *middle], strict=True)
    )
    signed_p, signed_t = signed_area(px, py), signed_area(tx, ty)
    floor = np.minimum(py.min(axis=0), ty.min(axis=0))
    py, ty = py - floor, ty - floor
    try:
        with np.errstate(over="raise"):
            shared = _signed_shared(px, py, tx, ty)
    except FloatingPointError:  # an edge is upright but for a rounding
        with np.errstate(over="ignore"):
            shared = _signed_shared(px, py, tx, ty, _STEEP[px.dtype.itemsize])
    shared *= np.sign(signed_p) * np.sign(signed_t)
    area_p, area_t = np.abs(signed_p), np.abs(signed_t)
    extent = np.maximum(np.abs(px).max(axis=0) + py.max(axis=0), np.abs(tx).max(axis=0) + ty.max(axis=0))
    noise = extent * extent * (64 * np.finfo(shared.dtype).eps)
    shared = np.where(shared > noise, np.minimum(shared, np.minimum(area_p, area_t)), 0)
    union = area_p + area_t - shared
    return np.asarray(shared / (union + (union == 0)), shared.dtype)


def _signed_shared(px: Floats, py: Floats, tx: Floats, ty: Floats, steepest: float = np.inf) -> Floats:
    """Return the shared area, negative where one polygon runs the other way round."""
    shared = np.zeros_like(px[0] + tx[0])
    others = [_edge(tx, ty, index, steepest) for index in range(4)]
    for one in (_edge(px, py, index, steepest) for index in range(4)):
        for other in others:
            shared += one.sign * other.sign * one.area_below_both(other)
    return np.asarray(shared)


def _edge(x: Floats, y: Floats, index: int, steepest: float) -> _Edge:
    """Return one edge of polygons whose corners are (4, k) and (4, k); nothing lies below one steeper than that."""
    start, end = index, (index + 1) % len(x)
    run = x[end] - x[start]
    slope = (y[end] - y[start]) / (run + (run == 0))
    if steepest < np.inf:
        slope = np.clip(slope, -steepest, steepest)
    left, right = np.minimum(x[start], x[end]), np.maximum(x[start], x[end])
    return _Edge(np.sign(run), left, right, x[start], y[start], slope)


@dataclass(frozen=True, slots=True)
class _Edge:
    """One edge of many polygons, with what lies below it: from its left to its right end."""

    sign: Floats
    left: Floats
    right: Floats
    x: Floats
    y: Floats
    slope: Floats

    def at(self, x: Floats) -> Floats:
        return np.asarray(self.y + (x - self.x) * self.slope)

    def area_below_both(self, other: _Edge) -> Floats:
        """Integrate min(self, other) over the x they have in common."""
        left, right = np.maximum(self.left, other.left), np.minimum(self.right, other.right)
        width = np.maximum(right - left, 0)
        other_left, other_right = other.at(left), other.at(right)
        gap_left, gap_right = self.at(left) - other_left, self.at(right) - other_right
        # the mean of min(gap, 0) along a line that may cross 0: half of below, times |below| / whole
        below = np.minimum(gap_left, 0) + np.minimum(gap_right, 0)
        whole = np.abs(gap_left) + np.abs(gap_right)
        return np.asarray(width * (other_left + other_right - below * (below / (whole + (whole == 0)))) / 2)


def _near(p: Floats, t: Floats) -> NDArray[np.bool_]:
    """Return where the upright hulls overlap."""
    near = np.asarray(p[0::2].min(axis=0) < t[0::2].max(axis=0))
    near &= t[0::2].min(axis=0) < p[0::2].max(axis=0)
    near &= p[1::2].min(axis=0) < t[1::2].max(axis=0)
    near &= t[1::2].min(axis=0) < p[1::2].max(axis=0)
    return near
