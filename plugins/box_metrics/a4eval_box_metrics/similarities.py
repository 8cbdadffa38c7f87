"""The similarities as components: what a config names, and what other plugins ask for by kind and name.

A similarity of any plugin is a dataclass with ``elementwise(predicted, truth, *, format)`` for matched pairs and
``pairwise(predicted, truth, *, format)`` for all pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from a4eval_box_metrics import overlap

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from a4eval_box_metrics.columns import Floats


@dataclass
class IoU:
    """Intersection over union, see :func:`a4eval_box_metrics.iou`."""

    def elementwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:  # noqa: A002
        """Compare matched pairs: (n, 4) and (n, 4) give (n,)."""
        return overlap.iou(predicted, truth, format=format)

    def pairwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:  # noqa: A002
        """Compare all pairs: (n, 4) and (m, 4) give (n, m)."""
        return overlap.pairwise_iou(predicted, truth, format=format)


@dataclass
class CrowdIoU:
    """Intersection over the predicted box's area, see :func:`a4eval_box_metrics.crowd_iou`."""

    def elementwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:  # noqa: A002
        """Compare matched pairs: (n, 4) and (n, 4) give (n,)."""
        return overlap.crowd_iou(predicted, truth, format=format)

    def pairwise(self, predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:  # noqa: A002
        """Compare all pairs: (n, 4) and (m, 4) give (n, m)."""
        return overlap.pairwise_crowd_iou(predicted, truth, format=format)
