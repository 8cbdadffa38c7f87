"""Files to numbers in one call."""

from __future__ import annotations

from pathlib import Path

from a4eval_ap_metric.metrics.coco import CocoDetection
from a4eval_ap_metric.readers.coco import read_coco


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
