"""The metric ``lvis_detection``: LVIS's statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from a4eval import DataError, Row, Value, check_ranges, param
from a4eval_ap_metric import charts
from a4eval_ap_metric.detections.data import COCO_RECALLS, CocoParameters
from a4eval_ap_metric.matching.coco import match
from a4eval_ap_metric.matching.federated import federated
from a4eval_ap_metric.matching.shapes import SIMILARITIES
from a4eval_ap_metric.measures.coco import coco_statistics, mean_where_defined
from a4eval_ap_metric.measures.coco_tables import (
    class_rows,
    curve_names,
    curve_rows,
    detection_rows,
    threshold_rows,
)
from a4eval_ap_metric.measures.curves import hits_by_area, precision_at_recalls
from a4eval_ap_metric.metrics.matched import ResampledMetric

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from a4eval import Chart
    from a4eval_ap_metric.detections.data import DetectionData
    from a4eval_ap_metric.matching.coco import Matches

_FREQUENCIES = {"r": "rare", "c": "common", "f": "frequent"}

Report = Literal["frequencies", "classes", "thresholds", "curve", "detections"]


@dataclass
class LvisDetection(ResampledMetric):
    """LVIS's statistics: COCO's on what was looked for, and AP of rare, common and frequent classes."""

    class_columns: ClassVar[Sequence[str]] = ("class_name", "class_frequency")
    max_detections: int = param(300, help="of an image, whatever their classes", minimum=1)
    geometry: Literal["box", "mask"] = param("box", help="what overlaps: box, or mask (needs the extra masks)")

    report: list[Report] = param(
        default_factory=list,
        help="tables: frequencies, classes, thresholds, curve (precision by recall and threshold), detections (AP by "
        "how many of an image and class count)",
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        self._parameters = CocoParameters(max_detections=(self.max_detections,))

    @property
    def names(self) -> Sequence[str]:
        """lvis-api's names: ``AP`` … ``APr`` … ``AR@300`` …."""
        limited = [f"AR{size}@{self.max_detections}" for size in ("", "s", "m", "l")]
        return ("AP", "AP50", "AP75", "APs", "APm", "APl", "APr", "APc", "APf", *limited)

    @property
    def crowds_count(self) -> bool:
        """LVIS has no crowds: what is said to be one counts as any truth."""
        return True

    def matched(self, data: DetectionData) -> Matches:
        """Return who is matched to whom, of what was looked for."""
        negative, open_ended = self._state.pairs("negative"), self._state.pairs("not_exhaustive")
        data = federated(data, negative, open_ended, max_detections=self.max_detections)
        return match(data, self._parameters, pair_similarity=SIMILARITIES[self.geometry])

    def check(self, columns: dict[str, NDArray[Any]]) -> None:
        """Refuse data without LVIS's annotations.

        Raises:
            DataError: there is no word on what was looked for.
        """
        if "negative_unit" not in columns:
            raise DataError("the images have no neg_category_ids: this is not an LVIS annotation file")

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the statistics; NaN where no class has a truth that counts."""
        if weights is None:
            precision = precision_at_recalls(next(hits_by_area(self.matches)), np.array(COCO_RECALLS))
            values = self._named(coco_statistics(self.matches), precision)
            n = len(self.units)
        else:
            found, counts = self.resampled(np.asarray(weights)[None])
            values, n = self._named(found.statistics[0], found.class_precision[0]), int(counts[0])
        return {name: Value(value, higher_is_better=True, n=n) for name, value in values.items()}

    def compute_many(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the statistics of many resamples: for each name (r,) float64.

        Args:
            weights: (r, n_units) whole numbers, how often each image counts.
        """
        rows = [self._named(*one) for one in zip(*self.resampled(weights)[0], strict=True)]
        return {name: np.array([row[name] for row in rows]) for name in self.names}

    def tables(self) -> dict[str, list[Row]]:
        """Return the tables asked for in ``report``."""
        make: dict[str, Callable[[], list[Row]]] = {
            "frequencies": self._by_frequency,
            "classes": self._by_class,
            "thresholds": lambda: threshold_rows(self.matches, ["s", "m", "l"]),
            "curve": lambda: curve_rows(self.matches),
            "detections": lambda: detection_rows(self.matches),
        }
        return {name: make[name]() for name in self.report}

    def charts(self) -> dict[str, Chart]:
        """Return a chart of each table."""
        make = {
            "frequencies": lambda: charts.by_frequency("frequencies"),
            "classes": lambda: charts.by_truths("classes"),
            "thresholds": lambda: charts.by_threshold("thresholds", ["s", "m", "l"]),
            "curve": lambda: charts.precision_recall("curve", curve_names(self._parameters.thresholds)),
            "detections": lambda: charts.by_detections("detections"),
        }
        return {name: make[name]() for name in self.report}

    def _by_class(self) -> list[Row]:
        frequency = self.class_column("class_frequency")
        rows = class_rows(self.matches, self.class_names)
        return [
            {"class": row["class"], "frequency": _FREQUENCIES.get(one, ""), **row}
            for row, one in zip(rows, frequency, strict=True)
        ]

    def _by_frequency(self) -> list[Row]:
        rows = self._by_class()
        groups = {name: [row for row in rows if row["frequency"] == name] for name in _FREQUENCIES.values()}
        return [
            {
                "frequency": name,
                "classes": sum(row["truths"] > 0 for row in of),
                **{one: mean_where_defined(np.array([row[one] for row in of])) for one in ("AP", "AP50", "AR")},
            }
            for name, of in groups.items()
        ]

    def _named(self, statistics: NDArray[np.float64], of_class: NDArray[np.float64]) -> dict[str, float]:
        """Name the statistics; *of_class* has the classes on its last axis."""
        frequency = np.array(self.class_column("class_frequency"), np.str_)
        groups = [mean_where_defined(of_class[..., frequency == one]) for one in _FREQUENCIES]
        values = [*statistics[:6].tolist(), *groups, *statistics[6:].tolist()]
        return dict(zip(self.names, values, strict=True))
