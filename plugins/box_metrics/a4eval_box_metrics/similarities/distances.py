"""Distances of boxes that do not look at overlap: L1, L2 and smooth L1 of the coordinates, and the Wasserstein kind."""

# ruff: noqa: A002  (a box format is called format, here and everywhere else)
from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from a4eval import param
from a4eval_box_metrics.similarities.apply import Formula, elementwise
from a4eval_box_metrics.similarities.base import FormulaSimilarity
from a4eval_box_metrics.similarities.facts import SAME_PIXELS, Facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from a4eval_box_metrics.boxes.types import Floats, Quantity
    from a4eval_box_metrics.similarities.pair import Pair

Differences: TypeAlias = "Callable[[Pair], tuple[Quantity, Quantity, Quantity, Quantity]]"


def corner_l1(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
    """Sum of the absolute differences of (x1, y1, x2, y2), in pixels.

    Arguments and errors as :func:`a4eval_box_metrics.iou`; lower is better.

    >>> corner_l1([[0, 0, 10, 4]], [[0, 1, 10, 3]])
    array([2.])
    """
    return elementwise(l1_formula(corner_differences), predicted, truth, format)


def corner_l2(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
    """Euclidean distance of (x1, y1, x2, y2), in pixels.

    Arguments and errors as :func:`a4eval_box_metrics.iou`; lower is better.

    >>> corner_l2([[0, 0, 10, 4]], [[0, 3, 10, 8]])
    array([5.])
    """
    return elementwise(l2_formula(corner_differences), predicted, truth, format)


def corner_smooth_l1(
    predicted: ArrayLike,
    truth: ArrayLike,
    *,
    beta: float = 1.0,
    format: str = "xyxy",
) -> Floats:
    """Sum of the smooth L1 of the differences of (x1, y1, x2, y2): d² / 2β for |d| < β, else |d| − β / 2.

    Args:
        predicted: (…, 4) boxes.
        truth: (…, 4) boxes.
        beta: where the square turns into a line, pixels, > 0.
        format: as in :func:`a4eval_box_metrics.iou`, like the errors; lower is better.

    Paper: Girshick (2015), "Fast R-CNN", equation 3 (arXiv:1504.08083), which has β = 1;
    reference implementation: ``torch.nn.functional.smooth_l1_loss``, summed over the box.

    >>> corner_smooth_l1([[0, 0, 10, 4]], [[0, 0.5, 10, 2]])
    array([1.625])
    """
    return elementwise(smooth_l1_formula(corner_differences, beta), predicted, truth, format)


def centre_l1(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
    """Sum of the absolute differences of (centre x, centre y, width, height), in pixels.

    Arguments and errors as :func:`a4eval_box_metrics.iou`; lower is better.

    >>> centre_l1([[0, 0, 10, 4]], [[0, 1, 10, 5]])
    array([1.])
    """
    return elementwise(l1_formula(centre_differences), predicted, truth, format)


def centre_l2(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
    """Euclidean distance of (centre x, centre y, width, height), in pixels.

    Arguments and errors as :func:`a4eval_box_metrics.iou`; lower is better.

    >>> centre_l2([[5, 2, 10, 4]], [[5, 2, 10, 2]], format="cxcywh")
    array([2.])
    """
    return elementwise(l2_formula(centre_differences), predicted, truth, format)


def centre_smooth_l1(
    predicted: ArrayLike,
    truth: ArrayLike,
    *,
    beta: float = 1.0,
    format: str = "xyxy",
) -> Floats:
    """Sum of the smooth L1 of the differences of (centre x, centre y, width, height); see :func:`corner_smooth_l1`.

    >>> centre_smooth_l1([[5, 2, 10, 4]], [[5, 2, 10, 2]], format="cxcywh")
    array([1.5])
    """
    return elementwise(smooth_l1_formula(centre_differences, beta), predicted, truth, format)


def corner_differences(pair: Pair) -> tuple[Quantity, Quantity, Quantity, Quantity]:
    """Differences of x1, y1, x2, y2."""
    p, t = pair.predicted, pair.truth
    return p.x1 - t.x1, p.y1 - t.y1, p.x2 - t.x2, p.y2 - t.y2


def centre_differences(pair: Pair) -> tuple[Quantity, Quantity, Quantity, Quantity]:
    """Differences of centre x, centre y, width, height."""
    p, t = pair.predicted, pair.truth
    return pair.centre_dx, pair.centre_dy, p.width - t.width, p.height - t.height


def l1_formula(differences: Differences) -> Formula:
    """Return the formula of the sum of absolute differences."""
    return lambda pair: functools.reduce(np.add, (np.abs(one) for one in differences(pair)))


def l2_formula(differences: Differences) -> Formula:
    """Return the formula of the Euclidean distance; its slope at distance 0 is 0."""
    return lambda pair: np.sqrt(functools.reduce(np.add, (np.square(one) for one in differences(pair))))


def smooth_l1_formula(differences: Differences, beta: float) -> Formula:
    """Return the formula of the sum of smooth absolute differences.

    Raises:
        ValueError: beta is not a positive number.
    """
    if not 0 < beta < np.inf:
        raise ValueError(f"beta: got {beta}, expected a positive number of pixels")

    def smooth(difference: Quantity) -> Quantity:
        size = np.abs(difference)
        curved = np.minimum(size, beta)
        result: Quantity = curved * (size - curved / 2) / beta  # both branches in one: curved is |d| or β
        return result

    return lambda pair: functools.reduce(np.add, (smooth(one) for one in differences(pair)))


@dataclass
class CornerL1(FormulaSimilarity):
    """L1 distance of (x1, y1, x2, y2), see :func:`a4eval_box_metrics.corner_l1`."""

    name = "corner_l1"
    facts = Facts("corner L1", 0, float("inf"), "s", True, SAME_PIXELS, True, "the Manhattan norm")

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return l1_formula(corner_differences)(pair)


@dataclass
class CornerL2(FormulaSimilarity):
    """Euclidean distance of (x1, y1, x2, y2), see :func:`a4eval_box_metrics.corner_l2`."""

    name = "corner_l2"
    facts = Facts("corner L2", 0, float("inf"), "s", True, SAME_PIXELS, True, "Erhan et al. 2013, arXiv:1312.2249")

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return l2_formula(corner_differences)(pair)


@dataclass
class CornerSmoothL1(FormulaSimilarity):
    """Smooth L1 of (x1, y1, x2, y2), see :func:`a4eval_box_metrics.corner_smooth_l1`."""

    name = "corner_smooth_l1"
    facts = Facts("corner smooth L1", 0, float("inf"), "s", False, SAME_PIXELS, True, "Girshick 2015, arXiv:1504.08083")
    beta: float = param(1.0, help="where the square turns into a line", unit="pixels", above=0, below=np.inf)

    def __post_init__(self) -> None:
        smooth_l1_formula(corner_differences, self.beta)

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return smooth_l1_formula(corner_differences, self.beta)(pair)


@dataclass
class CentreL1(FormulaSimilarity):
    """L1 distance of (centre x, centre y, width, height), see :func:`a4eval_box_metrics.centre_l1`."""

    name = "centre_l1"
    facts = Facts("centre L1", 0, float("inf"), "s", True, SAME_PIXELS, True, "Carion et al. 2020, arXiv:2005.12872")

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return l1_formula(centre_differences)(pair)


@dataclass
class CentreL2(FormulaSimilarity):
    """Euclidean distance of (centre x, centre y, width, height), see :func:`a4eval_box_metrics.centre_l2`."""

    name = "centre_l2"
    facts = Facts("centre L2", 0, float("inf"), "s", True, SAME_PIXELS, True, "the Euclidean norm")

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return l2_formula(centre_differences)(pair)


@dataclass
class CentreSmoothL1(FormulaSimilarity):
    """Smooth L1 of (centre x, centre y, width, height), see :func:`a4eval_box_metrics.centre_smooth_l1`."""

    name = "centre_smooth_l1"
    facts = Facts("centre smooth L1", 0, float("inf"), "s", False, SAME_PIXELS, True, "Girshick 2015, arXiv:1504.08083")
    beta: float = param(1.0, help="where the square turns into a line", unit="pixels", above=0, below=np.inf)

    def __post_init__(self) -> None:
        smooth_l1_formula(centre_differences, self.beta)

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return smooth_l1_formula(centre_differences, self.beta)(pair)
