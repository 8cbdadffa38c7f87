"""The arrays that detection metrics work on, and the parameters of COCO's evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

COCO_THRESHOLDS = tuple(float(one) for one in np.linspace(0.5, 0.95, 10))
COCO_RECALLS = tuple(float(one) for one in np.linspace(0, 1, 101))
COCO_AREAS = {"s": (0.0, 32.0**2), "m": (32.0**2, 96.0**2), "l": (96.0**2, 1e10)}
EVERY_AREA = (0.0, 1e10)
COCO_MAX_DETECTIONS = (1, 10, 100)

Geometry: TypeAlias = Literal["box", "mask", "keypoints"]
MASKS = "a4eval-ap-metric[masks]"


@dataclass(frozen=True, slots=True, eq=False)
class DetectionData:
    """Ground truth and detections of a data set; units (images) and classes are dense indices.

    Args:
        n_units: number of images.
        n_classes: number of classes.
        truth_unit: (g,) integers, the image of each truth.
        truth_class: (g,) integers.
        truth_box: (g, 4) float64, xywh, pixels.
        truth_area: (g,) float64, pixels²; of the object, which for COCO is the mask's.
        truth_crowd: (g,) bool; a crowd absorbs any number of detections and is never missed.
        detection_unit: (d,) integers.
        detection_class: (d,) integers.
        detection_box: (d, 4) float64, xywh, pixels.
        detection_score: (d,) float64.
        truth_uncounted: (g,) bool; a detection that matches such a truth is a miss nevertheless: what pycocotools
            makes of annotation id 0.
        truth_ignored: (g,) bool; neither found nor missed, but unlike a crowd it has one detection at most.
        detection_area: (d,) float64, pixels²; width × height if None.
        detection_unjudged: (d,) bool; a miss that counts for nothing, its class not being annotated exhaustively.
        shapes: further columns of truths and detections, such as ``truth_mask``, by name.
    """

    n_units: int
    n_classes: int
    truth_unit: NDArray[np.integer[Any]]
    truth_class: NDArray[np.integer[Any]]
    truth_box: NDArray[np.float64]
    truth_area: NDArray[np.float64]
    truth_crowd: NDArray[np.bool_]
    detection_unit: NDArray[np.integer[Any]]
    detection_class: NDArray[np.integer[Any]]
    detection_box: NDArray[np.float64]
    detection_score: NDArray[np.float64]
    truth_uncounted: NDArray[np.bool_] | None = None
    truth_ignored: NDArray[np.bool_] | None = None
    detection_area: NDArray[np.float64] | None = None
    detection_unjudged: NDArray[np.bool_] | None = None
    shapes: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def with_detections(self, kept: NDArray[Any]) -> DetectionData:
        """Return the same with some of the detections.

        Args:
            kept: (d,) bool, or rows in the order wanted.
        """
        return self._with("detection", kept)

    def with_truths(self, kept: NDArray[Any]) -> DetectionData:
        """Return the same with some of the truths.

        Args:
            kept: (g,) bool, or rows in the order wanted.
        """
        return self._with("truth", kept)

    def _with(self, side: str, kept: NDArray[Any]) -> DetectionData:
        names = [one.name for one in fields(self) if one.name.startswith(f"{side}_")]
        columns = {name: column[kept] for name in names if (column := getattr(self, name)) is not None}
        shapes = {name: one[kept] if name.startswith(side) else one for name, one in self.shapes.items()}
        return replace(self, **columns, shapes=shapes)


@dataclass(frozen=True, slots=True)
class CocoParameters:
    """What COCO fixes and others may want to change.

    Args:
        thresholds: similarity from which a detection may match.
        recalls: the recall levels precision is read at.
        areas: (low, high) in pixels²; the first one is of the overall numbers.
        max_detections: per image and class, ascending; the last one is used for matching and precision.
        single_recalls: AR at a threshold of 0.5 and of 0.75 too, as COCO has it for keypoints.
    """

    thresholds: tuple[float, ...] = COCO_THRESHOLDS
    recalls: tuple[float, ...] = COCO_RECALLS
    areas: tuple[tuple[float, float], ...] = (EVERY_AREA, *COCO_AREAS.values())
    max_detections: tuple[int, ...] = COCO_MAX_DETECTIONS
    single_recalls: bool = False

    def __post_init__(self) -> None:
        if not self.thresholds or sorted(self.thresholds) != list(self.thresholds):
            raise ValueError(f"thresholds: got {list(self.thresholds)}, expected at least one, in ascending order")
        if not all(0 <= one <= 1 for one in self.thresholds):
            raise ValueError(f"thresholds: got {list(self.thresholds)}, expected numbers from 0 to 1")
        if not self.recalls or not all(0 <= one <= 1 for one in self.recalls):
            raise ValueError(f"recalls: got {list(self.recalls)}, expected at least one level, each from 0 to 1")
        if sorted(self.recalls) != list(self.recalls):
            raise ValueError(f"recalls: got {list(self.recalls)}, expected them in ascending order")
        if not self.areas or any(low > high for low, high in self.areas):
            raise ValueError(f"areas: got {list(self.areas)}, expected at least one (low, high) with low ≤ high")
        if not self.max_detections or sorted(self.max_detections) != list(self.max_detections):
            raise ValueError(f"max_detections: got {list(self.max_detections)}, expected at least one, ascending")
        if self.max_detections[0] < 1:
            raise ValueError(f"max_detections: got {list(self.max_detections)}, expected at least 1")


COCO = CocoParameters()
