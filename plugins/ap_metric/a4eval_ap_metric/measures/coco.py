"""COCO's numbers from matches: the twelve statistics, and the full precision, recall and score arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.measures.curves import (
    Hits,
    detection_ranks,
    hits_by_area,
    precision_at_recalls,
    precision_where_defined,
    scores_at_recalls,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from a4eval_ap_metric.detections.data import CocoParameters
    from a4eval_ap_metric.matching.coco import Matches


@dataclass(frozen=True, slots=True, eq=False)
class CocoArrays:
    """What pycocotools calls ``eval``; NaN (there −1) for a class without truths that count.

    Args:
        precision: (thresholds, recalls, classes, areas, max_detections) float64.
        recall: (thresholds, classes, areas, max_detections) float64.
        scores: like precision: the score that reaches the recall level.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    scores: NDArray[np.float64]


def coco_arrays(matches: Matches) -> CocoArrays:
    """Return all precisions, recalls and scores, bit-identical to ``COCOeval.accumulate`` but for NaN instead of −1.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.
    """
    parameters = matches.parameters
    recalls = np.array(parameters.recalls)
    shape = (len(parameters.thresholds), matches.n_classes, len(parameters.areas), len(parameters.max_detections))
    recall = np.empty(shape)
    precision = np.empty((shape[0], len(recalls), *shape[1:]))
    scores = np.empty(precision.shape)
    ranks = detection_ranks(matches)
    for last, maximum in enumerate(parameters.max_detections):
        kept = ranks < maximum if last < len(parameters.max_detections) - 1 else None
        for area, found in enumerate(hits_by_area(matches, kept)):
            recall[:, :, area, last] = recall_of(found)
            precision[:, :, :, area, last] = precision_at_recalls(found, recalls)
            scores[:, :, :, area, last] = scores_at_recalls(found, recalls, matches, kept)
    return CocoArrays(precision, recall, scores)


def recall_of(found: Hits, maximum: int | None = None) -> NDArray[np.float64]:
    """Return the recall reached: (t, k) float64, NaN for a class without truths that count.

    Args:
        found: the true positives.
        maximum: count only the first so many detections of each image and class.
    """
    n_classes = len(found.n_truth)
    per_segment = found.per_segment
    if maximum is not None:
        per_segment = np.bincount(found.segment[found.rank < maximum], minlength=len(per_segment))
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN we want
        recall: NDArray[np.float64] = per_segment.reshape(found.n_thresholds, n_classes) / found.n_truth
    return recall


class Statistic(NamedTuple):
    """One of COCO's numbers: a mean over classes, and over thresholds if none is named.

    Args:
        name: pycocotools' word for it.
        of: what it is the mean of.
        area: index of the area range.
        threshold: index of the one threshold; None for all.
        maximum: only so many detections of each image and class count; None for all that were matched.
    """

    name: str
    of: Literal["precision", "recall"]
    area: int = 0
    threshold: int | None = None
    maximum: int | None = None


def statistics(parameters: CocoParameters, areas: Sequence[str] | None = None) -> list[Statistic]:
    """Return which numbers there are, in pycocotools' order for COCO's own parameters.

    Args:
        parameters: thresholds, areas and maxima of detections.
        areas: the names of the area ranges after the first; numbered if None.
    """
    names = [str(one) for one in range(1, len(parameters.areas))] if areas is None else areas
    singles = [(one, parameters.thresholds.index(one)) for one in single_thresholds(parameters)]
    single_recalls = singles if parameters.single_recalls else []
    last = parameters.max_detections[-1]
    maxima = [(one, None if one == last else one) for one in parameters.max_detections]
    return [
        Statistic("AP", "precision"),
        *(Statistic(f"AP{100 * one:g}", "precision", threshold=index) for one, index in singles),
        *(Statistic(f"AP{one}", "precision", area) for area, one in enumerate(names, 1)),
        *(Statistic(f"AR{one}", "recall", maximum=maximum) for one, maximum in maxima),
        *(Statistic(f"AR{100 * one:g}", "recall", threshold=index) for one, index in single_recalls),
        *(Statistic(f"AR{one}", "recall", area) for area, one in enumerate(names, 1)),
    ]


def statistic_names(parameters: CocoParameters, areas: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the statistics, in pycocotools' order for COCO's own parameters.

    Args:
        parameters: thresholds, areas and maxima of detections.
        areas: the names of the area ranges after the first.

    >>> from a4eval_ap_metric.detections.data import COCO
    >>> statistic_names(COCO, ["s", "m", "l"])
    ('AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100', 'ARs', 'ARm', 'ARl')
    """
    return tuple(one.name for one in statistics(parameters, areas))


def coco_statistics(matches: Matches) -> NDArray[np.float64]:
    """Return the statistics in the order of :func:`statistic_names`; NaN where no class has a truth that counts.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.

    Returns:
        (12,) float64 for COCO's parameters, bit-identical to ``COCOeval.summarize``.
    """
    return statistics_of([class_tables(matches)])


def class_tables(matches: Matches) -> dict[Statistic, NDArray[np.float64]]:
    """Return the statistics with what each is the mean of, classes on the last axis."""
    recalls, wanted = np.array(matches.parameters.recalls), statistics(matches.parameters)
    tables: dict[Statistic, NDArray[np.float64]] = {}
    for area, found in enumerate(hits_by_area(matches)):  # one at a time: they take more than the matches
        precision = precision_where_defined(found, recalls)
        for one in wanted:
            if one.area == area:
                tables[one] = precision if one.of == "precision" else recall_of(found, one.maximum)
        del found
    return {one: tables[one] for one in wanted}


def statistics_of(tables: Sequence[Mapping[Statistic, NDArray[np.float64]]]) -> NDArray[np.float64]:
    """Return the statistics from what :func:`class_tables` gives of classes that follow each other."""
    values = []
    for one in tables[0]:
        parts = [some[one] if one.threshold is None else some[one][one.threshold] for some in tables]
        values.append(mean_where_defined(parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)))
    return np.array(values)


def mean_where_defined(values: NDArray[np.float64]) -> float:
    """Return the mean of what is not NaN, or NaN if nothing is."""
    missing = np.isnan(values)
    defined = values[~missing] if missing.any() else values.ravel()
    return float(np.mean(defined)) if len(defined) else float("nan")


def single_thresholds(parameters: CocoParameters) -> list[float]:
    """Return which of 0.5 and 0.75 have a statistic of their own: those that are among several thresholds."""
    return [one for one in (0.5, 0.75) if one in parameters.thresholds and len(parameters.thresholds) > 1]
