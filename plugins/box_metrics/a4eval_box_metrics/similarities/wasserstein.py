"""The Wasserstein distance of boxes taken as Gaussians, and the similarity made of it."""

# ruff: noqa: A002  (a box format is called format, here and everywhere else)
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from a4eval import param
from a4eval_box_metrics.similarities.apply import elementwise
from a4eval_box_metrics.similarities.base import FormulaSimilarity
from a4eval_box_metrics.similarities.distances import centre_differences
from a4eval_box_metrics.similarities.facts import SAME_PIXELS, Facts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from a4eval_box_metrics.boxes.types import Floats, Quantity
    from a4eval_box_metrics.similarities.apply import Formula
    from a4eval_box_metrics.similarities.pair import Pair


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


@dataclass
class NormalizedWasserstein(FormulaSimilarity):
    """NWD, see :func:`a4eval_box_metrics.normalized_wasserstein`."""

    name = "normalized_wasserstein"
    facts = Facts("NWD", 0, 1, "1 - s", True, SAME_PIXELS, True, "Wang et al. 2021, arXiv:2110.13389")
    scale: float = param(12.8, help="C, the typical size of an object", unit="pixels", above=0, below=np.inf)

    def __post_init__(self) -> None:
        normalized_wasserstein_formula(self.scale)

    def formula(self, pair: Pair) -> Quantity:
        """Return the value of each pair."""
        return normalized_wasserstein_formula(self.scale)(pair)
