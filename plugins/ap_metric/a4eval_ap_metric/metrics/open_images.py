"""The metric ``open_images_detection``: Open Images' mean average precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from a4eval import Row, Value, check_ranges, param
from a4eval_ap_metric import charts
from a4eval_ap_metric.matching.open_images import open_images_match
from a4eval_ap_metric.matching.outcomes import Outcomes
from a4eval_ap_metric.measures.class_average_precision import voc_average_precision
from a4eval_ap_metric.measures.coco import mean_where_defined
from a4eval_ap_metric.metrics.in_parts import WeighableMetric
from a4eval_ap_metric.metrics.outcomes import OutcomesMetric
from a4eval_ap_metric.resampling.resampler import whole_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval import Chart
    from a4eval_ap_metric.detections.data import DetectionData


@dataclass
class OpenImagesDetection(OutcomesMetric, WeighableMetric[tuple[Outcomes, ...]]):
    """The mean over classes of average precision at IoU 0.5 as Open Images has it.

    Crowds are its boxes around groups; if the batches say which labels were verified, other classes' detections in an
    image are left out.
    """

    names: ClassVar[Sequence[str]] = ("mean_average_precision",)

    threshold: float = param(0.5, help="IoU, or for groups the share of the detection inside", above=0, maximum=1)
    groups_count: bool = param(True, help="a group is found or missed like an object (the challenge), or only absorbs")

    @property
    def crowds_count(self) -> bool:
        """As groups do."""
        return self.groups_count

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def matches(self) -> Outcomes:
        """What became of each detection."""
        return self.at_thresholds[0]

    def found(self, data: DetectionData) -> list[Outcomes]:
        """Return what became of the detections of some whole images."""
        checked = all("verified_unit" in batch for batch in self._state.batches) and self._state.batches
        pairs = self._state.pairs("verified") if checked else None
        found = open_images_match(
            data, data.truth_crowd, pairs, threshold=self.threshold, groups_count=self.groups_count
        )
        return [found]

    def per_class(self, weights: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """Return (k,) the average precision of each class, NaN for a class without truths."""
        return voc_average_precision(self.matches, len(self.classes), "every_point", weights)

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the mean over the classes that have truths."""
        n_units = len(self.units)
        counts = None if weights is None else whole_weights(weights, n_units)
        value = mean_where_defined(self.per_class(counts))
        n = n_units if counts is None else int(counts.sum())
        return {"mean_average_precision": Value(value, higher_is_better=True, n=n)}

    def tables(self) -> dict[str, list[Row]]:
        """Return the table ``classes``: class, truths, average precision."""
        truths = np.bincount(self.matches.truth_class, minlength=len(self.classes))
        columns = zip(self.class_names, truths.tolist(), self.per_class().tolist(), strict=True)
        return {"classes": [{"class": a, "truths": b, "average_precision": c} for a, b, c in columns]}

    def charts(self) -> dict[str, Chart]:
        """Return the chart of the table."""
        return {"classes": charts.by_class("classes", "average_precision", "Average precision by class")}
