"""What is known of each similarity: range, triangle inequality, invariances, paper.  The tests hold every entry."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

INVARIANCES = {
    "translation": "both boxes move by the same amount",
    "scale": "both boxes grow by the same factor, about any point",
    "stretch": "x grows by one factor, y by another",
    "swap": "predicted and true box change places",
    "rotation": "both boxes turn by the same angle",
}
"""Under what a similarity may keep its value.  All of them are invariant when x and y change places, or change sign."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a similarity s.

    Args:
        title: its usual short name.
        low: its infimum.
        high: its supremum.
        distance: how it turns into a distance or loss: ``1 - s``, or ``s`` where it is one.
        triangle_inequality: does that distance satisfy d(a, c) ≤ d(a, b) + d(b, c)?
            With that it is a metric on boxes with an area.
        invariances: the keys of :data:`INVARIANCES` under which it keeps its value.
        disjoint_slope: has it a non-zero slope for disjoint boxes, so that as a loss it can pull them together?
        paper: where it was proposed.
    """

    title: str
    low: float
    high: float
    distance: str
    triangle_inequality: bool
    invariances: tuple[str, ...]
    disjoint_slope: bool
    paper: str

    @property
    def higher_is_better(self) -> bool:
        """False for a distance."""
        return self.distance != "s"


_ALL = ("translation", "scale", "stretch", "swap")
_SHAPE = ("translation", "scale", "swap")
_PIXELS = ("translation", "swap")
_INFINITE = float("inf")

FACTS = {
    "iou": Facts("IoU", 0, 1, "1 - s", True, _ALL, False, "Jaccard 1901, doi:10.5169/seals-266450"),
    "crowd_iou": Facts(
        "IoU with a crowd", 0, 1, "1 - s", False, _ALL[:3], False, "COCO: Lin et al. 2014, arXiv:1405.0312"
    ),
    "alpha_iou": Facts("α-IoU, α = 3", 0, 1, "1 - s", True, _ALL, False, "He et al. 2021, arXiv:2110.13675"),
    "generalized_iou": Facts("GIoU", -1, 1, "1 - s", True, _ALL, True, "Rezatofighi et al. 2019, arXiv:1902.09630"),
    "distance_iou": Facts("DIoU", -1, 1, "1 - s", False, _SHAPE, True, "Zheng et al. 2020, arXiv:1911.08287"),
    "complete_iou": Facts("CIoU", -1.5, 1, "1 - s", False, _SHAPE, True, "Zheng et al. 2020, arXiv:1911.08287"),
    "efficient_iou": Facts("EIoU", -2.25, 1, "1 - s", False, _SHAPE, True, "Zhang et al. 2021, arXiv:2101.08158"),
    "scylla_iou": Facts(
        "SIoU", -(1 - exp(-2)) - (1 - exp(-1)) ** 4, 1, "1 - s", False, _SHAPE, True, "Gevorgyan 2022, arXiv:2205.12740"
    ),
    "normalized_wasserstein": Facts("NWD", 0, 1, "1 - s", True, _PIXELS, True, "Wang et al. 2021, arXiv:2110.13389"),
    "rotated_iou": Facts(
        "rotated IoU",
        0,
        1,
        "1 - s",
        True,
        ("translation", "scale", "swap", "rotation"),
        False,
        "DOTA: Xia et al. 2018, arXiv:1711.10398",
    ),
    "corner_l1": Facts("corner L1", 0, _INFINITE, "s", True, _PIXELS, True, "the Manhattan norm"),
    "corner_l2": Facts("corner L2", 0, _INFINITE, "s", True, _PIXELS, True, "Erhan et al. 2013, arXiv:1312.2249"),
    "corner_smooth_l1": Facts(
        "corner smooth L1", 0, _INFINITE, "s", False, _PIXELS, True, "Girshick 2015, arXiv:1504.08083"
    ),
    "centre_l1": Facts("centre L1", 0, _INFINITE, "s", True, _PIXELS, True, "Carion et al. 2020, arXiv:2005.12872"),
    "centre_l2": Facts("centre L2", 0, _INFINITE, "s", True, _PIXELS, True, "the Euclidean norm"),
    "centre_smooth_l1": Facts(
        "centre smooth L1", 0, _INFINITE, "s", False, _PIXELS, True, "Girshick 2015, arXiv:1504.08083"
    ),
}
"""By component name."""
