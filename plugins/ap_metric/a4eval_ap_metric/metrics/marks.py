"""Rows of the table of marks: each truth and detection of an image with all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.detections.outlines import outline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from a4eval import Row
    from a4eval_ap_metric.metrics.examined import Examined


def mark_rows(found: Examined, image: int, most: int, flip: NDArray[np.str_] | None = None) -> list[Row]:
    """Return a row for each truth and detection of an image: what flips first, then errors by cost, then the rest.

    Args:
        found: what is known of each.
        image: which.
        most: rows at most; detections that are right go last, the surest of them first.
        flip: (g,) text, ``lost`` or ``gained`` of truths that one of two detectors missed.
    """
    data, names = found.data, found.names
    rows: list[tuple[tuple[Any, ...], Row]] = []
    for row in np.flatnonzero(data.truth_unit == image).tolist():
        of_class, cost, detected = (
            int(data.truth_class[row]),
            float(found.truth_cost[row]),
            int(found.truth_detected[row]),
        )
        flips = {} if flip is None else {"flip": str(flip[row])}
        one: Row = {
            "outcome": str(found.truth_outcome[row]),
            "class": names[of_class],
            "score": None,
            "error": str(found.truth_error[row]) or None,
            "cost": _short(cost),
            **_confusion(of_class, detected, names),
            **flips,
            **_place(data.truth_box[row], data.shapes.get("truth_mask"), row),
        }
        rows.append(((not flips.get("flip"), -cost, 0, row), one))
    for row in np.flatnonzero(data.detection_unit == image).tolist():
        of_class, cost, truth = (
            int(data.detection_class[row]),
            float(found.detection_cost[row]),
            int(found.detection_truth[row]),
        )
        score = float(data.detection_score[row])
        one = {
            "outcome": str(found.detection_outcome[row]),
            "class": names[of_class],
            "score": score,
            "error": str(found.detection_error[row]) or None,
            "cost": _short(cost),
            **_confusion(truth, of_class, names),
            **({} if flip is None else {"flip": ""}),
            **_place(data.detection_box[row], data.shapes.get("detection_mask"), row),
        }
        rows.append(((True, -cost, 1, -score), one))
    rows.sort(key=lambda each: each[0])
    return [one for _, one in rows[:most]]


def _short(cost: float) -> float | None:
    return float(f"{cost:.3g}") if cost else None


def _confusion(truth: int, detected: int, names: Sequence[str]) -> Row:
    """Return the cell of the confusion matrix, nothing where nothing is confused."""
    if min(truth, detected) < 0 or truth == detected:
        return {"truth": None, "detected": None}
    return {"truth": names[truth], "detected": names[detected]}


def _place(box: NDArray[np.float64], masks: NDArray[Any] | None, row: int) -> Row:
    x, y, width, height = (round(float(one), 2) for one in box)
    place: Row = {"x": x, "y": y, "width": width, "height": height}
    return place if masks is None else {**place, "outline": outline(masks[row])}
