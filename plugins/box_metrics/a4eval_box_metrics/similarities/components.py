"""The similarities as components: what a config names, and what other plugins ask for by kind and name.

A similarity of any plugin is a dataclass with ``elementwise(predicted, truth, *, format)`` for matched pairs and
``pairwise(predicted, truth, *, format)`` for all pairs.
These here also have ``gradient`` and ``facts``, and ``higher_is_better``, which is False for the distances.
"""

# ruff: noqa: A002  (a box format is called format, here and everywhere else)
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from a4eval import param
from a4eval_box_metrics.boxes.types import FORMATS
from a4eval_box_metrics.similarities import apply, centred, distances, overlap, quadrilaterals, rotated
from a4eval_box_metrics.similarities.facts import FACTS, Facts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from a4eval_box_metrics.boxes.types import Floats, Quantity
    from a4eval_box_metrics.similarities.apply import Formula
    from a4eval_box_metrics.similarities.pair import Pair


class Similarity:
    """What the similarities here share; a subclass says its ``name`` and its ``formula``."""

    name: ClassVar[str]
    formats: ClassVar[tuple[str, ...]] = FORMATS

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        raise NotImplementedError

    @property
    def slope_formula(self) -> Formula:
        """The formula that is differentiated."""
        return self.formula

    @property
    def facts(self) -> Facts:
        """Range, triangle inequality, invariances and paper."""
        return FACTS[self.name]

    @property
    def higher_is_better(self) -> bool:
        """False for a distance."""
        return self.facts.higher_is_better

    @property
    def unit(self) -> str:
        """``"1"``, or ``"pixels"`` for a distance."""
        return "1" if self.higher_is_better else "pixels"

    def elementwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
        """Compare matched pairs: (n, 4) and (n, 4) give (n,)."""
        return apply.elementwise(self.formula, predicted, truth, format)

    def pairwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
        """Compare all pairs: (n, 4) and (m, 4) give (n, m)."""
        return apply.pairwise(self.formula, predicted, truth, format)

    def gradient(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
        """Differentiate the value with respect to the predicted box: (n, 4) and (n, 4) give (n, 4).

        The four slopes are along the four numbers of *format*; where the value has a corner they are the mean of the
        one-sided ones, where 0 / 0 stands for 0 they are 0.
        """
        return apply.gradient(self.slope_formula, predicted, truth, format)


@dataclass
class IoU(Similarity):
    """Intersection over union, see :func:`a4eval_box_metrics.iou`."""

    name = "iou"

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return overlap.iou_formula(pair)

    def pairwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:
        """Compare all pairs: (n, 4) and (m, 4) give (n, m)."""
        return overlap.pairwise_iou(predicted, truth, format=format)

    @property
    def slope_formula(self) -> Formula:
        """The same without working in place, which dual numbers cannot."""
        return lambda pair: pair.iou


@dataclass
class CrowdIoU(Similarity):
    """Intersection over the predicted box's area, see :func:`a4eval_box_metrics.crowd_iou`."""

    name = "crowd_iou"

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return overlap.crowd_formula(pair)


@dataclass
class AlphaIoU(Similarity):
    """IoU to a power, see :func:`a4eval_box_metrics.alpha_iou`."""

    name = "alpha_iou"
    power: float = param(3.0, help="the exponent α > 0")

    def __post_init__(self) -> None:
        overlap.alpha_formula(self.power)

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return overlap.alpha_formula(self.power)(pair)


@dataclass
class GeneralizedIoU(Similarity):
    """GIoU, see :func:`a4eval_box_metrics.generalized_iou`."""

    name = "generalized_iou"

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return overlap.generalized_formula(pair)


@dataclass
class DistanceIoU(Similarity):
    """DIoU, see :func:`a4eval_box_metrics.distance_iou`."""

    name = "distance_iou"

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return centred.distance_formula(pair)


@dataclass
class CompleteIoU(Similarity):
    """CIoU, see :func:`a4eval_box_metrics.complete_iou`."""

    name = "complete_iou"
    constant_alpha: bool = param(False, help="hold α constant in the gradient, as the paper and torchvision train")

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return centred.complete_formula(pair)

    @property
    def slope_formula(self) -> Formula:
        """The formula that is differentiated."""
        return centred.complete_training_formula if self.constant_alpha else centred.complete_formula


@dataclass
class EfficientIoU(Similarity):
    """EIoU, see :func:`a4eval_box_metrics.efficient_iou`."""

    name = "efficient_iou"

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return centred.efficient_formula(pair)


@dataclass
class ScyllaIoU(Similarity):
    """SIoU, see :func:`a4eval_box_metrics.scylla_iou`."""

    name = "scylla_iou"

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return centred.scylla_formula(pair)


@dataclass
class RotatedIoU:
    """IoU of rotated boxes, see :func:`a4eval_box_metrics.rotated_iou` and ``quadrilateral_iou``.

    Formats are ``cxcywha``, ``quadrilateral`` (DOTA's eight numbers) and those of upright boxes.
    """

    name: ClassVar[str] = "rotated_iou"
    higher_is_better: ClassVar[bool] = True
    unit: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (*FORMATS, "cxcywha", "quadrilateral")
    facts: ClassVar[Facts] = FACTS["rotated_iou"]

    def elementwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "cxcywha") -> Floats:
        """Compare matched pairs: (n, 5) and (n, 5) give (n,)."""
        if format == "quadrilateral":
            return quadrilaterals.quadrilateral_iou(predicted, truth)
        return rotated.rotated_iou(predicted, truth, format=format)

    def pairwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "cxcywha") -> Floats:
        """Compare all pairs: (n, 5) and (m, 5) give (n, m)."""
        if format == "quadrilateral":
            return quadrilaterals.pairwise_quadrilateral_iou(predicted, truth)
        return rotated.pairwise_rotated_iou(predicted, truth, format=format)

    def gradient(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "cxcywha") -> Floats:
        """Differentiate with respect to the predicted box, in any format but ``quadrilateral``."""
        return rotated.rotated_iou_gradient(predicted, truth, format=format)


@dataclass
class NormalizedWasserstein(Similarity):
    """NWD, see :func:`a4eval_box_metrics.normalized_wasserstein`."""

    name = "normalized_wasserstein"
    scale: float = param(12.8, help="C, the typical size of an object", unit="pixels")

    def __post_init__(self) -> None:
        distances.normalized_wasserstein_formula(self.scale)

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return distances.normalized_wasserstein_formula(self.scale)(pair)


@dataclass
class CornerL1(Similarity):
    """L1 distance of (x1, y1, x2, y2), see :func:`a4eval_box_metrics.corner_l1`."""

    name = "corner_l1"

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return distances.l1_formula(distances.corner_differences)(pair)


@dataclass
class CornerL2(Similarity):
    """Euclidean distance of (x1, y1, x2, y2), see :func:`a4eval_box_metrics.corner_l2`."""

    name = "corner_l2"

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return distances.l2_formula(distances.corner_differences)(pair)


@dataclass
class CornerSmoothL1(Similarity):
    """Smooth L1 of (x1, y1, x2, y2), see :func:`a4eval_box_metrics.corner_smooth_l1`."""

    name = "corner_smooth_l1"
    beta: float = param(1.0, help="where the square turns into a line", unit="pixels")

    def __post_init__(self) -> None:
        distances.smooth_l1_formula(distances.corner_differences, self.beta)

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return distances.smooth_l1_formula(distances.corner_differences, self.beta)(pair)


@dataclass
class CentreL1(Similarity):
    """L1 distance of (centre x, centre y, width, height), see :func:`a4eval_box_metrics.centre_l1`."""

    name = "centre_l1"

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return distances.l1_formula(distances.centre_differences)(pair)


@dataclass
class CentreL2(Similarity):
    """Euclidean distance of (centre x, centre y, width, height), see :func:`a4eval_box_metrics.centre_l2`."""

    name = "centre_l2"

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return distances.l2_formula(distances.centre_differences)(pair)


@dataclass
class CentreSmoothL1(Similarity):
    """Smooth L1 of (centre x, centre y, width, height), see :func:`a4eval_box_metrics.centre_smooth_l1`."""

    name = "centre_smooth_l1"
    beta: float = param(1.0, help="where the square turns into a line", unit="pixels")

    def __post_init__(self) -> None:
        distances.smooth_l1_formula(distances.centre_differences, self.beta)

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return distances.smooth_l1_formula(distances.centre_differences, self.beta)(pair)
