"""The metric ``coco_detection``: COCO's statistics of boxes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from a4eval import Row, Value, param
from a4eval_ap_metric import charts
from a4eval_ap_metric.detections.data import (
    COCO_AREAS,
    COCO_MAX_DETECTIONS,
    COCO_RECALLS,
    COCO_THRESHOLDS,
    EVERY_AREA,
    CocoParameters,
)
from a4eval_ap_metric.detections.sigmas import named_sigmas
from a4eval_ap_metric.matching.boundary import boundary_iou
from a4eval_ap_metric.matching.coco import match
from a4eval_ap_metric.matching.oriented import oriented_iou
from a4eval_ap_metric.matching.pairs import pairs_by
from a4eval_ap_metric.matching.shapes import SIMILARITIES, keypoint_similarity
from a4eval_ap_metric.measures.coco import class_tables, statistic_names, statistics_of
from a4eval_ap_metric.measures.coco_tables import (
    class_curve_rows,
    class_rows,
    class_threshold_rows,
    curve_names,
    curve_rows,
    detection_rows,
    threshold_rows,
)
from a4eval_ap_metric.measures.image_tables import image_rows
from a4eval_ap_metric.metrics.matched import ResampledMetric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from a4eval import Chart
    from a4eval_ap_metric.detections.data import DetectionData
    from a4eval_ap_metric.matching.coco import Matches


Report = Literal["classes", "class_thresholds", "images", "thresholds", "curve", "class_curves", "detections"]
CLASSES_WITH_A_CURVE = 8


@dataclass
class CocoDetection(ResampledMetric):
    """Average precision and recall of detected boxes as COCO defines them; equal to pycocotools bit for bit."""

    parts_chart: ClassVar[str] = "classes"
    thresholds: list[float] = param(
        default_factory=lambda: list(COCO_THRESHOLDS),
        help="IoU from which a detection may match, ascending",
        minimum=0,
        maximum=1,
    )
    recalls: list[float] | None = param(
        None, help="recall levels precision is read at, ascending; without it COCO's 0, 0.01, … 1", minimum=0, maximum=1
    )
    areas: dict[str, tuple[float, float]] = param(
        default_factory=lambda: dict(COCO_AREAS),
        help="area ranges with statistics of their own",
        unit="pixels²",
        minimum=0,
    )
    max_detections: list[int] = param(
        default_factory=lambda: list(COCO_MAX_DETECTIONS),
        help="per image and class, ascending; the last one is for AP",
        minimum=1,
    )
    similarity: Any | None = param(
        None, kind="similarity", help="what a match is judged by, higher being better; without it IoU as in pycocotools"
    )
    geometry: Literal["box", "mask", "boundary", "oriented", "keypoints"] = param(
        "box",
        help="what overlaps: box, mask (needs the extra masks), boundary (of masks, whose reader has geometry mask), "
        "oriented (boxes of the reader oriented_text) or "
        "keypoints (then set areas and max_detections)",
    )
    sigmas: Any = param(
        "coco",
        help="how far annotators differ in each keypoint: coco (17), crowdpose (14), coco_wholebody (133), or a list",
    )
    single_recalls: bool = param(False, help="AR50 and AR75 as well; for keypoints, as in COCO, always")
    compat: Literal["none", "pycocotools"] = param(
        "none", help="pycocotools: take NaN and negative sizes as it does, and give −1 where a number is undefined"
    )
    per_class: bool = param(False, help="a comparison tests the AP of each class too")
    report: list[Report] = param(
        default_factory=list,
        help="tables: classes, class_thresholds (AP of each class by threshold and size), images (each by itself), "
        "thresholds, curve (precision by recall and threshold), class_curves, detections (AP by how many of an image "
        "count)",
    )

    def __post_init__(self) -> None:
        areas = tuple((float(low), float(high)) for low, high in self.areas.values())
        self._parameters = CocoParameters(
            thresholds=tuple(self.thresholds),
            recalls=COCO_RECALLS if self.recalls is None else tuple(self.recalls),
            areas=(EVERY_AREA, *areas),
            max_detections=tuple(self.max_detections),
            single_recalls=self.single_recalls or self.geometry == "keypoints",
        )
        self._sigmas = named_sigmas(self.sigmas)
        if self.similarity is not None and not getattr(self.similarity, "higher_is_better", True):
            raise ValueError("similarity: got a distance, expected one that is higher for better pairs")
        if len(set(self.names)) < len(self.names):
            raise ValueError(f"areas, max_detections: two statistics have one name among {', '.join(self.names)}")

    @property
    def names(self) -> Sequence[str]:
        """``AP``, ``AP50``, … in pycocotools' order."""
        return statistic_names(self._parameters, list(self.areas))

    def matched(self, data: DetectionData) -> Matches:
        """Return who is matched to whom."""
        shapes = {**SIMILARITIES, "boundary": boundary_iou, "oriented": oriented_iou}
        by = shapes[self.geometry] if self.similarity is None else partial(pairs_by, self.similarity)
        if by is keypoint_similarity:
            by = partial(keypoint_similarity, sigmas=self._sigmas)
        return match(data, self._parameters, pair_similarity=by)

    def refuse(self, columns: dict[str, NDArray[Any]]) -> None:
        """Refuse what has no meaning, unless pycocotools is to be followed.

        Raises:
            DataError: a box or score is impossible.
        """
        if self.compat == "none":
            super().refuse(columns)

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the statistics; NaN where no class has a truth that counts (−1 with ``compat: pycocotools``)."""
        if weights is None:
            values = statistics_of(self.of_class_blocks(class_tables))
            n = len(self.units)
        else:
            found, counts = self.resampled(np.asarray(weights)[None])
            values, n = found.statistics[0], int(counts[0])
        if self.compat == "pycocotools":
            values = np.where(np.isnan(values), -1.0, values)
        return {
            name: Value(float(value), higher_is_better=True, n=n)
            for name, value in zip(self.names, values, strict=True)
        }

    def compute_many(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the statistics of many resamples.

        Args:
            weights: (r, n_units) whole numbers, how often each image counts.

        Returns:
            For each name (r,) float64.
        """
        return dict(zip(self.names, self.resampled(weights)[0].statistics.T, strict=True))

    def compute_parts(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the AP of each class under many resamples; nothing unless ``per_class``.

        Args:
            weights: (r, n_units) whole numbers, how often each image counts.

        Returns:
            For each class (r,) float64.
        """
        if not self.per_class:
            return {}
        return dict(zip(self.class_names, self.resampled(weights)[0].class_precision.T, strict=True))

    @property
    def judged_by(self) -> str:
        """What a match is judged by, as charts name it."""
        return "OKS" if self.geometry == "keypoints" else "IoU" if self.similarity is None else "similarity"

    def tables(self) -> dict[str, list[Row]]:
        """Return the tables asked for in ``report``."""
        make = {
            "classes": lambda: class_rows(self.matches, self.class_names, list(self.areas)),
            "class_thresholds": lambda: class_threshold_rows(self.matches, self.class_names, list(self.areas)),
            "images": lambda: image_rows(self.matches, self.units.tolist()),
            "thresholds": lambda: threshold_rows(self.matches, list(self.areas)),
            "curve": lambda: curve_rows(self.matches, self.judged_by),
            "class_curves": lambda: class_curve_rows(self.matches, self.class_names, CLASSES_WITH_A_CURVE),
            "detections": lambda: detection_rows(self.matches),
        }
        return {name: make[name]() for name in self.report}

    def charts(self) -> dict[str, Chart]:
        """Return a chart of each table."""
        thresholds, judged_by = self.thresholds, self.judged_by
        make = {
            "classes": lambda: charts.by_class("classes", "AP", "AP by class"),
            "class_thresholds": lambda: charts.by_class_and_threshold("class_thresholds", judged_by),
            "images": lambda: charts.by_image("images"),
            "thresholds": lambda: charts.by_threshold("thresholds", list(self.areas), judged_by),
            "curve": lambda: charts.precision_recall("curve", curve_names(thresholds, judged_by), judged_by),
            "class_curves": lambda: charts.class_curves(
                "class_curves",
                [one for one in self.tables()["class_curves"][0] if one != "recall"],
                f"{judged_by} {thresholds[0]:g}",
            ),
            "detections": lambda: charts.by_detections("detections"),
        }
        return {name: make[name]() for name in self.report}
