"""What this plugin brings to a4eval."""

from __future__ import annotations

from a4eval import Component, hookimpl

A4EVAL_API = 1

_SIMILARITIES = "a4eval_box_metrics.similarities"


@hookimpl
def a4eval_components() -> list[Component]:
    """List the components."""
    return [
        Component(
            kind="similarity",
            name="iou",
            factory=f"{_SIMILARITIES}:IoU",
            summary="intersection over union",
            references=("Jaccard 1901, doi:10.5169/seals-266450", "pycocotools.mask.iou", "torchvision.ops.box_iou"),
        ),
        Component(
            kind="similarity",
            name="crowd_iou",
            factory=f"{_SIMILARITIES}:CrowdIoU",
            summary="intersection over the predicted box's area: COCO's IoU with a crowd",
            references=("pycocotools.mask.iou with iscrowd",),
        ),
    ]


@hookimpl
def a4eval_config_packages() -> list[str]:
    """Name the package that holds the configs."""
    return ["a4eval_box_metrics.configs"]
