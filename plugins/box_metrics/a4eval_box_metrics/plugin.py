"""What this plugin brings to a4eval."""

from __future__ import annotations

from a4eval import Component, hookimpl

A4EVAL_API = 1

_SIMILARITIES = {
    "iou": ("IoU", "intersection over union", ("doi:10.5169/seals-266450", "pycocotools.mask.iou")),
    "crowd_iou": (
        "CrowdIoU",
        "intersection over the predicted area: COCO's IoU with a crowd",
        ("pycocotools.mask.iou",),
    ),
    "alpha_iou": ("AlphaIoU", "IoU to a power", ("arXiv:2110.13675",)),
    "generalized_iou": ("GeneralizedIoU", "IoU minus the share of the hull left uncovered", ("arXiv:1902.09630",)),
    "distance_iou": ("DistanceIoU", "IoU minus the distance of the centres", ("arXiv:1911.08287",)),
    "complete_iou": ("CompleteIoU", "DIoU minus a penalty for the aspect ratio", ("arXiv:1911.08287",)),
    "efficient_iou": ("EfficientIoU", "DIoU minus penalties for width and height", ("arXiv:2101.08158",)),
    "scylla_iou": ("ScyllaIoU", "SIoU: IoU minus costs of direction, distance and shape", ("arXiv:2205.12740",)),
    "normalized_wasserstein": (
        "NormalizedWasserstein",
        "exp of minus the Wasserstein distance of the boxes as Gaussians",
        ("arXiv:2110.13389",),
    ),
    "rotated_iou": ("RotatedIoU", "IoU of rotated boxes and of quadrilaterals", ("arXiv:1711.10398",)),
    "corner_l1": ("CornerL1", "L1 distance of (x1, y1, x2, y2); lower is better", ()),
    "corner_l2": ("CornerL2", "L2 distance of (x1, y1, x2, y2); lower is better", ("arXiv:1312.2249",)),
    "corner_smooth_l1": ("CornerSmoothL1", "smooth L1 of (x1, y1, x2, y2); lower is better", ("arXiv:1504.08083",)),
    "centre_l1": ("CentreL1", "L1 distance of (centre x, centre y, w, h); lower is better", ("arXiv:2005.12872",)),
    "centre_l2": ("CentreL2", "L2 distance of (centre x, centre y, w, h); lower is better", ()),
    "centre_smooth_l1": (
        "CentreSmoothL1",
        "smooth L1 of (centre x, centre y, w, h); lower is better",
        ("arXiv:1504.08083",),
    ),
}


@hookimpl
def a4eval_components() -> list[Component]:
    """List the components."""
    similarities = [
        Component(
            kind="similarity",
            name=name,
            factory=f"a4eval_box_metrics.similarities.components:{factory}",
            summary=summary,
            references=references,
        )
        for name, (factory, summary, references) in _SIMILARITIES.items()
    ]
    return [
        *similarities,
        Component(
            kind="task",
            name="box_pair_comparison",
            factory="a4eval_box_metrics.tasks.pair_comparison:BoxPairComparison",
            summary="two predictions of equal L2 distance and unequal IoU",
        ),
        Component(
            kind="task",
            name="box_landscape",
            factory="a4eval_box_metrics.tasks.landscape:BoxLandscape",
            summary="similarities over perturbed boxes, IoU at equal L2, and who ranks predictions as IoU does",
        ),
        Component(
            kind="reader",
            name="box_pairs",
            factory="a4eval_box_metrics.readers.box_pairs:InlineBoxPairs",
            summary="matched pairs of boxes, written into the config",
        ),
        Component(
            kind="metric",
            name="box_agreement",
            factory="a4eval_box_metrics.metrics.agreement:BoxAgreement",
            summary="the mean similarity of matched pairs of boxes",
        ),
        Component(
            kind="metric",
            name="matched_box_agreement",
            factory="a4eval_box_metrics.metrics.matched_agreement:MatchedBoxAgreement",
            summary="similarities of matched detections: means and quantiles, by class and size",
        ),
        Component(
            kind="metric",
            name="box_statistics",
            factory="a4eval_box_metrics.metrics.statistics:BoxStatistics",
            summary="sizes, aspect ratios, boxes out of the image and duplicates of a data set",
        ),
    ]


@hookimpl
def a4eval_config_packages() -> list[str]:
    """Name the package that holds the configs."""
    return ["a4eval_box_metrics.configs"]
