"""Whether scores are the chance of being right: the expected calibration error and its table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """How well scores are the chance of being right.

    Args:
        error: the expected calibration error: the mean gap of a bin, weighted by its detections.
        edges: (b + 1,) of the bins.
        count: (b,) detections.
        confidence: (b,) mean score, NaN for an empty bin.
        precision: (b,) share of true positives, NaN for an empty bin.
    """

    error: float
    edges: NDArray[np.float64]
    count: NDArray[np.intp]
    confidence: NDArray[np.float64]
    precision: NDArray[np.float64]


def calibration(scores: NDArray[np.float64], hit: NDArray[np.bool_ | np.float64], bins: int = 10) -> Calibration:
    """Return the expected calibration error and its reliability table.

    Args:
        scores: (n,) float64 in [0, 1].
        hit: (n,) bool: true positives; or float64 from 0 to 1: how right each is.
        bins: how many, of equal width; a score on an edge belongs to the upper one, 1 to the last.

    References: Naeini et al. 2015; Guo et al. 2017 (arXiv:1706.04599), equation 3.

    >>> calibration(np.array([0.1, 0.9, 0.9]), np.array([False, True, False]), bins=2).error
    0.3
    """
    if len(scores) and not (scores.min() >= 0 and scores.max() <= 1):
        raise ValueError(f"scores: got {scores.min():g} to {scores.max():g}, expected probabilities from 0 to 1")
    edges = np.linspace(0, 1, bins + 1)
    which = np.clip(np.searchsorted(edges, scores, "right") - 1, 0, bins - 1)
    count = np.bincount(which, minlength=bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(which, scores, bins) / count
        precision = np.bincount(which, hit, bins) / count
    gaps = np.nan_to_num(np.abs(precision - confidence)) * count
    error = float(gaps.sum() / len(scores)) if len(scores) else float("nan")
    return Calibration(error, edges, count, confidence, precision)
