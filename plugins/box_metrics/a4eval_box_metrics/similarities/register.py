"""The similarities by name, one line each; it imports nothing, so that listing them stays light.

To add one: its function and its component in a file of this folder, and its line here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from a4eval_box_metrics.similarities.base import FormulaSimilarity
    from a4eval_box_metrics.similarities.rotated import RotatedIoU


class Registered(NamedTuple):
    """Where a similarity stands, and what a listing says of it.

    Args:
        place: ``"module:Class"`` in this folder; the function beside it bears the name of the similarity.
        summary: one line.
        references: papers or reference implementations.
    """

    place: str
    summary: str
    references: tuple[str, ...] = ()

    @property
    def factory(self) -> str:
        """The class, as ``"package.module:Class"``."""
        return f"a4eval_box_metrics.similarities.{self.place}"

    def load(self) -> type[FormulaSimilarity | RotatedIoU]:
        """Import the class."""
        module, _, name = self.factory.partition(":")
        component: type[FormulaSimilarity | RotatedIoU] = getattr(import_module(module), name)
        return component


REGISTER = {
    "iou": Registered("overlap:IoU", "intersection over union", ("doi:10.5169/seals-266450", "pycocotools.mask.iou")),
    "crowd_iou": Registered(
        "overlap:CrowdIoU", "intersection over the predicted area: COCO's IoU with a crowd", ("pycocotools.mask.iou",)
    ),
    "alpha_iou": Registered("overlap:AlphaIoU", "IoU to a power", ("arXiv:2110.13675",)),
    "generalized_iou": Registered(
        "overlap:GeneralizedIoU", "IoU minus the share of the hull left uncovered", ("arXiv:1902.09630",)
    ),
    "distance_iou": Registered("centred:DistanceIoU", "IoU minus the distance of the centres", ("arXiv:1911.08287",)),
    "complete_iou": Registered(
        "centred:CompleteIoU", "DIoU minus a penalty for the aspect ratio", ("arXiv:1911.08287",)
    ),
    "efficient_iou": Registered(
        "centred:EfficientIoU", "DIoU minus penalties for width and height", ("arXiv:2101.08158",)
    ),
    "scylla_iou": Registered(
        "centred:ScyllaIoU", "SIoU: IoU minus costs of direction, distance and shape", ("arXiv:2205.12740",)
    ),
    "normalized_wasserstein": Registered(
        "wasserstein:NormalizedWasserstein",
        "exp of minus the Wasserstein distance of the boxes as Gaussians",
        ("arXiv:2110.13389",),
    ),
    "rotated_iou": Registered(
        "rotated:RotatedIoU", "IoU of rotated boxes and of quadrilaterals", ("arXiv:1711.10398",)
    ),
    "corner_l1": Registered("distances:CornerL1", "L1 distance of (x1, y1, x2, y2); lower is better"),
    "corner_l2": Registered(
        "distances:CornerL2", "L2 distance of (x1, y1, x2, y2); lower is better", ("arXiv:1312.2249",)
    ),
    "corner_smooth_l1": Registered(
        "distances:CornerSmoothL1", "smooth L1 of (x1, y1, x2, y2); lower is better", ("arXiv:1504.08083",)
    ),
    "centre_l1": Registered(
        "distances:CentreL1", "L1 distance of (centre x, centre y, w, h); lower is better", ("arXiv:2005.12872",)
    ),
    "centre_l2": Registered("distances:CentreL2", "L2 distance of (centre x, centre y, w, h); lower is better"),
    "centre_smooth_l1": Registered(
        "distances:CentreSmoothL1", "smooth L1 of (centre x, centre y, w, h); lower is better", ("arXiv:1504.08083",)
    ),
}
