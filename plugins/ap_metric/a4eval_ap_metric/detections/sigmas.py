"""How far annotators differ in where a keypoint is, in shares of the object's size, for each keypoint of a data set.

Sources: ``COCOeval`` of cocoapi; the evaluations of CrowdPose (Li et al. 2019, arXiv:1812.00324) and of COCO-WholeBody
(Jin et al. 2020, arXiv:2007.11858).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_BODY = (0.26, 0.25, 0.25, 0.35, 0.35, 0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89, 0.89)
_FEET = (0.68, 0.66, 0.66, 0.92, 0.94, 0.94)
# fmt: off
_FACE = (
    0.42, 0.43, 0.44, 0.43, 0.40, 0.35, 0.31, 0.25, 0.20, 0.23, 0.29, 0.32, 0.37, 0.38, 0.43, 0.41, 0.45,
    0.13, 0.12, 0.11, 0.11, 0.12, 0.12, 0.11, 0.11, 0.13, 0.15, 0.09, 0.07, 0.07, 0.07, 0.12, 0.09, 0.08,
    0.16, 0.10, 0.17, 0.11, 0.09, 0.11, 0.09, 0.07, 0.13, 0.08, 0.11, 0.12, 0.10, 0.34, 0.08, 0.08, 0.09,
    0.08, 0.08, 0.07, 0.10, 0.08, 0.09, 0.09, 0.09, 0.07, 0.07, 0.08, 0.11, 0.08, 0.08, 0.08, 0.10, 0.08,
)
_HAND = (
    0.29, 0.22, 0.35, 0.37, 0.47, 0.26, 0.25, 0.24, 0.35, 0.18, 0.24, 0.22, 0.26, 0.17, 0.21, 0.21, 0.32, 0.20, 0.19,
    0.22, 0.31,
)
_CROWDPOSE = (0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89, 0.89, 0.79, 0.79)
# fmt: on

SIGMAS = {
    "coco": np.array(_BODY) / 10,
    "crowdpose": np.array(_CROWDPOSE) / 10,
    "coco_wholebody": np.array((*_BODY, *_FEET, *_FACE, *_HAND, *_HAND)) / 10,
}
"""By the name of the data set: 17, 14 and 133 keypoints."""


def named_sigmas(sigmas: str | Sequence[float]) -> NDArray[np.float64]:
    """Return sigmas by the name of their data set, or as they are given.

    Args:
        sigmas: ``coco``, ``crowdpose``, ``coco_wholebody``, or (k,) numbers above 0.

    Raises:
        ValueError: the name is not known, or a number is not above 0.

    >>> len(named_sigmas("coco_wholebody")), named_sigmas([0.05, 0.1])
    (133, array([0.05, 0.1 ]))
    """
    if isinstance(sigmas, str):
        if sigmas not in SIGMAS:
            raise ValueError(f"sigmas: got {sigmas!r}, expected {', '.join(SIGMAS)}, or a list of numbers")
        return SIGMAS[sigmas]
    given = np.array(sigmas, np.float64)
    if not len(given) or not (np.isfinite(given) & (given > 0)).all():
        raise ValueError(f"sigmas: got {list(sigmas)}, expected numbers above 0, one for each keypoint")
    return given
