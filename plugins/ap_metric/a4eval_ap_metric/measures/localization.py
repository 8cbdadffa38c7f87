"""Whether scores are the chance of being right times how well a box lies: the localization-aware calibration error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.measures.calibration import calibration
from a4eval_ap_metric.sorting import rows_of_each

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 25


def localization_aware_calibration_error(
    scores: NDArray[np.float64], overlap: NDArray[np.float64], of_class: NDArray[np.integer[Any]], bins: int = BINS
) -> float:
    """Return the mean over classes of the gap between a bin's score and its precision times its true positives' IoU.

    Args:
        scores: (n,) float64 in [0, 1].
        overlap: (n,) float64, the IoU of a true positive with its truth, 0 for a false one.
        of_class: (n,) class of each detection.
        bins: how many, of equal width.

    Returns:
        NaN without detections.

    Source: Oksuz et al. 2023 (arXiv:2307.00934), equation 4: precision × mean IoU of the hits is the mean of *overlap*.

    >>> localization_aware_calibration_error(np.array([0.8, 0.8]), np.array([0.8, 0.0]), np.array([0, 0]))
    0.4
    """
    errors = [
        calibration(scores[mine], overlap[mine], bins).error
        for mine in rows_of_each(of_class, int(of_class.max(initial=-1)) + 1)
        if len(mine)
    ]
    return float(np.mean(errors)) if errors else float("nan")
