"""What is known of each detection and each truth of some whole images: outcome, kind of error, place in the confusion.

What an error costs is decided by all images together, so any image may turn out to be one that is shown: of each is
kept what a picture of it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.matching.joined import smallest
from a4eval_ap_metric.measures.confusion import confused
from a4eval_ap_metric.measures.errors import errors_of
from a4eval_ap_metric.measures.verdicts import Verdicts, verdicts_of
from a4eval_ap_metric.metrics.marks import FOUND, IGNORED, MISSED, hundredths

if TYPE_CHECKING:
    from a4eval_ap_metric.detections.data import DetectionData


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """Truths in the order of the input; detections in that of their verdicts, behind them those that are ignored.

    A class on the other side of the confusion matrix is above all classes where there is none, and one more where
    there is no place in it.

    Args:
        verdicts: on the detections that count.
        ignored_unit: (i,) image of each that is ignored.
        ignored_class: (i,) class.
        ignored_score: (i,) score.
        detection_box: (n + i, 4) hundredths of a pixel, or pixels.
        detection_truth: (n + i,) class on the other side.
        truth_unit: (g,) image.
        truth_class: (g,) class.
        truth_box: (g, 4) float64, pixels.
        truth_crowd: (g,) bool.
        truth_outcome: (g,) uint8, a place in :data:`OUTCOMES`.
        truth_missed: (g,) bool, those that are an error of their own.
        truth_detected: (g,) class on the other side.
        masks: of ``truth_mask`` and ``detection_mask`` what there is, in the same orders.
        size: (n_units, 2) float64 width and height of each image, pixels.
        file: (n_units,) path of each image, empty where it is not known.
    """

    verdicts: Verdicts
    ignored_unit: NDArray[np.integer[Any]]
    ignored_class: NDArray[np.integer[Any]]
    ignored_score: NDArray[np.float64]
    detection_box: NDArray[Any]
    detection_truth: NDArray[np.integer[Any]]
    truth_unit: NDArray[np.integer[Any]]
    truth_class: NDArray[np.integer[Any]]
    truth_box: NDArray[np.float64]
    truth_crowd: NDArray[np.bool_]
    truth_outcome: NDArray[np.uint8]
    truth_missed: NDArray[np.bool_]
    truth_detected: NDArray[np.integer[Any]]
    masks: Mapping[str, NDArray[Any]]
    size: NDArray[np.float64]
    file: list[str]


def examined(
    data: DetectionData,
    size: NDArray[np.float64],
    file: list[str],
    *,
    foreground: float,
    background: float,
    score: float,
    max_detections: int,
) -> Examined:
    """Say what is known of each detection and each truth.

    Args:
        data: ground truth and detections.
        size: (n_units, 2) width and height of each image, not above 0 where they are not known.
        file: path of each image.
        foreground: the IoU from which a detection is right.
        background: the IoU up to which a detection is on nothing.
        score: detections below have no place in the confusion matrix.
        max_detections: the best so many of each class of an image count.
    """
    n, unit = data.n_classes, smallest(data.n_units)
    errors = errors_of(data, foreground=foreground, background=background, max_detections=max_detections)
    counts = np.zeros(len(data.detection_unit), bool)
    counts[errors.found.detection] = True
    ignored_row = np.flatnonzero(~counts)
    row = np.concatenate([errors.found.detection, ignored_row])
    ignored = data.truth_crowd if data.truth_ignored is None else data.truth_crowd | data.truth_ignored
    pairs = confused(data, threshold=foreground, score=score)
    detected = np.full(len(data.truth_unit), n + 1, smallest(n + 2))
    detected[pairs.missed] = n
    detected[pairs.truth] = data.detection_class[pairs.detection]
    truth = np.full(len(counts), n + 1, smallest(n + 2))
    truth[pairs.alone] = n
    truth[pairs.detection] = data.truth_class[pairs.truth]
    masks = {name: data.shapes[name] for name in ("truth_mask", "detection_mask") if name in data.shapes}
    if "detection_mask" in masks:
        masks["detection_mask"] = masks["detection_mask"][row]
    return Examined(
        verdicts=verdicts_of(data, errors),
        ignored_unit=data.detection_unit[ignored_row].astype(unit),
        ignored_class=data.detection_class[ignored_row].astype(smallest(n)),
        ignored_score=data.detection_score[ignored_row],
        detection_box=hundredths(data.detection_box)[row],
        detection_truth=truth[row],
        truth_unit=data.truth_unit.astype(unit),
        truth_class=data.truth_class.astype(smallest(n)),
        truth_box=data.truth_box,
        truth_crowd=data.truth_crowd,
        truth_outcome=np.select([ignored, errors.used], [IGNORED, FOUND], MISSED).astype(np.uint8),
        truth_missed=errors.missed,
        truth_detected=detected,
        masks=masks,
        size=np.where(np.all(size > 0, axis=1, keepdims=True), size, _reach(data)),
        file=file,
    )


def _reach(data: DetectionData) -> NDArray[np.float64]:
    """Return (n_units, 2) how far the boxes of each image reach, at least 1 pixel."""
    reach = np.ones((data.n_units, 2))
    for unit, box in ((data.truth_unit, data.truth_box), (data.detection_unit, data.detection_box)):
        np.maximum.at(reach, unit, box[:, :2] + box[:, 2:])
    return reach
