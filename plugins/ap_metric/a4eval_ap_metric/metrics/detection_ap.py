"""The metric ``detection_average_precision``: any definition at one IoU threshold, PASCAL VOC's by default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from a4eval import Row, Value, check_ranges, param
from a4eval_ap_metric import charts
from a4eval_ap_metric.matching.oriented import oriented_iou
from a4eval_ap_metric.matching.outcomes import Outcomes
from a4eval_ap_metric.matching.pairs import box_iou
from a4eval_ap_metric.matching.voc import coco_match, voc_match
from a4eval_ap_metric.measures.class_average_precision import voc_average_precision
from a4eval_ap_metric.measures.coco import mean_where_defined
from a4eval_ap_metric.metrics.in_parts import WeighableMetric
from a4eval_ap_metric.metrics.outcomes import OutcomesMetric
from a4eval_ap_metric.rankings.average_precision import Interpolation
from a4eval_ap_metric.resampling.resampler import whole_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval import Chart
    from a4eval_ap_metric.detections.data import DetectionData


@dataclass
class DetectionAveragePrecision(OutcomesMetric, WeighableMetric[tuple[Outcomes, ...]]):
    """The mean over classes of average precision at one IoU threshold; by default as PASCAL VOC has it from 2010 on.

    A column ``truth_difficult`` (g,) bool of the batches marks truths that are neither found nor missed.
    """

    names: ClassVar[Sequence[str]] = ("mean_average_precision",)

    interpolation: Interpolation = param(
        "every_point",
        help="11_point is VOC 2007's, every_point VOC's from 2010 on, 101_point COCO's, yolo Ultralytics'",
    )
    matching: Literal["voc", "coco"] = param("voc", help="voc: only the best truth of all; coco: the best that is free")
    threshold: float = param(0.5, help="IoU from which a detection is right", above=0, maximum=1)
    thresholds: list[float] | None = param(
        None, help="several, over which the mean is taken, in place of threshold", above=0, maximum=1
    )
    extra_pixel: bool = param(
        True, help="voc matching: box edges are inclusive pixels, so a width is one more (VOC's convention)"
    )
    max_detections: int = param(100, help="coco matching: per image and class", minimum=1)
    geometry: Literal["box", "oriented"] = param(
        "box", help="what overlaps: box, or oriented (boxes of the reader oriented_text; extra_pixel is not for them)"
    )
    report: list[Literal["classes"]] = param(default_factory=lambda: ["classes"], help="tables: classes, or none")

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.thresholds is not None and not self.thresholds:
            raise ValueError("thresholds: got none, expected at least one")

    @property
    def matches(self) -> Outcomes:
        """What became of each detection, at the first threshold."""
        return self.at_thresholds[0]

    def found(self, data: DetectionData) -> list[Outcomes]:
        """Return what became of the detections of some whole images, at each threshold."""
        difficult = self._state.flags("truth_difficult")
        return [self._match_at(one, data, difficult) for one in self.thresholds or [self.threshold]]

    def warn(self) -> None:
        """Warn of more objects than detections that count."""
        if self.matching == "coco":
            self._warn_of_more_objects(self.max_detections)

    def _match_at(self, threshold: float, data: DetectionData, difficult: NDArray[np.bool_] | None) -> Outcomes:
        oriented = self.geometry == "oriented"
        if self.matching == "voc":
            by = oriented_iou if oriented else None
            extra = self.extra_pixel
            return voc_match(data, threshold=threshold, extra_pixel=extra, difficult=difficult, pair_similarity=by)
        return coco_match(
            data,
            threshold=threshold,
            difficult=difficult,
            max_detections=self.max_detections,
            pair_similarity=oriented_iou if oriented else box_iou,
        )

    def per_class(self, weights: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """Return (k,) the average precision of each class, NaN for a class without truths."""
        n_classes = len(self.classes)
        of_each = [voc_average_precision(one, n_classes, self.interpolation, weights) for one in self.at_thresholds]
        mean: NDArray[np.float64] = np.mean(of_each, axis=0)
        return mean

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the mean over the classes that have truths."""
        n_units = len(self.units)
        counts = None if weights is None else whole_weights(weights, n_units)
        value = mean_where_defined(self.per_class(counts))
        n = n_units if counts is None else int(counts.sum())
        return {"mean_average_precision": Value(value, higher_is_better=True, n=n)}

    def tables(self) -> dict[str, list[Row]]:
        """Return the table ``classes``, if asked for: class, truths, detections, average precision."""
        if not self.report:
            return {}
        names = self.class_names
        truths = np.bincount(self.matches.truth_class, minlength=len(names))
        detections = np.bincount(self.matches.detection_class, minlength=len(names))
        columns = zip(names, truths.tolist(), detections.tolist(), self.per_class().tolist(), strict=True)
        return {
            "classes": [
                {"class": name, "truths": truth, "detections": detection, "average_precision": value}
                for name, truth, detection, value in columns
            ]
        }

    def charts(self) -> dict[str, Chart]:
        """Return the chart of the table, if that is asked for."""
        found = {"classes": charts.by_class("classes", "average_precision", "Average precision by class")}
        return found if self.report else {}
