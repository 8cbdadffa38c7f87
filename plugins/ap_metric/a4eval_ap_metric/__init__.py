"""Average precision of rankings and detectors, every definition by name.

Plain functions on numpy arrays; each is loaded when first used, so that listing the plugin stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from a4eval_ap_metric.box_formats import detection_batch, to_xywh
    from a4eval_ap_metric.coco import CocoArrays, coco_arrays, coco_statistics, statistic_names
    from a4eval_ap_metric.coco_metric import evaluate_coco
    from a4eval_ap_metric.coco_reader import read_coco
    from a4eval_ap_metric.coco_tables import class_rows, curve_rows, threshold_rows
    from a4eval_ap_metric.confusion import confusion_matrix
    from a4eval_ap_metric.detection_data import CocoParameters, DetectionData
    from a4eval_ap_metric.lvis import federated
    from a4eval_ap_metric.matching import Matches, match
    from a4eval_ap_metric.open_images import ancestors, open_images_match, with_ancestors
    from a4eval_ap_metric.outcomes import BestF1, Calibration, best_f1, calibration
    from a4eval_ap_metric.ranking import (
        average_precision,
        average_precision_of_points,
        precision_recall_by_rank,
        ranking_points,
    )
    from a4eval_ap_metric.resampling import Resampler
    from a4eval_ap_metric.tide import Tide, tide_errors
    from a4eval_ap_metric.tie_policy import ranking_order, tie_range
    from a4eval_ap_metric.trec import read_trec
    from a4eval_ap_metric.trec_measures import average_measures, measure_names, ranking_measures
    from a4eval_ap_metric.voc import VocMatches, coco_match, voc_average_precision, voc_match

_EXPORTS = {
    "BestF1": "outcomes",
    "Calibration": "outcomes",
    "CocoArrays": "coco",
    "CocoParameters": "detection_data",
    "DetectionData": "detection_data",
    "Matches": "matching",
    "Resampler": "resampling",
    "Tide": "tide",
    "VocMatches": "voc",
    "ancestors": "open_images",
    "average_measures": "trec_measures",
    "average_precision": "ranking",
    "average_precision_of_points": "ranking",
    "best_f1": "outcomes",
    "calibration": "outcomes",
    "class_rows": "coco_tables",
    "coco_arrays": "coco",
    "coco_match": "voc",
    "coco_statistics": "coco",
    "confusion_matrix": "confusion",
    "curve_rows": "coco_tables",
    "detection_batch": "box_formats",
    "evaluate_coco": "coco_metric",
    "federated": "lvis",
    "match": "matching",
    "measure_names": "trec_measures",
    "open_images_match": "open_images",
    "precision_recall_by_rank": "ranking",
    "ranking_measures": "trec_measures",
    "ranking_order": "tie_policy",
    "ranking_points": "ranking",
    "read_coco": "coco_reader",
    "read_trec": "trec",
    "statistic_names": "coco",
    "threshold_rows": "coco_tables",
    "tide_errors": "tide",
    "tie_range": "tie_policy",
    "to_xywh": "box_formats",
    "voc_average_precision": "voc",
    "voc_match": "voc",
    "with_ancestors": "open_images",
}

__all__ = [
    "BestF1",
    "Calibration",
    "CocoArrays",
    "CocoParameters",
    "DetectionData",
    "Matches",
    "Resampler",
    "Tide",
    "VocMatches",
    "ancestors",
    "average_measures",
    "average_precision",
    "average_precision_of_points",
    "best_f1",
    "calibration",
    "class_rows",
    "coco_arrays",
    "coco_match",
    "coco_statistics",
    "confusion_matrix",
    "curve_rows",
    "detection_batch",
    "evaluate_coco",
    "federated",
    "match",
    "measure_names",
    "open_images_match",
    "precision_recall_by_rank",
    "ranking_measures",
    "ranking_order",
    "ranking_points",
    "read_coco",
    "read_trec",
    "statistic_names",
    "threshold_rows",
    "tide_errors",
    "tie_range",
    "to_xywh",
    "voc_average_precision",
    "voc_match",
    "with_ancestors",
]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
