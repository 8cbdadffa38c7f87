"""COCO's numbers taken apart: by class, by threshold and size, and along the precision–recall curve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.measures.coco import mean_where_defined, recall_of, single_thresholds
from a4eval_ap_metric.measures.curves import detection_ranks, hits_by_area, precision_at_recalls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from a4eval_ap_metric.matching.coco import Matches


def class_rows(matches: Matches, names: Sequence[str], areas: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return one row a class: truths, detections, AP over all thresholds, at single ones and by size, and AR.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.
        names: of the classes.
        areas: the names of the area ranges after the first; none to leave them out.

    Returns:
        Rows; NaN where a class has no truth that counts.
    """
    tables = _by_area(matches, areas)
    truths = next(hits_by_area(matches)).n_truth
    detections = np.diff(matches.class_start)
    thresholds = matches.parameters.thresholds
    rows = []
    for index, name in enumerate(names):
        row = {"class": name, "truths": int(truths[index]), "detections": int(detections[index])}
        row |= {f"AP{area}": float(precision[:, :, index].mean()) for area, (precision, _) in tables.items()}
        for one in single_thresholds(matches.parameters):
            row[f"AP{100 * one:g}"] = float(tables[""][0][thresholds.index(one), :, index].mean())
        rows.append(row | {f"AR{area}": float(recall[:, index].mean()) for area, (_, recall) in tables.items()})
    return rows


def class_threshold_rows(matches: Matches, names: Sequence[str], areas: Sequence[str]) -> list[dict[str, Any]]:
    """Return one row a class and threshold: AP and recall, overall and by size.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.
        names: of the classes.
        areas: the names of the area ranges after the first.
    """
    tables = _by_area(matches, areas)
    return [
        {"class": name, "threshold": threshold}
        | {f"AP{area}": float(precision[at, :, index].mean()) for area, (precision, _) in tables.items()}
        | {f"recall{area}": float(recall[at, index]) for area, (_, recall) in tables.items()}
        for index, name in enumerate(names)
        for at, threshold in enumerate(matches.parameters.thresholds)
    ]


def _by_area(matches: Matches, areas: Sequence[str]) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return precision (t, r, k) and recall (t, k) by the name of the area range, the first one's being empty."""
    recalls = np.array(matches.parameters.recalls)
    return {
        name: (precision_at_recalls(found, recalls), recall_of(found))
        for name, found in zip(["", *areas], hits_by_area(matches), strict=False)
    }


def threshold_rows(matches: Matches, areas: Sequence[str]) -> list[dict[str, Any]]:
    """Return one row a threshold: AP and AR, overall and for each area range.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.
        areas: the names of the area ranges after the first.
    """
    rows: list[dict[str, Any]] = [{"threshold": one} for one in matches.parameters.thresholds]
    for name, (precision, recall) in _by_area(matches, areas).items():
        for index, row in enumerate(rows):
            row[f"AP{name}"] = mean_where_defined(precision[index])
            row[f"AR{name}"] = mean_where_defined(recall[index])
    return rows


def detection_counts(most: int) -> list[int]:
    """Return the numbers of detections at which AP is read: 1, 2, 5, 10, … and *most*.

    >>> detection_counts(100), detection_counts(30)
    ([1, 2, 5, 10, 20, 50, 100], [1, 2, 5, 10, 20, 30])
    """
    steps = (digit * 10**power for power in range(len(str(most))) for digit in (1, 2, 5))
    return [*(one for one in steps if one < most), most]


def detection_rows(matches: Matches) -> list[dict[str, Any]]:
    """Return one row for each of some numbers of detections: AP and AR if no more of each image and class counted.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.
    """
    recalls, ranks = np.array(matches.parameters.recalls), detection_ranks(matches)
    rows = []
    for count in detection_counts(matches.parameters.max_detections[-1]):
        found = next(hits_by_area(matches, ranks < count))
        precision, recall = precision_at_recalls(found, recalls), recall_of(found)
        rows.append({"detections": count, "AP": mean_where_defined(precision), "AR": mean_where_defined(recall)})
    return rows


def curve_names(thresholds: Sequence[float], judged_by: str = "IoU") -> list[str]:
    """Return the names of the columns of a curve: one a threshold, and their mean.

    Args:
        thresholds: from which a detection may match.
        judged_by: what they are of.

    >>> curve_names([0.5, 0.75])
    ['IoU 0.5', 'IoU 0.75', 'mean']
    """
    return [*(f"{judged_by} {one:g}" for one in thresholds), "mean"]


def class_curve_rows(matches: Matches, names: Sequence[str], most: int) -> list[dict[str, Any]]:
    """Return one row a recall level: interpolated precision at the first threshold, a column a class.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.
        names: of the classes.
        most: how many classes, those with the most truths.
    """
    found = next(hits_by_area(matches))
    recalls = matches.parameters.recalls
    precision = precision_at_recalls(found, np.array(recalls))[0]
    chosen = [one for one in np.argsort(-found.n_truth, kind="stable")[:most].tolist() if found.n_truth[one]]
    return [
        {"recall": recall} | {names[one]: float(precision[level, one]) for one in chosen}
        for level, recall in enumerate(recalls)
    ]


def curve_rows(matches: Matches, judged_by: str = "IoU") -> list[dict[str, Any]]:
    """Return one row a recall level: interpolated precision, the mean over classes, by threshold and over all.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.
        judged_by: what the thresholds are of, which the columns are named by.
    """
    recalls = matches.parameters.recalls
    precision = precision_at_recalls(next(hits_by_area(matches)), np.array(recalls))
    defined = ~np.isnan(precision).all(axis=(0, 1))
    mean = precision[:, :, defined].mean(axis=2) if defined.any() else np.full(precision.shape[:2], math.nan)
    columns = dict(zip(curve_names(matches.parameters.thresholds, judged_by), (*mean, mean.mean(axis=0)), strict=True))
    return [
        {"recall": recall} | {name: float(values[level]) for name, values in columns.items()}
        for level, recall in enumerate(recalls)
    ]
