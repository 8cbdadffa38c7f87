"""Pairs of boxes, and the ingredients that formulas are made of."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from a4eval_box_metrics.boxes.dual import is_dual

if TYPE_CHECKING:
    from a4eval_box_metrics.boxes.columns import Columns
    from a4eval_box_metrics.boxes.types import Floats, Quantity


class Pair:
    """Predicted and true boxes whose columns broadcast against each other, with the shared ingredients of formulas.

    Each ingredient is computed when first asked for.
    The columns may hold :class:`a4eval_box_metrics.boxes.dual.Dual` numbers; then so do the ingredients.
    """

    def __init__(
        self,
        predicted: Columns,
        truth: Columns,
        *,
        solid: bool,
        out: Floats | None = None,
        scratch: tuple[Floats | None, Floats | None] = (None, None),
    ) -> None:
        self.predicted = predicted
        self.truth = truth
        self.solid = solid
        """All predicted or all true boxes have an area: no quotient of the two can be 0 / 0."""
        self.out = out
        """Where a formula may put its result, to save a copy."""
        self.scratch = scratch
        """Two arrays of the result's shape that a formula may write into, to save making new ones."""

    @cached_property
    def overlap_width(self) -> Quantity:
        """Width of the intersection; zero for touching and for disjoint boxes."""
        return _shared(self.predicted.x1, self.predicted.x2, self.truth.x1, self.truth.x2)

    @cached_property
    def overlap_height(self) -> Quantity:
        """Height of the intersection; zero for touching and for disjoint boxes."""
        return _shared(self.predicted.y1, self.predicted.y2, self.truth.y1, self.truth.y2)

    @cached_property
    def intersection(self) -> Quantity:
        """Area of the intersection."""
        return self.overlap_width * self.overlap_height

    @cached_property
    def union(self) -> Quantity:
        """Area of the union, in the order pycocotools and torchvision add it up."""
        return self.predicted.area + self.truth.area - self.intersection

    @cached_property
    def iou(self) -> Quantity:
        """Intersection over union; 0 where both boxes have no area."""
        return self.ratio(self.intersection, self.union)

    @cached_property
    def hull_width(self) -> Quantity:
        """Width of the smallest box around both."""
        return np.maximum(self.predicted.x2, self.truth.x2) - np.minimum(self.predicted.x1, self.truth.x1)

    @cached_property
    def hull_height(self) -> Quantity:
        """Height of the smallest box around both."""
        return np.maximum(self.predicted.y2, self.truth.y2) - np.minimum(self.predicted.y1, self.truth.y1)

    @cached_property
    def centre_dx(self) -> Quantity:
        """How far the predicted centre lies to the right of the true one."""
        p, t = self.predicted, self.truth
        return (p.x1 + p.x2) / 2 - (t.x1 + t.x2) / 2

    @cached_property
    def centre_dy(self) -> Quantity:
        """How far the predicted centre lies below the true one (y runs down)."""
        p, t = self.predicted, self.truth
        return (p.y1 + p.y2) / 2 - (t.y1 + t.y2) / 2

    @cached_property
    def centre_distance2(self) -> Quantity:
        """Squared distance of the centres."""
        return np.square(self.centre_dx) + np.square(self.centre_dy)

    def ratio(self, part: Quantity, whole: Quantity) -> Quantity:
        """Return part / whole; where *whole* is 0, which :attr:`solid` boxes exclude, 0 with slope 0."""
        return part / whole if self.solid else guarded_ratio(part, whole)


def _shared(low: Quantity, high: Quantity, other_low: Quantity, other_high: Quantity) -> Quantity:
    """Return the length two intervals share.

    Clipping the ends of one to the other gives the same corners to the last bit as minimum and maximum do, and 0 by
    itself where they are apart, for half the work; dual numbers need the form whose ties have the mean slope.
    """
    if is_dual(low):
        return np.maximum(np.minimum(high, other_high) - np.maximum(low, other_low), 0)
    return np.clip(other_high, low, high) - np.clip(other_low, low, high)


def guarded_ratio(part: Quantity, whole: Quantity) -> Quantity:
    """Return part / whole, and 0 (with slope 0) where *whole* is 0."""
    empty = whole == 0
    return part / (whole + empty) * ~empty
