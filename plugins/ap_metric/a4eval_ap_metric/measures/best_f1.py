"""The score threshold that gives a detector its best F1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class BestF1:
    """The score from which keeping detections gives the highest F1, the harmonic mean of precision and recall."""

    f1: float
    score: float
    precision: float
    recall: float


def best_f1(scores: NDArray[np.float64], hit: NDArray[np.bool_], n_truth: int) -> BestF1:
    """Return the best F1 over all score thresholds; detections of one score are kept or dropped together.

    Args:
        scores: (n,) float64.
        hit: (n,) bool: true positives.
        n_truth: how many truths there are.

    Returns:
        NaN throughout without truths; an F1 of 0 with a threshold of NaN without a hit.

    >>> best_f1(np.array([0.9, 0.8, 0.7]), np.array([True, False, True]), 2)
    BestF1(f1=0.8, score=0.7, precision=0.6666666666666666, recall=1.0)
    """
    nan = float("nan")
    if not n_truth:
        return BestF1(nan, nan, nan, nan)
    if not hit.any():
        return BestF1(0.0, nan, nan, 0.0)
    order = np.argsort(-scores, kind="stable")
    score, hits = scores[order], np.cumsum(hit[order])
    cut = np.flatnonzero(np.append(score[1:] != score[:-1], True))
    f1 = 2 * hits[cut] / (cut + 1 + n_truth)
    best = int(np.argmax(f1))
    found, kept = int(hits[cut[best]]), int(cut[best]) + 1
    return BestF1(float(f1[best]), float(score[cut[best]]), found / kept, found / n_truth)
