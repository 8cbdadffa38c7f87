"""What became of each detection at one threshold, and what follows from it: best F1, calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.curves import considered_when_unmatched

if TYPE_CHECKING:
    from a4eval_ap_metric.matching import Matches


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Detections in the order (class, score descending, image, input), those that count for nothing left out.

    Args:
        position: (n,) place in the order of the matches.
        of_class: (n,) class.
        score: (n,) float64.
        hit: (n,) bool: a true positive; else a false positive.
        n_truth: (k,) truths that count.
    """

    position: NDArray[np.intp]
    of_class: NDArray[np.intp]
    score: NDArray[np.float64]
    hit: NDArray[np.bool_]
    n_truth: NDArray[np.intp]


def outcomes(matches: Matches, threshold: int = 0, area: int = 0) -> Outcomes:
    """Return what became of each detection.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.
        threshold: index of the threshold.
        area: index of the area range.
    """
    chosen = (matches.threshold == threshold) & ((matches.in_area & (1 << area)) != 0)
    ignored = matches.truth_ignored[area]
    counts = ~ignored[matches.truth[chosen]]
    considered, _ = considered_when_unmatched(matches, area)
    considered[matches.position[chosen]] = counts
    hit = np.zeros(len(considered), bool)
    hit[matches.position[chosen]] = counts
    position = np.flatnonzero(considered)
    of_class = np.repeat(np.arange(matches.n_classes), np.diff(matches.class_start))
    return Outcomes(
        position=position,
        of_class=of_class[position],
        score=matches.detection_score[position],
        hit=hit[position],
        n_truth=np.bincount(matches.truth_class[~ignored], minlength=matches.n_classes),
    )


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


def calibration(scores: NDArray[np.float64], hit: NDArray[np.bool_], bins: int = 10) -> Calibration:
    """Return the expected calibration error and its reliability table.

    Args:
        scores: (n,) float64 in [0, 1].
        hit: (n,) bool: true positives.
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
