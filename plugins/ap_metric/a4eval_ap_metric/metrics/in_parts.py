"""What metrics share that match whole images as they come, and keep of them only what they need at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self

import numpy as np

from a4eval_ap_metric.identifiers import all_apart, distinct
from a4eval_ap_metric.matching.joined import Kept, MatchedPart
from a4eval_ap_metric.metrics.base import DetectionMetric
from a4eval_ap_metric.metrics.detection_state import DetectionState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData

_ENOUGH = 100_000  # detections that are matched together, where batches are small


@dataclass
class MetricInParts(DetectionMetric, Generic[Kept]):
    """A batch is matched when it comes, or when enough small ones are there; its boxes are not kept."""

    class_columns: ClassVar[Sequence[str]] = ("class_name",)
    _parts: list[MatchedPart[Kept]] = field(default_factory=list, init=False, repr=False, compare=False)
    _merged: int = field(default=0, init=False, repr=False, compare=False)

    def update(self, batch: Mapping[str, Any]) -> None:
        """Take in a batch of whole images with their ground truth and detections."""
        super().update(batch)
        if self._state.n_detections >= _ENOUGH:
            self._match()

    def merge(self, other: Self) -> None:
        """Take in what *other*, which has the same parameters, took in."""
        super().merge(other)
        self._parts += other._parts
        self._merged += 1 + other._merged

    def kept(self, data: DetectionData) -> Kept:
        """Return what is kept of some whole images."""
        raise NotImplementedError

    @property
    def image_ids(self) -> NDArray[Any]:
        """The image ids, ascending.

        Raises:
            DataError: an image came in two batches.
        """
        _ = self._matched_parts  # which are seen to be apart
        found: NDArray[Any] = self._cache["images"]
        return found

    @property
    def classes(self) -> NDArray[Any]:
        """The class ids, ascending."""
        if "classes" not in self._cache:
            self._cache["classes"] = distinct([one.classes for one in self._matched_parts])
        found: NDArray[Any] = self._cache["classes"]
        return found

    @property
    def class_names(self) -> list[str]:
        """The names of the classes, the id where there is no name."""
        names = self.class_column("class_name")
        return [name or str(one) for name, one in zip(names, self.classes.tolist(), strict=True)]

    def class_column(self, name: str) -> list[str]:
        """Return what is said of each class; empty where nothing is."""
        known: dict[Any, str] = {}
        for part in self._matched_parts:
            values = zip(part.classes.tolist(), part.class_columns[name].tolist(), strict=True)
            known |= {one: value for one, value in values if value}
        return [known.get(one, "") for one in self.classes.tolist()]

    @property
    def _matched_parts(self) -> list[MatchedPart[Kept]]:
        if self._state.batches or not self._parts:
            self._match()
        if "images" not in self._cache:
            self._cache["images"] = all_apart([one.units for one in self._parts])
        return self._parts

    def _match(self) -> None:
        """Match what has come since this was last done."""
        state = self._state
        units = all_apart([batch["unit"] for batch in state.batches])
        columns = {name: np.array(state.class_column(name), np.str_) for name in self.class_columns}
        self._parts.append(MatchedPart(units, state.classes(), columns, self.kept(state.data())))
        self._state = DetectionState()


@dataclass
class WeighableMetric(MetricInParts[Kept]):
    """One that can count its images more than once, or not at all."""

    @property
    def units(self) -> NDArray[Any]:
        """The image ids, in the order ``weights`` refers to."""
        return self.image_ids
