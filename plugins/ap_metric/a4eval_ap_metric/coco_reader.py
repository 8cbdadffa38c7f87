"""The reader ``coco``: a COCO annotation file and a COCO result list."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from a4eval import DataError, param
from a4eval_ap_metric.coco_json import boxes, identifiers, read_detections, read_ground_truth
from a4eval_ap_metric.identifiers import dense

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from a4eval import Batch, Run


def read_coco(ground_truth: Path, detections: Path) -> dict[str, NDArray[Any]]:
    """Read COCO files into one detection batch.

    Args:
        ground_truth: annotation file with ``images``, ``annotations`` and ``categories``.
        detections: result list with ``image_id``, ``category_id``, ``bbox`` (xywh, pixels) and ``score``.

    Returns:
        The columns of a ``detection`` batch, with ``class`` and ``class_name`` (k,) of the categories besides.

    Raises:
        DataError: a file is not what it should be.
    """
    truth = read_ground_truth(ground_truth)
    unit = identifiers([one.id for one in truth.images], f"{ground_truth}: image id")
    if len(np.unique(unit)) < len(unit):
        raise DataError(f"{ground_truth}: an image id occurs twice")
    unit = np.sort(unit)
    rows = truth.annotations
    truth_box = boxes([one.bbox for one in rows], f"{ground_truth}: annotations")
    truth_image = identifiers([one.image_id for one in rows], f"{ground_truth}: image_id")
    found = read_detections(detections)
    return {
        "unit": unit,
        "class": identifiers([one.id for one in truth.categories], f"{ground_truth}: category id"),
        "class_name": np.array([one.name or str(one.id) for one in truth.categories], np.str_),
        "truth_unit": _known(truth_image, unit, f"{ground_truth}: annotations"),
        "truth_class": identifiers([one.category_id for one in rows], f"{ground_truth}: category_id"),
        "truth_box": truth_box,
        "truth_area": np.array(
            [b[2] * b[3] if one.area is None else one.area for one, b in zip(rows, truth_box, strict=True)]
        ),
        "truth_crowd": np.array([bool(one.iscrowd) for one in rows], bool),
        "detection_unit": _known(found["image_id"], unit, str(detections)),
        "detection_class": found["category_id"],
        "detection_box": found["bbox"],
        "detection_score": found["score"],
    }


def _known(ids: NDArray[Any], unit: NDArray[Any], what: str) -> NDArray[np.int32]:
    index = dense(ids, unit)
    if (index < 0).any():
        row = int(np.argmax(index < 0))
        raise DataError(f"{what}: entry {row}: image_id {ids[row]!r} is not among the {len(unit)} images")
    return index


@dataclass
class Coco:
    """Boxes from COCO's JSON files."""

    batch: ClassVar[str] = "detection"

    ground_truth: Path = param(help="COCO annotation file (JSON)")
    detections: Path = param(help="COCO result list (JSON)")

    def sources(self) -> Sequence[Path]:
        """The two files."""
        return [self.ground_truth, self.detections]

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield all images as one batch."""
        del run
        yield read_coco(self.ground_truth, self.detections)
