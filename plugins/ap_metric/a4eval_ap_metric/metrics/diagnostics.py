"""Metrics that say what is wrong with a detector: best F1, calibration, confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from a4eval import DataError, Row, Value, check_ranges, param
from a4eval_ap_metric import charts
from a4eval_ap_metric.detections.data import EVERY_AREA, CocoParameters
from a4eval_ap_metric.identifiers import dense
from a4eval_ap_metric.matching.coco import match
from a4eval_ap_metric.matching.outcomes import Outcomes, outcomes
from a4eval_ap_metric.matching.pairs import box_iou
from a4eval_ap_metric.measures.best_f1 import best_f1
from a4eval_ap_metric.measures.calibration import calibration
from a4eval_ap_metric.measures.confusion import confusion_counts, summed_counts
from a4eval_ap_metric.measures.localization import localization_aware_calibration_error
from a4eval_ap_metric.metrics.base import only_whole
from a4eval_ap_metric.metrics.in_parts import MetricInParts
from a4eval_ap_metric.metrics.outcomes import OutcomesMetric
from a4eval_ap_metric.sorting import rows_of_each

if TYPE_CHECKING:
    from a4eval import Chart
    from a4eval_ap_metric.detections.data import DetectionData

SCORE_BINS = 20


def _histogram(score: NDArray[np.float64], hit: NDArray[np.bool_]) -> list[Row]:
    """Return how many detections there are of each score, right and wrong."""
    if not len(score):
        return []
    low, high = (0.0, 1.0) if score.min() >= 0 and score.max() <= 1 else (float(score.min()), float(score.max()))
    edges = np.linspace(low, high if high > low else low + 1, SCORE_BINS + 1)
    right, wrong = (np.histogram(score[one], edges)[0].tolist() for one in (hit, ~hit))
    return [
        {"from": one, "to": other, "right": a, "wrong": b}
        for one, other, a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), right, wrong, strict=True)
    ]


@dataclass
class _AtThreshold(OutcomesMetric):
    """A metric of the outcomes at one threshold."""

    threshold: float = param(0.5, help="IoU from which a detection is right", minimum=0, maximum=1)
    max_detections: int = param(100, help="per image and class", minimum=1)

    def __post_init__(self) -> None:
        check_ranges(self)
        self._parameters = CocoParameters((self.threshold,), areas=(EVERY_AREA,), max_detections=(self.max_detections,))

    def found(self, data: DetectionData) -> list[Outcomes]:
        """Return what became of the detections of some whole images."""
        return [outcomes(match(data, self._parameters))]

    def warn(self) -> None:
        """Warn of more objects than detections that count."""
        self._warn_of_more_objects(self.max_detections)

    @property
    def outcomes(self) -> Outcomes:
        """What became of each detection."""
        return self.at_thresholds[0]


@dataclass
class DetectionF1(_AtThreshold):
    """The best F1 over score thresholds, all classes together; the table has each class's own."""

    names: ClassVar[Sequence[str]] = ("f1", "score_threshold", "precision", "recall")
    constant_may_win: ClassVar[bool] = True  # all detections have the best recall

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the best F1, and score threshold, precision and recall there."""
        only_whole(weights)
        found = self.outcomes
        best = best_f1(found.score, found.hit, len(found.truth_class))
        return {
            "f1": Value(best.f1, higher_is_better=True),
            "score_threshold": Value(best.score),
            "precision": Value(best.precision, higher_is_better=True),
            "recall": Value(best.recall, higher_is_better=True),
        }

    def tables(self) -> dict[str, list[Row]]:
        """Return the tables ``classes`` and ``scores``: how many detections of each score are right and wrong."""
        rows: list[Row] = []
        found = self.outcomes
        truths = found.n_truth(len(self.classes)).tolist()
        rows_of_class = rows_of_each(found.detection_class, len(self.classes))
        for index, name in enumerate(self.class_names):
            mine = rows_of_class[index]
            best = best_f1(found.score[mine], found.hit[mine], truths[index])
            rows.append(
                {
                    "class": name,
                    "truths": truths[index],
                    "f1": best.f1,
                    "score_threshold": best.score,
                    "precision": best.precision,
                    "recall": best.recall,
                }
            )
        return {"classes": rows, "scores": _histogram(found.score, found.hit)}

    def charts(self) -> dict[str, Chart]:
        """Return the best F1 by class, and the scores of what is right and wrong."""
        return {"scores": charts.scores("scores"), "classes": charts.by_class("classes", "f1", "Best F1 by class")}


@dataclass
class DetectionCalibration(_AtThreshold):
    """Calibration errors: is a score the chance that the detection is right, or that times how well its box lies?"""

    names: ClassVar[Sequence[str]] = ("expected_calibration_error", "localization_aware_calibration_error")
    constant_may_win: ClassVar[bool] = True  # the share of hits as the score of all is as calibrated as can be

    bins: int = param(10, help="bins of the score, of equal width", minimum=1)

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the expected calibration error."""
        only_whole(weights)
        found = self.outcomes
        overlap = np.zeros(0) if found.overlap is None else found.overlap
        try:
            error = calibration(found.score, found.hit, self.bins).error
            aware = localization_aware_calibration_error(found.score, overlap, found.detection_class)
        except ValueError as unusable:
            raise DataError(f"calibration: {unusable}") from unusable
        return {
            name: Value(value, higher_is_better=False, n=len(found.score))
            for name, value in zip(self.names, (error, aware), strict=True)
        }

    def found(self, data: DetectionData) -> list[Outcomes]:
        """Return what became of the detections of some whole images, and how much the hits overlap their truths."""
        matches = match(data, self._parameters)
        found = outcomes(matches)
        truth = np.full(len(data.detection_unit), -1)
        truth[matches.detection[matches.position]] = matches.truth_row[matches.truth]
        row = found.detection[found.hit]
        overlap, similarity = np.zeros(len(found.hit)), box_iou(data, row, truth[row])
        overlap[found.hit] = similarity(np.arange(len(row)), np.arange(len(row)))
        return [replace(found, overlap=overlap)]

    def tables(self) -> dict[str, list[Row]]:
        """Return the table ``reliability``: bin, detections, mean score, precision."""
        table = calibration(self.outcomes.score, self.outcomes.hit, self.bins)
        columns = zip(
            table.edges[:-1].tolist(),
            table.edges[1:].tolist(),
            table.count.tolist(),
            table.confidence.tolist(),
            table.precision.tolist(),
            strict=True,
        )
        names = ("from", "to", "detections", "mean_score", "precision")
        return {"reliability": [dict(zip(names, row, strict=True)) for row in columns]}

    def charts(self) -> dict[str, Chart]:
        """Return the reliability diagram."""
        return {"reliability": charts.reliability("reliability")}


@dataclass
class ConfusionMatrix(MetricInParts[NDArray[np.int64]]):
    """A table of which class was found where which class is; it gives no number."""

    names: ClassVar[Sequence[str]] = ()

    threshold: float = param(
        0.5, help="IoU from which a detection has a truth, whatever their classes", minimum=0, maximum=1
    )
    score: float = param(0.25, help="leave out detections with a lower score", above=-inf, below=inf)

    def kept(self, data: DetectionData) -> NDArray[np.int64]:
        """Return (3, m) class of the truth, class detected and their count, where that is not 0."""
        return confusion_counts(data, threshold=self.threshold, score=self.score)

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return nothing: the table is the result."""
        only_whole(weights)
        return {}

    def tables(self) -> dict[str, list[Row]]:
        """Return the table ``confusion`` where the count is not 0: truth, detected, count, its share of the truth.

        A truth or a detection without the other has "background" in its place.
        """
        n = len(self.classes)
        places = [np.append(dense(part.classes, self.classes), n) for part in self._matched_parts]
        kept = [
            np.array([*place[part.kept[:2]], part.kept[2]])
            for place, part in zip(places, self._matched_parts, strict=True)
        ]
        true, detected, count = np.concatenate(kept, axis=1)
        counts = summed_counts(true, detected, count, n)
        names, of_truth = [*self.class_names, charts.BACKGROUND], np.zeros(n + 1, np.int64)
        np.add.at(of_truth, counts[0], counts[2])
        return {
            "confusion": [
                {"truth": names[true], "detected": names[detected], "count": count, "share": count / whole}
                for true, detected, count, whole in zip(*counts.tolist(), of_truth[counts[0]].tolist(), strict=True)
            ]
        }

    def charts(self) -> dict[str, Chart]:
        """Return the classes that are confused most."""
        return {"confusion": charts.confusion("confusion", self.tables()["confusion"])}
