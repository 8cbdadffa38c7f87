"""What all detection metrics share: state, and the refusal of impossible input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from a4eval_ap_metric.detections.checks import refuse_impossible
from a4eval_ap_metric.metrics.detection_state import DetectionState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData


@dataclass
class DetectionMetric:
    """Takes batches in; a subclass computes."""

    batch: ClassVar[str] = "detection"

    _state: DetectionState = field(default_factory=DetectionState, init=False, repr=False, compare=False)
    _cache: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def classes(self) -> NDArray[Any]:
        """The class ids, ascending."""
        return self._state.classes()

    @property
    def class_names(self) -> list[str]:
        """The names of the classes, the id where there is no name."""
        return self._state.class_names()

    @property
    def data(self) -> DetectionData:
        """All that was taken in so far."""
        return self._state.data(self._state.units(), self._state.classes())

    def check(self, columns: dict[str, NDArray[Any]]) -> None:
        """Refuse what has no meaning.

        Raises:
            DataError: a box or score is impossible.
        """
        refuse_impossible(columns)

    def update(self, batch: Mapping[str, Any]) -> None:
        """Take in a batch of images with their ground truth and detections."""
        columns = self._state.checked(batch)
        self.check(columns)
        self._state.batches.append(columns)
        self._cache.clear()

    def merge(self, other: DetectionMetric) -> None:
        """Take in the batches of *other*, which has the same parameters."""
        if self != other:
            raise ValueError(f"merge: got {other}, expected a metric with the parameters of {self}")
        self._state.batches += other._state.batches
        self._cache.clear()
