"""IoU with penalties for what IoU does not see: the distance of the centres, the aspect ratio, the sizes."""

# ruff: noqa: A002  (a box format is called format, here and everywhere else)
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from a4eval import param
from a4eval_box_metrics.boxes.dual import detach
from a4eval_box_metrics.similarities.apply import elementwise
from a4eval_box_metrics.similarities.base import FormulaSimilarity
from a4eval_box_metrics.similarities.facts import ANY_SCALE, Facts
from a4eval_box_metrics.similarities.pair import Pair, guarded_ratio

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from a4eval_box_metrics.boxes.types import Floats, Quantity
    from a4eval_box_metrics.similarities.apply import Formula


def distance_iou(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
    """IoU minus the squared distance of the centres over the squared diagonal of the hull: IoU − ρ² / c².

    Arguments and errors as :func:`a4eval_box_metrics.iou`.

    Returns:
        (…,) in (−1, 1].

    Paper: Zheng et al. (2020), "Distance-IoU Loss", equation 7 (arXiv:1911.08287);
    reference implementation: ``torchvision.ops.distance_box_iou``, which adds 1e-7 to c².

    >>> distance_iou([[0, 0, 1, 1]], [[2, 0, 3, 1]])
    array([-0.4])
    """
    return elementwise(distance_formula, predicted, truth, format)


def complete_iou(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
    """DIoU minus a penalty α v for the aspect ratio.

    v = (2 (atan(w_t / h_t) − atan(w_p / h_p)) / π)² and α = v / (1 − IoU + v), with α v = 0 where the boxes are equal;
    a box without height counts as infinitely wide, a point as infinitely tall.
    Arguments and errors as :func:`a4eval_box_metrics.iou`.

    Returns:
        (…,) in (−1.5, 1].

    Paper: Zheng et al. (2020), "Distance-IoU Loss", equations 8 to 11 (arXiv:1911.08287);
    reference implementation: ``torchvision.ops.complete_box_iou``, which adds 1e-7 to c² and to α's denominator.

    >>> complete_iou([[0, 0, 4, 1]], [[0, 0, 1, 4]]).round(6)
    array([-0.166235])
    """
    return elementwise(complete_formula, predicted, truth, format)


def efficient_iou(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
    """DIoU minus a penalty for each side: (w_p − w_t)² / C_w² + (h_p − h_t)² / C_h², C the hull.

    Arguments and errors as :func:`a4eval_box_metrics.iou`.

    Returns:
        (…,) in (−2.25, 1].

    Paper: Zhang et al. (2021), "Focal and Efficient IOU Loss", equation 6 (arXiv:2101.08158).

    >>> efficient_iou([[0, 0, 10, 4]], [[0, 1, 10, 3]])
    array([0.25])
    """
    return elementwise(efficient_formula, predicted, truth, format)


def scylla_iou(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
    """SIoU: IoU − (Δ + Ω) / 2, with Δ the centre distance, shortened along the diagonal, and Ω the shape cost.

    Λ = sin 2φ for the angle φ of the line between the centres (0 where they coincide), γ = 2 − Λ,
    Δ = Σ over x, y of 1 − exp(−γ (d / C)²) with C the hull's side, Ω = Σ over w, h of (1 − exp(−ω))⁴ with
    ω = |p − t| / max(p, t).
    Arguments and errors as :func:`a4eval_box_metrics.iou`.

    Returns:
        (…,) in (−1.0243, 1].

    Paper: Gevorgyan (2022), "SIoU Loss", section 2, with θ = 4 (arXiv:2205.12740).

    >>> scylla_iou([[0, 0, 1, 1]], [[2, 0, 3, 1]]).round(6)
    array([-0.294444])
    """
    return elementwise(scylla_formula, predicted, truth, format)


def distance_formula(pair: Pair) -> Quantity:
    """IoU − ρ² / c²."""
    diagonal2 = np.square(pair.hull_width) + np.square(pair.hull_height)
    return pair.iou - pair.ratio(pair.centre_distance2, diagonal2)


def complete_formula(pair: Pair) -> Quantity:
    """DIoU − α v; the derivative includes that of α."""
    v = _aspect_gap(pair)
    return distance_formula(pair) - guarded_ratio(v, 1 - pair.iou + v) * v


def complete_training_formula(pair: Pair) -> Quantity:
    """The same value with α held constant in the derivative, as the paper trains."""
    v = _aspect_gap(pair)
    alpha = guarded_ratio(detach(v), detach(1 - pair.iou + v))
    return distance_formula(pair) - v * alpha


def _aspect_gap(pair: Pair) -> Quantity:
    p, t = pair.predicted, pair.truth
    gap = np.arctan2(p.width, p.height) - np.arctan2(t.width, t.height)
    return np.square(gap) * (4 / math.pi**2)


def efficient_formula(pair: Pair) -> Quantity:
    """DIoU − (Δw / C_w)² − (Δh / C_h)²."""
    p, t = pair.predicted, pair.truth
    width_gap = pair.ratio(p.width - t.width, pair.hull_width)
    height_gap = pair.ratio(p.height - t.height, pair.hull_height)
    return distance_formula(pair) - np.square(width_gap) - np.square(height_gap)


def scylla_formula(pair: Pair) -> Quantity:
    """IoU − (Δ + Ω) / 2, with sin(2 arcsin x) = 2 x √(1 − x²) in place of the paper's cosine of a shifted angle."""
    p, t = pair.predicted, pair.truth
    along = np.abs(pair.centre_dx * pair.centre_dy)
    angle_cost = guarded_ratio(along * 2, pair.centre_distance2)
    steepness = 2 - angle_cost
    x_gap = np.square(pair.ratio(pair.centre_dx, pair.hull_width))
    y_gap = np.square(pair.ratio(pair.centre_dy, pair.hull_height))
    distance_cost = 2 - np.exp(-(steepness * x_gap)) - np.exp(-(steepness * y_gap))
    width_gap = pair.ratio(np.abs(p.width - t.width), np.maximum(p.width, t.width))
    height_gap = pair.ratio(np.abs(p.height - t.height), np.maximum(p.height, t.height))
    shape_cost = np.square(np.square(1 - np.exp(-width_gap))) + np.square(np.square(1 - np.exp(-height_gap)))
    return pair.iou - (distance_cost + shape_cost) / 2


@dataclass
class DistanceIoU(FormulaSimilarity):
    """DIoU, see :func:`a4eval_box_metrics.distance_iou`."""

    name = "distance_iou"
    facts = Facts("DIoU", -1, 1, "1 - s", False, ANY_SCALE, True, "Zheng et al. 2020, arXiv:1911.08287")

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return distance_formula(pair)


@dataclass
class CompleteIoU(FormulaSimilarity):
    """CIoU, see :func:`a4eval_box_metrics.complete_iou`."""

    name = "complete_iou"
    facts = Facts("CIoU", -1.5, 1, "1 - s", False, ANY_SCALE, True, "Zheng et al. 2020, arXiv:1911.08287")
    constant_alpha: bool = param(False, help="hold α constant in the gradient, as the paper and torchvision train")

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return complete_formula(pair)

    @property
    def slope_formula(self) -> Formula:
        """The formula that is differentiated."""
        return complete_training_formula if self.constant_alpha else complete_formula


@dataclass
class EfficientIoU(FormulaSimilarity):
    """EIoU, see :func:`a4eval_box_metrics.efficient_iou`."""

    name = "efficient_iou"
    facts = Facts("EIoU", -2.25, 1, "1 - s", False, ANY_SCALE, True, "Zhang et al. 2021, arXiv:2101.08158")

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return efficient_formula(pair)


@dataclass
class ScyllaIoU(FormulaSimilarity):
    """SIoU, see :func:`a4eval_box_metrics.scylla_iou`."""

    name = "scylla_iou"
    facts = Facts(
        "SIoU",
        -(1 - math.exp(-2)) - (1 - math.exp(-1)) ** 4,
        1,
        "1 - s",
        False,
        ANY_SCALE,
        True,
        "Gevorgyan 2022, arXiv:2205.12740",
    )

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return scylla_formula(pair)
