"""Similarities made of areas alone: IoU and COCO's IoU for crowds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval_box_metrics.pairs import Pair, elementwise, pairwise, ratio

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from a4eval_box_metrics.columns import Floats


def iou(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:  # noqa: A002  (its usual name)
    """Intersection over union of matched pairs, |A ∩ B| / |A ∪ B|.

    With ``format="xywh"`` bit-identical to ``pycocotools.mask.iou``, with ``"xyxy"`` to ``torchvision.ops.box_iou``.
    Two boxes without area have IoU 0, as in pycocotools.

    Args:
        predicted: (…, 4) boxes.
        truth: (…, 4) boxes.
        format: of both: ``xyxy``, ``xywh``, ``cxcywh``, ``yxyx`` or ``xyxy_inclusive``.

    Returns:
        (…,) in [0, 1].

    Raises:
        ValueError: a box is NaN, infinite or inverted (the row is named), or the shapes do not match.

    Paper: Jaccard (1901), doi:10.5169/seals-266450; reference implementation: pycocotools ``maskApi.c``, ``bbIou``.

    >>> iou([[0, 0, 10, 4]], [[0, 1, 10, 3]])
    array([0.5])
    """
    return elementwise(iou_formula, predicted, truth, format)


def pairwise_iou(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:  # noqa: A002
    """Intersection over union of all pairs: (n, 4) and (m, 4) give (n, m); otherwise as :func:`iou`.

    >>> pairwise_iou([[0, 0, 10, 4], [0, 0, 1, 1]], [[0, 1, 10, 3]])
    array([[0.5],
           [0. ]])
    """
    return pairwise(iou_formula, predicted, truth, format)


def crowd_iou(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:  # noqa: A002
    """Intersection over the predicted box's own area, |P ∩ T| / |P|: COCO's IoU with a truth that is a crowd.

    It asks how much of the prediction lies inside the crowd; being smaller than the crowd costs nothing.
    With ``format="xywh"`` bit-identical to ``pycocotools.mask.iou`` with ``iscrowd``.
    A predicted box without area gives 0.
    Arguments, result and errors as :func:`iou`.

    >>> crowd_iou([[0, 0, 2, 2]], [[1, 0, 100, 100]])
    array([0.5])
    """
    return elementwise(crowd_formula, predicted, truth, format)


def pairwise_crowd_iou(predicted: ArrayLike, truth: ArrayLike, *, format: str = "xyxy") -> Floats:  # noqa: A002
    """Intersection over the predicted box's own area, of all pairs: (n, 4) and (m, 4) give (n, m).

    >>> pairwise_crowd_iou([[0, 0, 2, 2]], [[1, 0, 100, 100], [5, 5, 9, 9]])
    array([[0.5, 0. ]])
    """
    return pairwise(crowd_formula, predicted, truth, format)


def iou_formula(pair: Pair) -> Floats:
    """IoU written for speed: three arrays in all, each used again."""
    predicted, truth = pair.predicted, pair.truth
    scratch = np.maximum(predicted.x1, truth.x1)
    shared = np.minimum(predicted.x2, truth.x2)
    shared -= scratch
    np.maximum(shared, 0, out=shared)
    height = np.minimum(predicted.y2, truth.y2)
    height -= np.maximum(predicted.y1, truth.y1, out=scratch)
    np.maximum(height, 0, out=height)
    shared *= height
    union = np.add(predicted.area, truth.area, out=scratch)
    union -= shared
    if not (predicted.area.all() or truth.area.all()):  # 0 / 0 is possible, and stands for 0
        np.maximum(union, np.finfo(union.dtype).tiny, out=union)
    shared /= union
    return shared


def crowd_formula(pair: Pair) -> Floats:
    """Intersection over the predicted area."""
    return ratio(pair.intersection, pair.predicted.area)
