"""What metrics share that ask what became of each detection, right or wrong, at one threshold or several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from a4eval_ap_metric.matching.joined_outcomes import compact_outcomes, joined_outcomes
from a4eval_ap_metric.matching.outcomes import Outcomes
from a4eval_ap_metric.metrics.base import objects_of, warn_of_more_objects
from a4eval_ap_metric.metrics.in_parts import MetricInParts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval_ap_metric.detections.data import DetectionData


@dataclass
class OutcomesMetric(MetricInParts[tuple[Outcomes, ...]]):
    """A metric of outcomes: whole images are matched as they come."""

    def found(self, data: DetectionData) -> Sequence[Outcomes]:
        """Return what became of the detections of some whole images, at each threshold."""
        raise NotImplementedError

    def kept(self, data: DetectionData) -> tuple[Outcomes, ...]:
        """Return it compact."""
        return compact_outcomes(self.found(data), data)

    @property
    def at_thresholds(self) -> list[Outcomes]:
        """What became of each detection of all images, at each threshold."""
        if "outcomes" not in self._cache:
            parts, n = self._matched_parts, len(self._matched_parts[0].kept)
            self._cache["outcomes"] = [joined_outcomes(parts, self.image_ids, self.classes, one) for one in range(n)]
            self.warn()
        found: list[Outcomes] = self._cache["outcomes"]
        return found

    def warn(self) -> None:
        """Warn of what is doubtful in all that was taken in."""

    def _warn_of_more_objects(self, maximum: int) -> None:
        found = self.at_thresholds[0]
        group = found.truth_class.astype(np.int64) * len(self.image_ids) + found.truth_unit
        warn_of_more_objects(objects_of(group), maximum=maximum)
