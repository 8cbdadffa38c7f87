"""Similarities made of areas: IoU, its power, COCO's IoU for crowds, and generalised IoU."""

# ruff: noqa: A002  (a box format is called format, here and everywhere else)
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from a4eval import param
from a4eval_box_metrics.similarities.apply import LARGE_TILE, Formula, elementwise, gradient, pairwise
from a4eval_box_metrics.similarities.base import FormulaSimilarity
from a4eval_box_metrics.similarities.facts import ANY_STRETCH, Facts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from a4eval_box_metrics.boxes.types import Floats, Quantity
    from a4eval_box_metrics.similarities.pair import Pair


def iou(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
    """Intersection over union of matched pairs, |A ∩ B| / |A ∪ B|.

    With ``format="xywh"`` bit-identical to ``pycocotools.mask.iou``, with ``"xyxy"`` to ``torchvision.ops.box_iou``.
    Two boxes without area have IoU 0, as in pycocotools.

    Args:
        predicted: (…, 4) boxes.
        truth: (…, 4) boxes; the leading axes broadcast.
        format: of both: ``xyxy``, ``xywh``, ``cxcywh``, ``yxyx`` or ``xyxy_inclusive``.

    Returns:
        (…,) in [0, 1], float32 if both are float32, else float64.

    Raises:
        ValueError: a box is NaN, infinite or inverted (the row is named), or the shapes do not match.

    Paper: Jaccard (1901), doi:10.5169/seals-266450; reference implementation: pycocotools ``maskApi.c``, ``bbIou``.

    >>> iou([[0, 0, 10, 4]], [[0, 1, 10, 3]])
    array([0.5])
    """
    return elementwise(iou_formula, predicted, truth, format)


def pairwise_iou(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
    """Intersection over union of all pairs: (n, 4) and (m, 4) give (n, m); otherwise as :func:`iou`.

    >>> pairwise_iou([[0, 0, 10, 4], [0, 0, 1, 1]], [[0, 1, 10, 3]])
    array([[0.5],
           [0. ]])
    """
    return pairwise(iou_formula, predicted, truth, format, tile_bytes=LARGE_TILE)


def iou_gradient(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
    """Slope of :func:`iou` along the four numbers of the predicted box: (n, 4) and (n, 4) give (n, 4).

    Zero for disjoint boxes: a loss of IoU alone cannot pull them together.
    Touching boxes and coinciding edges get the mean of the two one-sided slopes.

    >>> iou_gradient([[0.0, 0, 10, 2]], [[0, 0, 10, 4]])  # left, top and right edges coincide
    array([[-0.0125, -0.0625,  0.0125,  0.25  ]])
    """
    return gradient(lambda pair: pair.iou, predicted, truth, format)


def crowd_iou(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
    """Intersection over the predicted box's own area, |P ∩ T| / |P|: COCO's IoU with a truth that is a crowd.

    It asks how much of the prediction lies inside the crowd; being smaller than the crowd costs nothing.
    With ``format="xywh"`` bit-identical to ``pycocotools.mask.iou`` with ``iscrowd``.
    A predicted box without area gives 0.
    Arguments, result and errors as :func:`iou`.

    >>> crowd_iou([[0, 0, 2, 2]], [[1, 0, 100, 100]])
    array([0.5])
    """
    return elementwise(crowd_formula, predicted, truth, format)


def pairwise_crowd_iou(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
    """Intersection over the predicted box's own area, of all pairs: (n, 4) and (m, 4) give (n, m).

    >>> pairwise_crowd_iou([[0, 0, 2, 2]], [[1, 0, 100, 100], [5, 5, 9, 9]])
    array([[0.5, 0. ]])
    """
    return pairwise(crowd_formula, predicted, truth, format)


def alpha_iou(predicted: ArrayLike, truth: ArrayLike, *, power: float = 3.0, format: str = "xyxy") -> Floats:
    """IoU to a power, IoU^α: with α > 1 its loss 1 − IoU^α weighs the well-placed boxes more.

    Args:
        predicted: (…, 4) boxes.
        truth: (…, 4) boxes.
        power: α > 0; the paper's choice is 3.
        format: as in :func:`iou`, like the result and the errors.

    Paper: He et al. (2021), "Alpha-IoU", equation 3 (arXiv:2110.13675).

    >>> alpha_iou([[0, 0, 10, 4]], [[0, 1, 10, 3]])
    array([0.125])
    """
    return elementwise(alpha_formula(power), predicted, truth, format)


def generalized_iou(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
    """IoU minus the share of the hull that neither box covers: IoU − (|C| − |A ∪ B|) / |C|.

    C is the smallest box around both, so disjoint boxes are told apart by their distance; where C has no area the
    penalty is 0.
    Arguments and errors as :func:`iou`.

    Returns:
        (…,) in (−1, 1].

    Paper: Rezatofighi et al. (2019), "Generalized Intersection over Union", algorithm 1 (arXiv:1902.09630);
    reference implementation: ``torchvision.ops.generalized_box_iou``.

    >>> generalized_iou([[0, 0, 1, 1]], [[2, 0, 3, 1]])
    array([-0.33333333])
    """
    return elementwise(generalized_formula, predicted, truth, format)


def iou_formula(pair: Pair) -> Quantity:
    """IoU written for speed: three arrays in all, each used again.

    Two intervals share clip(x2) − clip(x1), the true ends clipped to the predicted interval: the same difference of
    the same corners as min(x2) − max(x1), and 0 by itself where they are apart.
    """
    p, t = pair.predicted, pair.truth
    shared = np.clip(t.x2, p.x1, p.x2, out=pair.out)
    scratch = np.clip(t.x1, p.x1, p.x2, out=pair.scratch[0])
    shared -= scratch
    height = np.clip(t.y2, p.y1, p.y2, out=pair.scratch[1])
    height -= np.clip(t.y1, p.y1, p.y2, out=scratch)
    shared *= height
    union = np.add(p.area, t.area, out=scratch)
    union -= shared
    if not pair.solid:  # 0 / 0 is possible, and stands for 0
        union += union == 0
    shared /= union
    return shared


def crowd_formula(pair: Pair) -> Quantity:
    """Intersection over the predicted area, which may be 0 while the truth is solid."""
    own = pair.predicted.area
    return pair.intersection / (own + (own == 0))


def alpha_formula(power: float) -> Formula:
    """Return the formula of IoU to the given power.

    Raises:
        ValueError: the power is not a positive number.
    """
    if not 0 < power < np.inf:
        raise ValueError(f"power: got {power}, expected a positive number")
    return lambda pair: np.power(pair.iou, power)


def generalized_formula(pair: Pair) -> Quantity:
    """IoU minus the uncovered share of the hull."""
    hull = pair.hull_width * pair.hull_height
    return pair.iou - pair.ratio(hull - pair.union, hull)


@dataclass
class IoU(FormulaSimilarity):
    """Intersection over union, see :func:`a4eval_box_metrics.iou`."""

    name = "iou"
    facts = Facts("IoU", 0, 1, "1 - s", True, ANY_STRETCH, False, "Jaccard 1901, doi:10.5169/seals-266450")

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return iou_formula(pair)

    def pairwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
        """Compare all pairs: (n, 4) and (m, 4) give (n, m)."""
        return pairwise_iou(predicted, truth, format=format)

    @property
    def slope_formula(self) -> Formula:
        """The same without working in place, which dual numbers cannot."""
        return lambda pair: pair.iou


@dataclass
class CrowdIoU(FormulaSimilarity):
    """Intersection over the predicted box's area, see :func:`a4eval_box_metrics.crowd_iou`."""

    name = "crowd_iou"
    facts = Facts(
        "IoU with a crowd",
        0,
        1,
        "1 - s",
        False,
        ("translation", "scale", "stretch"),
        False,
        "COCO: Lin et al. 2014, arXiv:1405.0312",
    )

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return crowd_formula(pair)


@dataclass
class AlphaIoU(FormulaSimilarity):
    """IoU to a power, see :func:`a4eval_box_metrics.alpha_iou`."""

    name = "alpha_iou"
    facts = Facts("α-IoU, α = 3", 0, 1, "1 - s", True, ANY_STRETCH, False, "He et al. 2021, arXiv:2110.13675")
    power: float = param(3.0, help="the exponent α > 0", above=0, below=np.inf)

    def __post_init__(self) -> None:
        alpha_formula(self.power)

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return alpha_formula(self.power)(pair)


@dataclass
class GeneralizedIoU(FormulaSimilarity):
    """GIoU, see :func:`a4eval_box_metrics.generalized_iou`."""

    name = "generalized_iou"
    facts = Facts("GIoU", -1, 1, "1 - s", True, ANY_STRETCH, True, "Rezatofighi et al. 2019, arXiv:1902.09630")

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return generalized_formula(pair)
