"""The metric ``coco_detection``: COCO's statistics of boxes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from a4eval import Value, param
from a4eval_ap_metric.coco import coco_statistics, statistic_names
from a4eval_ap_metric.coco_reader import read_coco
from a4eval_ap_metric.detection_checks import refuse_impossible
from a4eval_ap_metric.detection_data import (
    COCO_AREAS,
    COCO_MAX_DETECTIONS,
    COCO_RECALLS,
    COCO_THRESHOLDS,
    EVERY_AREA,
    CocoParameters,
)
from a4eval_ap_metric.detection_state import DetectionState
from a4eval_ap_metric.matching import Matches, match
from a4eval_ap_metric.pairs import pairs_by
from a4eval_ap_metric.resampling import Resampler, whole_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass
class CocoDetection:
    """Average precision and recall of detected boxes as COCO defines them; equal to pycocotools bit for bit."""

    batch: ClassVar[str] = "detection"

    thresholds: list[float] = param(
        default_factory=lambda: list(COCO_THRESHOLDS), help="IoU from which a detection may match, ascending"
    )
    recalls: list[float] = param(
        default_factory=lambda: list(COCO_RECALLS), help="recall levels precision is read at, ascending"
    )
    areas: dict[str, tuple[float, float]] = param(
        default_factory=lambda: dict(COCO_AREAS), help="area ranges with statistics of their own", unit="pixels²"
    )
    max_detections: list[int] = param(
        default_factory=lambda: list(COCO_MAX_DETECTIONS), help="per image and class, ascending; the last one is for AP"
    )
    similarity: Any | None = param(
        None, kind="similarity", help="what a match is judged by, higher being better; without it IoU as in pycocotools"
    )
    compat: Literal["none", "pycocotools"] = param(
        "none", help="pycocotools: take NaN and negative sizes as it does, and give −1 where a number is undefined"
    )
    _state: DetectionState = field(default_factory=DetectionState, init=False, repr=False)
    _matches: Matches | None = field(default=None, init=False, repr=False)
    _units: NDArray[Any] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        areas = tuple((float(low), float(high)) for low, high in self.areas.values())
        self._parameters = CocoParameters(
            thresholds=tuple(self.thresholds),
            recalls=tuple(self.recalls),
            areas=(EVERY_AREA, *areas),
            max_detections=tuple(self.max_detections),
        )
        if self.similarity is not None and not getattr(self.similarity, "higher_is_better", True):
            raise ValueError("similarity: got a distance, expected one that is higher for better pairs")
        if len(set(self.names)) < len(self.names):
            raise ValueError(f"areas: {list(self.areas)} give two statistics the same name")

    @property
    def names(self) -> Sequence[str]:
        """``AP``, ``AP50``, … in pycocotools' order."""
        return statistic_names(self._parameters, list(self.areas))

    @property
    def units(self) -> NDArray[Any]:
        """The image ids, in the order ``weights`` refers to."""
        if self._units is None:
            self._units = self._state.units()
        return self._units

    @property
    def classes(self) -> NDArray[Any]:
        """The class ids, ascending, as the arrays of :func:`a4eval_ap_metric.coco_arrays` have them."""
        return self._state.classes()

    @property
    def matches(self) -> Matches:
        """Who was matched to whom, in all that was taken in so far."""
        if self._matches is None:
            by = None if self.similarity is None else partial(pairs_by, self.similarity)
            self._matches = match(self._state.data(self.units, self.classes), self._parameters, pair_similarity=by)
        return self._matches

    def update(self, batch: Mapping[str, Any]) -> None:
        """Take in a batch of images with their ground truth and detections."""
        columns = self._state.checked(batch)
        if self.compat == "none":
            refuse_impossible(columns)
        self._state.batches.append(columns)
        self._matches = self._units = None

    def merge(self, other: CocoDetection) -> None:
        """Take in the batches of *other*, which has the same parameters."""
        if other._parameters != self._parameters or other.similarity != self.similarity:
            raise ValueError("merge: the two coco_detection metrics have different parameters")
        self._state.batches += other._state.batches
        self._matches = self._units = None

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the statistics; NaN where no class has a truth that counts (−1 with ``compat: pycocotools``)."""
        if weights is None:
            values = coco_statistics(self.matches)
            n = len(self.units)
        else:
            counts = whole_weights(weights, len(self.units))
            values = Resampler(self.matches, int(counts.max(initial=1))).statistics(counts)
            n = int(counts.sum())
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
        counts = whole_weights(weights, len(self.units))
        resampler = Resampler(self.matches, int(counts.max(initial=1)))
        values = np.array([resampler.statistics(one) for one in counts]).reshape(len(counts), -1)
        return dict(zip(self.names, values.T, strict=True))


def evaluate_coco(ground_truth: str | Path, detections: str | Path) -> dict[str, float]:
    """Return COCO's twelve statistics of two files.

    Args:
        ground_truth: COCO annotation file.
        detections: COCO result list.

    Returns:
        ``AP``, ``AP50``, … in pycocotools' order; NaN where it is undefined.

    Raises:
        DataError: a file is not what it should be.
    """
    metric = CocoDetection()
    metric.update(read_coco(Path(ground_truth), Path(detections)))
    return {name: value.value for name, value in metric.compute().items()}
