"""What pycocotools prints, to the letter, and its statistics, which it computes as it prints them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def say(text: str) -> None:
    """Print a line as ``print`` does; what a terminal would take for a command is spelt out."""
    shown = "".join(one if one.isprintable() or one in "\n\t" else ascii(one)[1:-1] for one in text)
    sys.stdout.write(f"{shown}\n")


class _Line(NamedTuple):
    """One statistic.

    Args:
        of: what it is the mean of.
        threshold: the one threshold; None for all.
        area: label of the area range.
        maximum: which of ``maxDets``; None for 100, which pycocotools has for its first line whatever ``maxDets`` are.
    """

    of: str
    threshold: float | None = None
    area: str = "all"
    maximum: int | None = 2


_DETECTIONS = (
    _Line("precision", maximum=None),
    _Line("precision", 0.5),
    _Line("precision", 0.75),
    *(_Line("precision", area=one) for one in ("small", "medium", "large")),
    *(_Line("recall", maximum=one) for one in (0, 1, 2)),
    *(_Line("recall", area=one) for one in ("small", "medium", "large")),
)
_OF_EACH = (None, 0.5, 0.75)
_KEYPOINTS = tuple(
    line
    for of in ("precision", "recall")
    for line in (*(_Line(of, one) for one in _OF_EACH), *(_Line(of, area=one) for one in ("medium", "large")))
)
_OF_KEYPOINTS = 20  # detections an image, whatever maxDets are


def summarized(params: Any, arrays: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Print pycocotools' summary and return its numbers, (12,) or for keypoints (10,).

    Args:
        params: as pycocotools' ``Params``.
        arrays: ``precision`` and ``recall`` as in ``COCOeval.eval``.

    Source: ``COCOeval.summarize`` in cocoapi.
    """
    keypoints = params.iouType == "keypoints"
    values = []
    for line in _KEYPOINTS if keypoints else _DETECTIONS:
        most = 100 if line.maximum is None else _OF_KEYPOINTS if keypoints else params.maxDets[line.maximum]
        areas = [index for index, one in enumerate(params.areaRngLbl) if one == line.area]
        maxima = [index for index, one in enumerate(params.maxDets) if one == most]
        table = arrays[line.of]
        if line.threshold is None:
            over = f"{params.iouThrs[0]:0.2f}:{params.iouThrs[-1]:0.2f}"
        else:
            over = f"{line.threshold:0.2f}"
            table = table[np.flatnonzero(np.asarray(params.iouThrs) == line.threshold)]
        table = table[..., areas, maxima]
        defined = table[table > -1]
        value = float(np.mean(defined)) if len(defined) else -1
        values.append(value)
        title, short = ("Average Precision", "(AP)") if line.of == "precision" else ("Average Recall", "(AR)")
        say(f" {title:<18} {short} @[ IoU={over:<9} | area={line.area:>6s} | maxDets={most:>3d} ] = {value:0.3f}")
    return np.array(values, np.float64)
