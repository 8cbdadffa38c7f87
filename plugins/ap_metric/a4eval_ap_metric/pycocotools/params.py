"""``Params``: what an evaluation is asked for, under pycocotools' names."""

from __future__ import annotations

from typing import Any

import numpy as np

from a4eval_ap_metric.detections.sigmas import SIGMAS

_SMALL, _LARGE, _ALL = 32**2, 96**2, 1e5**2
_AREAS: dict[str, list[float]] = {
    "all": [0, _ALL],
    "small": [0, _SMALL],
    "medium": [_SMALL, _LARGE],
    "large": [_LARGE, _ALL],
}


class Params:
    """The parameters of an evaluation, pycocotools' own by default.

    Args:
        iouType: ``segm``, ``bbox`` or ``keypoints``.
    """

    def __init__(self, iouType: str = "segm") -> None:
        if iouType not in ("segm", "bbox", "keypoints"):
            raise ValueError(f"iouType: got {iouType!r}, expected segm, bbox or keypoints")
        self.iouType = iouType
        self.useSegm: Any = None
        if iouType == "keypoints":
            self.setKpParams()
        else:
            self.setDetParams()

    def setDetParams(self) -> None:
        """Set those of boxes and masks."""
        self.imgIds: Any = []
        self.catIds: Any = []
        self.iouThrs: Any = np.linspace(0.5, 0.95, 10)
        self.recThrs: Any = np.linspace(0.0, 1.0, 101)
        self.maxDets: Any = [1, 10, 100]
        self.areaRng: Any = [list(one) for one in _AREAS.values()]
        self.areaRngLbl: Any = list(_AREAS)
        self.useCats: Any = 1

    def setKpParams(self) -> None:
        """Set those of keypoints."""
        self.setDetParams()
        self.maxDets = [20]
        del self.areaRng[1], self.areaRngLbl[1]
        self.kpt_oks_sigmas: Any = SIGMAS["coco"].copy()
