"""The metric ``tide``: the AP that six kinds of errors cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from a4eval import Row, Value, check_ranges, param
from a4eval_ap_metric import charts
from a4eval_ap_metric.matching.joined import MatchedPart
from a4eval_ap_metric.measures.errors import KINDS
from a4eval_ap_metric.measures.tide import Limit, Tide, tide_of_parts, tide_verdicts
from a4eval_ap_metric.metrics.base import objects_of, only_whole, warn_of_more_objects
from a4eval_ap_metric.metrics.in_parts import MetricInParts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval import Chart
    from a4eval_ap_metric.detections.data import DetectionData
    from a4eval_ap_metric.measures.verdicts import Verdicts


class KeptErrors(NamedTuple):
    """What is kept of some whole images.

    Args:
        verdicts: on their detections.
        objects: of each image and class, or of each image, that has some.
    """

    verdicts: Verdicts
    objects: NDArray[np.integer[Any]]


@dataclass
class TideErrors(MetricInParts[KeptErrors]):
    """The AP that six kinds of errors cost (TIDE)."""

    names: ClassVar[Sequence[str]] = (
        "average_precision",
        *(f"cost_{kind}" for kind in KINDS),
        "cost_false_positives",
        "cost_false_negatives",
    )
    constant_may_win: ClassVar[bool] = True  # the costs of one kind fall when those of another rise

    foreground: float = param(0.5, help="IoU from which a detection is right", above=0, maximum=1)
    background: float = param(0.1, help="IoU up to which a detection is on nothing", above=0, maximum=1)
    max_detections: int = param(100, help="the best so many count", minimum=1)
    limit: Limit = param("class", help="max_detections of each class of an image (COCO), or of each image (tidecv)")
    absent_classes: bool = param(
        False, help="classes with detections and no truth enter the mean with an AP of 0 (tidecv), or take no part"
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.background >= self.foreground:
            raise ValueError(f"background: got {self.background}, expected less than foreground, {self.foreground}")

    def kept(self, data: DetectionData) -> KeptErrors:
        """Return what is wrong with each detection of some whole images, and how many objects lie together."""
        of_class = 0 if self.limit == "image" else data.truth_class.astype(np.int64) * data.n_units
        group = (of_class + data.truth_unit.astype(np.int64))[~data.truth_crowd]
        found = tide_verdicts(data, self.foreground, self.background, self.max_detections, self.limit)
        return KeptErrors(found, objects_of(group))

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the average precision and what each kind of errors costs."""
        only_whole(weights)
        found = self._errors()
        costs = {f"cost_{kind}": Value(cost, higher_is_better=False) for kind, cost in found.cost.items()}
        return {
            "average_precision": Value(found.average_precision, higher_is_better=True),
            **{f"cost_{kind}": costs[f"cost_{kind}"] for kind in KINDS},
            "cost_false_positives": Value(found.false_positive_cost, higher_is_better=False),
            "cost_false_negatives": Value(found.false_negative_cost, higher_is_better=False),
        }

    def tables(self) -> dict[str, list[Row]]:
        """Return the table ``errors``: kind, count, cost in AP."""
        found = self._errors()
        return {"errors": [{"error": one, "count": found.count[one], "cost": found.cost[one]} for one in KINDS]}

    def charts(self) -> dict[str, Chart]:
        """Return what each kind costs."""
        return {"errors": charts.errors("errors", KINDS)}

    def _errors(self) -> Tide:
        if "errors" not in self._cache:
            parts = self._matched_parts
            objects = np.concatenate([one.kept.objects for one in parts])
            warn_of_more_objects(objects, maximum=self.max_detections, per_image=self.limit == "image")
            found = [MatchedPart(one.units, one.classes, {}, one.kept.verdicts) for one in parts]
            self._cache["errors"] = tide_of_parts(
                found, self.image_ids, self.classes, absent_classes=self.absent_classes
            )
        errors: Tide = self._cache["errors"]
        return errors
