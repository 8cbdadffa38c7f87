"""How boxes agree: similarities, losses and their gradients.

Plain functions on numpy arrays; each is loaded when first used, so that listing the plugin stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from a4eval_box_metrics.centred import complete_iou, distance_iou, efficient_iou, scylla_iou
    from a4eval_box_metrics.columns import FORMATS
    from a4eval_box_metrics.distances import (
        centre_l1,
        centre_l2,
        centre_smooth_l1,
        corner_l1,
        corner_l2,
        corner_smooth_l1,
        normalized_wasserstein,
        wasserstein,
    )
    from a4eval_box_metrics.equal_l2 import most_iou, search_iou
    from a4eval_box_metrics.facts import FACTS, Facts
    from a4eval_box_metrics.formats import clip_boxes, convert_boxes, to_absolute, to_relative
    from a4eval_box_metrics.matching import match_detections
    from a4eval_box_metrics.overlap import (
        alpha_iou,
        crowd_iou,
        generalized_iou,
        iou,
        iou_gradient,
        pairwise_crowd_iou,
        pairwise_iou,
    )
    from a4eval_box_metrics.pair_comparison import centred_iou
    from a4eval_box_metrics.perturbations import FAMILIES, random_predictions, upright_hulls
    from a4eval_box_metrics.quadrilaterals import (
        pairwise_quadrilateral_iou,
        quadrilateral_area,
        quadrilateral_iou,
        quadrilateral_to_rotated,
        rotated_to_quadrilateral,
    )
    from a4eval_box_metrics.ranking import RankAgreement, rank_agreement
    from a4eval_box_metrics.rotated import pairwise_rotated_iou, rotated_iou, rotated_iou_gradient
    from a4eval_box_metrics.similarities import (
        AlphaIoU,
        CentreL1,
        CentreL2,
        CentreSmoothL1,
        CompleteIoU,
        CornerL1,
        CornerL2,
        CornerSmoothL1,
        CrowdIoU,
        DistanceIoU,
        EfficientIoU,
        GeneralizedIoU,
        IoU,
        NormalizedWasserstein,
        RotatedIoU,
        ScyllaIoU,
    )
    from a4eval_box_metrics.statistics import aspect_histogram, duplicate_rows, near_duplicate_rows, size_histogram

_EXPORTS = {
    "AlphaIoU": "similarities",
    "CentreL1": "similarities",
    "CentreL2": "similarities",
    "CentreSmoothL1": "similarities",
    "CompleteIoU": "similarities",
    "CornerL1": "similarities",
    "CornerL2": "similarities",
    "CornerSmoothL1": "similarities",
    "CrowdIoU": "similarities",
    "DistanceIoU": "similarities",
    "EfficientIoU": "similarities",
    "FACTS": "facts",
    "FAMILIES": "perturbations",
    "FORMATS": "columns",
    "Facts": "facts",
    "GeneralizedIoU": "similarities",
    "IoU": "similarities",
    "NormalizedWasserstein": "similarities",
    "RankAgreement": "ranking",
    "RotatedIoU": "similarities",
    "ScyllaIoU": "similarities",
    "alpha_iou": "overlap",
    "aspect_histogram": "statistics",
    "centre_l1": "distances",
    "centre_l2": "distances",
    "centre_smooth_l1": "distances",
    "centred_iou": "pair_comparison",
    "clip_boxes": "formats",
    "complete_iou": "centred",
    "convert_boxes": "formats",
    "corner_l1": "distances",
    "corner_l2": "distances",
    "corner_smooth_l1": "distances",
    "crowd_iou": "overlap",
    "distance_iou": "centred",
    "duplicate_rows": "statistics",
    "efficient_iou": "centred",
    "generalized_iou": "overlap",
    "iou": "overlap",
    "iou_gradient": "overlap",
    "match_detections": "matching",
    "most_iou": "equal_l2",
    "near_duplicate_rows": "statistics",
    "normalized_wasserstein": "distances",
    "pairwise_crowd_iou": "overlap",
    "pairwise_iou": "overlap",
    "pairwise_quadrilateral_iou": "quadrilaterals",
    "pairwise_rotated_iou": "rotated",
    "quadrilateral_area": "quadrilaterals",
    "quadrilateral_iou": "quadrilaterals",
    "quadrilateral_to_rotated": "quadrilaterals",
    "random_predictions": "perturbations",
    "rank_agreement": "ranking",
    "rotated_iou": "rotated",
    "rotated_iou_gradient": "rotated",
    "rotated_to_quadrilateral": "quadrilaterals",
    "scylla_iou": "centred",
    "search_iou": "equal_l2",
    "size_histogram": "statistics",
    "to_absolute": "formats",
    "to_relative": "formats",
    "upright_hulls": "perturbations",
    "wasserstein": "distances",
}

__all__ = [
    "FACTS",
    "FAMILIES",
    "FORMATS",
    "AlphaIoU",
    "CentreL1",
    "CentreL2",
    "CentreSmoothL1",
    "CompleteIoU",
    "CornerL1",
    "CornerL2",
    "CornerSmoothL1",
    "CrowdIoU",
    "DistanceIoU",
    "EfficientIoU",
    "Facts",
    "GeneralizedIoU",
    "IoU",
    "NormalizedWasserstein",
    "RankAgreement",
    "RotatedIoU",
    "ScyllaIoU",
    "alpha_iou",
    "aspect_histogram",
    "centre_l1",
    "centre_l2",
    "centre_smooth_l1",
    "centred_iou",
    "clip_boxes",
    "complete_iou",
    "convert_boxes",
    "corner_l1",
    "corner_l2",
    "corner_smooth_l1",
    "crowd_iou",
    "distance_iou",
    "duplicate_rows",
    "efficient_iou",
    "generalized_iou",
    "iou",
    "iou_gradient",
    "match_detections",
    "most_iou",
    "near_duplicate_rows",
    "normalized_wasserstein",
    "pairwise_crowd_iou",
    "pairwise_iou",
    "pairwise_quadrilateral_iou",
    "pairwise_rotated_iou",
    "quadrilateral_area",
    "quadrilateral_iou",
    "quadrilateral_to_rotated",
    "random_predictions",
    "rank_agreement",
    "rotated_iou",
    "rotated_iou_gradient",
    "rotated_to_quadrilateral",
    "scylla_iou",
    "search_iou",
    "size_histogram",
    "to_absolute",
    "to_relative",
    "upright_hulls",
    "wasserstein",
]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
