"""LVIS's federated evaluation: only what was looked for in an image counts there.

Source: Gupta et al. 2019 (arXiv:1908.03195), section 3; ``lvis-api``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from a4eval_ap_metric.sorting import descending_order, rank_in_segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData


def federated(
    data: DetectionData,
    negative: NDArray[np.int64],
    not_exhaustive: NDArray[np.int64],
    *,
    max_detections: int = 300,
) -> DetectionData:
    """Return the data with those detections that LVIS judges.

    Args:
        data: ground truth and detections.
        negative: (p,) pairs ``class × n_units + unit`` known to be absent.
        not_exhaustive: (q,) pairs where not every object is annotated: a miss there counts for nothing.
        max_detections: the best so many of an image are kept, whatever their classes.

    Returns:
        Without detections of classes that are neither present nor known to be absent in their image, and without
        crowds, which LVIS does not have.
    """
    kept = best_of_images(data, max_detections)
    pair = _pair(data.detection_class[kept], data.detection_unit[kept], data.n_units)
    judged = np.isin(pair, np.concatenate([_pair(data.truth_class, data.truth_unit, data.n_units), negative]))
    kept, pair = kept[judged], pair[judged]
    return replace(
        data.with_detections(kept),
        truth_crowd=np.zeros_like(data.truth_crowd),
        detection_unjudged=np.isin(pair, not_exhaustive),
    )


def best_of_images(data: DetectionData, maximum: int) -> NDArray[np.intp]:
    """Return the rows, ascending, of the best *maximum* detections of each image, whatever their classes."""
    order = descending_order(data.detection_score)
    order = order[np.argsort(data.detection_unit[order], kind="stable")]
    return np.sort(order[rank_in_segment(data.detection_unit[order]) < maximum])


def _pair(of_class: NDArray[np.integer], unit: NDArray[np.integer], n_units: int) -> NDArray[np.int64]:
    return of_class.astype(np.int64) * n_units + unit
