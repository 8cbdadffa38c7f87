"""Pairs of boxes and what formulas are made of; running a formula over matched pairs or over all pairs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from a4eval_box_metrics.columns import Columns, Floats, columns

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

TILE = 1 << 15
"""Pairs worked on at once: two intermediate arrays of that many float64 (256 KiB each) fit the second-level cache."""


class Pair:
    """Predicted and true boxes whose columns broadcast against each other, with the shared ingredients of formulas.

    Each ingredient is computed when first asked for.
    """

    def __init__(self, predicted: Columns, truth: Columns) -> None:
        self.predicted = predicted
        self.truth = truth

    @cached_property
    def overlap_width(self) -> Floats:
        """Width of the intersection; zero for touching and for disjoint boxes."""
        return overlap(self.predicted.x1, self.predicted.x2, self.truth.x1, self.truth.x2)

    @cached_property
    def overlap_height(self) -> Floats:
        """Height of the intersection; zero for touching and for disjoint boxes."""
        return overlap(self.predicted.y1, self.predicted.y2, self.truth.y1, self.truth.y2)

    @cached_property
    def intersection(self) -> Floats:
        """Area of the intersection."""
        return self.overlap_width * self.overlap_height

    @cached_property
    def union(self) -> Floats:
        """Area of the union, in the order pycocotools and torchvision add it up."""
        union = self.predicted.area + self.truth.area
        union -= self.intersection
        return union

    @cached_property
    def iou(self) -> Floats:
        """Intersection over union; 0 where both boxes have no area."""
        return ratio(self.intersection, self.union)


Formula: TypeAlias = "Callable[[Pair], Floats]"


def overlap(low: Floats, high: Floats, other_low: Floats, other_high: Floats) -> Floats:
    """Return the length that two intervals share, at least 0."""
    shared = np.minimum(high, other_high)
    shared -= np.maximum(low, other_low)
    return np.maximum(shared, 0, out=shared)


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, and 0 where both are 0.

    The quotient is exact wherever *whole* is a normal positive number.
    """
    return part / np.maximum(whole, np.finfo(whole.dtype).tiny)


def elementwise(formula: Formula, predicted: ArrayLike, truth: ArrayLike, format: str = "xyxy") -> Floats:  # noqa: A002
    """Apply a formula to matched pairs.

    Args:
        formula: takes a :class:`Pair`, returns one number a pair.
        predicted: (…, 4) boxes.
        truth: (…, 4) boxes; the leading axes broadcast.
        format: the format of both, see :data:`a4eval_box_metrics.columns.FORMATS`.

    Returns:
        (…,) in the wider dtype of the two.

    Raises:
        ValueError: unsound boxes (the row is named) or shapes that do not match.
    """
    left, right = columns(predicted, format, what="predicted"), columns(truth, format, what="truth")
    try:
        np.broadcast_shapes(left.x1.shape, right.x1.shape)
    except ValueError as error:
        message = f"predicted {left.x1.shape} and truth {right.x1.shape} are not matched pairs"
        raise ValueError(message) from error
    if left.x1.ndim == right.x1.ndim == 0:  # formulas work in place, which a scalar cannot
        return np.asarray(formula(Pair(left[None], right[None]))[0])
    return formula(Pair(left, right))


def pairwise(formula: Formula, predicted: ArrayLike, truth: ArrayLike, format: str = "xyxy") -> Floats:  # noqa: A002
    """Apply a formula to all pairs, tile by tile, so that memory is the result and a few hundred kilobytes.

    Args:
        formula: takes a :class:`Pair`, returns one number a pair.
        predicted: (n, 4) boxes, or (…, n, 4).
        truth: (m, 4) boxes, or (…, m, 4) with the same leading axes.
        format: the format of both, see :data:`a4eval_box_metrics.columns.FORMATS`.

    Returns:
        (n, m) or (…, n, m) in the wider dtype of the two.

    Raises:
        ValueError: unsound boxes (the row is named), or leading axes that differ.
    """
    left, right = columns(predicted, format, what="predicted"), columns(truth, format, what="truth")
    if left.x1.ndim < 1 or right.x1.ndim < 1 or left.x1.shape[:-1] != right.x1.shape[:-1]:
        message = f"got predicted {(*left.x1.shape, 4)} and truth {(*right.x1.shape, 4)}, expected (…, n, 4), (…, m, 4)"
        raise ValueError(message)
    batch, (n, m) = left.x1.shape[:-1], (left.x1.shape[-1], right.x1.shape[-1])
    result = np.empty((*batch, n, m), np.result_type(left.x1, right.x1))
    for index in np.ndindex(*batch):
        _fill(result[index], formula, left[index], right[index])
    return result


def _fill(result: Floats, formula: Formula, predicted: Columns, truth: Columns) -> None:
    n, m = result.shape
    if m < n and m < 64:  # numpy's inner loop runs along the last axis: make that the long one
        wide = min(n, TILE // 2)
        high = max(1, TILE // max(wide, 1))
        for row in range(0, n, wide):
            for column in range(0, m, high):
                pair = Pair(predicted[None, row : row + wide], truth[column : column + high, None])
                result[row : row + wide, column : column + high] = formula(pair).T
        return
    wide = min(m, TILE // 2)
    high = max(1, TILE // max(wide, 1))
    for row in range(0, n, high):
        for column in range(0, m, wide):
            pair = Pair(predicted[row : row + high, None], truth[None, column : column + wide])
            result[row : row + high, column : column + wide] = formula(pair)
