"""Everything that is known of each detection and each truth: outcome, kind of error, cost, place in the confusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.detections.data import DetectionData
from a4eval_ap_metric.measures.confusion import confused
from a4eval_ap_metric.measures.error_costs import error_costs
from a4eval_ap_metric.measures.errors import KINDS, errors_of

HIT, FALSE, MISSED, FOUND, IGNORED = OUTCOMES = ("hit", "false", "missed", "found", "ignored")
"""A right detection, a wrong one; a truth without and with a detection; what counts for nothing."""


@dataclass(frozen=True, eq=False)
class Examined:
    """What is known of each detection and each truth, by input row.

    Args:
        data: ground truth and detections.
        names: of the classes, and last what stands for none.
        used: (g,) bool, truths that were found.
        worth: (g,) float64, what it costs to miss each truth.
        truth_outcome: (g,) text.
        truth_error: (g,) text, empty for none.
        truth_cost: (g,) float64.
        truth_detected: (g,) class in the confusion matrix, the last for none, −1 for no place in it.
        detection_outcome: (d,) text.
        detection_error: (d,) text, empty for none.
        detection_cost: (d,) float64.
        detection_truth: (d,) class in the confusion matrix, the last for none, −1 for no place in it.
    """

    data: DetectionData
    names: Sequence[str]
    used: NDArray[np.bool_]
    worth: NDArray[np.float64]
    truth_outcome: NDArray[np.str_]
    truth_error: NDArray[np.str_]
    truth_cost: NDArray[np.float64]
    truth_detected: NDArray[np.intp]
    detection_outcome: NDArray[np.str_]
    detection_error: NDArray[np.str_]
    detection_cost: NDArray[np.float64]
    detection_truth: NDArray[np.intp]

    def _confusion(self, truth: int, detected: int) -> str:
        nothing = len(self.names) - 1
        if detected == nothing:
            return f"{self.names[truth]} missed"
        return f"{self.names[detected]} " + (
            "where nothing is" if truth == nothing else f"in place of {self.names[truth]}"
        )

    @cached_property
    def errors(self) -> tuple[NDArray[np.integer[Any]], NDArray[np.float64], dict[str, list[str | None]]]:
        """Return image, cost and what to group by of each error: its kind, class and confusion."""
        truth, detection = np.flatnonzero(self.truth_error != ""), np.flatnonzero(self.detection_error != "")
        kinds = [*self.truth_error[truth].tolist(), *self.detection_error[detection].tolist()]
        classes = [*self.data.truth_class[truth].tolist(), *self.data.detection_class[detection].tolist()]
        cells = [
            *((self.data.truth_class[row], self.truth_detected[row]) for row in truth),
            *((self.detection_truth[row], self.data.detection_class[row]) for row in detection),
        ]
        confusions = [None if min(one) < 0 or one[0] == one[1] else self._confusion(*one) for one in cells]
        unit = np.concatenate([self.data.truth_unit[truth], self.data.detection_unit[detection]])
        cost = np.concatenate([self.truth_cost[truth], self.detection_cost[detection]])
        return unit, cost, {"error": kinds, "class": [self.names[one] for one in classes], "confusion": confusions}


def examined(
    data: DetectionData,
    names: Sequence[str],
    *,
    foreground: float,
    background: float,
    score: float,
    max_detections: int,
) -> Examined:
    """Say what is known of each detection and each truth.

    Args:
        data: ground truth and detections.
        names: of the classes, and last what stands for none.
        foreground: the IoU from which a detection is right.
        background: the IoU up to which a detection is on nothing.
        score: detections below have no place in the confusion matrix.
        max_detections: the best so many of each class of an image count.
    """
    errors = errors_of(data, foreground=foreground, background=background, max_detections=max_detections)
    costs = error_costs(data, errors)
    row = errors.found.detection
    outcome = np.full(len(data.detection_unit), IGNORED)
    outcome[row] = np.where(errors.found.hit, HIT, FALSE)
    kind = np.full(len(outcome), "", np.array(KINDS).dtype)
    kind[row] = np.array([*KINDS[:5], ""])[errors.kind]
    cost = np.zeros(len(outcome))
    cost[row] = costs.detection
    ignored = data.truth_crowd if data.truth_ignored is None else data.truth_crowd | data.truth_ignored
    pairs = confused(data, threshold=foreground, score=score)
    none = len(names) - 1
    detected = np.full(len(data.truth_unit), -1)
    detected[pairs.missed] = none
    detected[pairs.truth] = data.detection_class[pairs.detection]
    truth = np.full(len(outcome), -1)
    truth[pairs.alone] = none
    truth[pairs.detection] = data.truth_class[pairs.truth]
    return Examined(
        data=data,
        names=names,
        used=errors.used & ~ignored,
        worth=costs.worth,
        truth_outcome=np.select([ignored, errors.used], [IGNORED, FOUND], MISSED),
        truth_error=np.where(errors.missed & ~ignored, "missed", ""),
        truth_cost=costs.truth,
        truth_detected=detected,
        detection_outcome=outcome,
        detection_error=kind,
        detection_cost=cost,
        detection_truth=truth,
    )
