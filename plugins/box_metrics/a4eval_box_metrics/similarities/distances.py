"""Distances of boxes that do not look at overlap: L1, L2 and smooth L1 of the coordinates, and the Wasserstein kind."""

# ruff: noqa: A002  (a box format is called format, here and everywhere else)
from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from a4eval_box_metrics.similarities.apply import Formula, elementwise

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


def wasserstein(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
    """2-Wasserstein distance of the Gaussians N(centre, diag(w², h²) / 4) of the two boxes, in pixels.

    Its square is Δcx² + Δcy² + (Δw / 2)² + (Δh / 2)².
    Arguments and errors as :func:`a4eval_box_metrics.iou`; lower is better.

    Paper: Wang et al. (2021), "A Normalized Gaussian Wasserstein Distance for Tiny Object Detection", equation 5
    (arXiv:2110.13389).

    >>> wasserstein([[0, 0, 10, 4]], [[3, 4, 13, 8]])
    array([5.])
    """
    return elementwise(wasserstein_formula, predicted, truth, format)


def normalized_wasserstein(
    predicted: ArrayLike,
    truth: ArrayLike,
    *,
    scale: float = 12.8,
    format: str = "xyxy",
) -> Floats:
    """exp(−W / C) of the 2-Wasserstein distance W: a similarity that does not vanish for small disjoint boxes.

    Args:
        predicted: (…, 4) boxes.
        truth: (…, 4) boxes.
        scale: C > 0, pixels: the typical size of an object; 12.8 is that of AI-TOD, the paper's data.
        format: as in :func:`a4eval_box_metrics.iou`, like the errors.

    Returns:
        (…,) in (0, 1].

    Paper: Wang et al. (2021), equation 8 (arXiv:2110.13389).

    >>> normalized_wasserstein([[0, 0, 10, 4]], [[3, 4, 13, 8]], scale=5).round(6)
    array([0.367879])
    """
    return elementwise(normalized_wasserstein_formula(scale), predicted, truth, format)


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


def wasserstein_formula(pair: Pair) -> Quantity:
    """√(Δcx² + Δcy² + (Δw² + Δh²) / 4); its slope at distance 0 is 0."""
    dx, dy, dw, dh = centre_differences(pair)
    return np.sqrt(np.square(dx) + np.square(dy) + (np.square(dw) + np.square(dh)) / 4)


def normalized_wasserstein_formula(scale: float) -> Formula:
    """Return the formula of exp(−W / C).

    Raises:
        ValueError: the scale is not a positive number.
    """
    if not 0 < scale < np.inf:
        raise ValueError(f"scale: got {scale}, expected a positive number of pixels")
    return lambda pair: np.exp(wasserstein_formula(pair) / -scale)
