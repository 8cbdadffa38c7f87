"""Outlines of COCO files as run-length encodings, checked before pycocotools' C code sees them.

C would run for ever, or read beyond its memory, on run lengths that do not fill their mask.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from a4eval import DataError, require
from a4eval_ap_metric.detections.data import MASKS
from a4eval_ap_metric.detections.run_lengths import WrongLettersError, areas, boxes, run_lengths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_MOST_PIXELS = 2**32  # pycocotools counts them in 32 bits
_FAR = 2**20  # pixels: an outline as far away would take pycocotools gigabytes
_AT_ONCE = 1000  # masks whose runs are decoded together: they stay in the cache


class Masks(NamedTuple):
    """Outlines, and what follows from them.

    Args:
        encoded: (n,) pycocotools' compressed run-length encodings.
        area: (n,) float64, pixels.
        box: (n, 4) float64 xywh, pixels.
    """

    encoded: NDArray[np.object_]
    area: NDArray[np.float64]
    box: NDArray[np.float64]


def read_masks(
    segmentations: Sequence[Any], sizes: Sequence[tuple[Any, Any]], what: str, *, any_size: bool = False
) -> Masks:
    """Return outlines as masks; polygons are filled by pycocotools.

    Args:
        segmentations: (n,) polygons, a list of x, y, x, y, … each, or ``{"size": [height, width], "counts": …}`` with
            run lengths as a list or as COCO's letters.
        sizes: (n,) height and width of the images, None where they are not known.
        what: what to call the entries in messages, such as their file.
        any_size: take masks of another size than their image; pycocotools lets them overlap nothing.

    Raises:
        DataError: an outline is not what it should be; the text names the entry and the cause.
        MissingExtraError: pycocotools is not installed.
    """
    masks = np.empty(len(segmentations), object)
    for index, (shape, size) in enumerate(zip(segmentations, sizes, strict=True)):
        try:
            masks[index] = _encoded(shape, size, any_size=any_size)
        except ValueError as error:
            raise DataError(f"{what}: entry {index}: segmentation: {error}") from error
    area, box = np.zeros(len(masks)), np.zeros((len(masks), 4))
    height, width = np.array([one["size"] for one in masks], np.int64).reshape(-1, 2).T
    by_height = np.argsort(height, kind="stable")
    for group in np.split(by_height, np.flatnonzero(np.diff(height[by_height])) + 1):
        for begin in range(0, len(group), _AT_ONCE):
            some = group[begin : begin + _AT_ONCE]
            try:
                runs = run_lengths([one["counts"] for one in masks[some]], (height * width)[some])
            except WrongLettersError as error:
                raise DataError(f"{what}: entry {some[error.mask]}: segmentation: counts: {error}") from error
            area[some], box[some] = areas(runs), boxes(runs, int(height[some[0]]))
    return Masks(masks, area, box)


def _encoded(shape: Any, size: tuple[Any, Any], *, any_size: bool) -> dict[str, Any]:
    """Return an outline as pycocotools has it; letters are taken as they are."""
    if not isinstance(shape, dict):
        height, width = _image_size(size)
        encoded = require("pycocotools.mask", MASKS)
        merged: dict[str, Any] = encoded.merge(encoded.frPyObjects(_polygons(shape), height, width))
        return merged
    height, width = _mask_size(shape, size, any_size=any_size)
    counts = shape.get("counts")
    if isinstance(counts, str):
        return {"size": [height, width], "counts": counts.encode()}
    whole = {"size": [height, width], "counts": _run_lengths(counts, height * width)}
    encoding: dict[str, Any] = require("pycocotools.mask", MASKS).frPyObjects(whole, height, width)
    return encoding


def _image_size(size: tuple[Any, Any]) -> tuple[int, int]:
    if any(one is None or not one > 0 for one in size):
        raise ValueError("polygons need the image's width and height, which the ground truth does not say")
    height, width = int(size[0]), int(size[1])
    if height * width >= _MOST_PIXELS:
        raise ValueError(f"got an image of {height} × {width} pixels, expected less than 2³² of them")
    return height, width


def _mask_size(shape: dict[str, Any], of_image: tuple[Any, Any], *, any_size: bool) -> tuple[int, int]:
    size = shape.get("size")
    if not isinstance(size, list) or len(size) != 2 or not (type(size[0]) is type(size[1]) is int):
        raise ValueError(f"size: got {size!r}, expected [height, width], two whole numbers above 0")
    return _checked_size(*size, None if any_size else of_image)


@lru_cache
def _checked_size(height: int, width: int, of_image: tuple[Any, Any] | None) -> tuple[int, int]:
    if height <= 0 or width <= 0:
        raise ValueError(f"size: got {[height, width]}, expected [height, width], two whole numbers above 0")
    if height * width >= _MOST_PIXELS:
        raise ValueError(f"size: got {height} × {width} pixels, expected less than 2³² of them")
    known = of_image is not None and all(one is not None and one > 0 for one in of_image)
    if known and (height, width) != of_image:
        expected = [int(one) for one in of_image or ()]
        raise ValueError(f"size: got [height, width] {[height, width]}, expected that of its image, {expected}")
    return height, width


def _run_lengths(counts: Any, n_pixels: int) -> list[int]:
    if not isinstance(counts, list):
        got = _shown(counts)
        raise ValueError(f"counts: got {got}, expected a list of run lengths, or their letters")  # noqa: TRY004  (a file's)
    for place, one in enumerate(counts):
        if type(one) is not int or one < 0:
            raise ValueError(f"counts: run {place}: got {one!r}, expected a whole number from 0 up")
    if sum(counts) != n_pixels:
        raise ValueError(f"counts: got runs of {sum(counts)} pixels in all, expected height × width = {n_pixels}")
    return counts


def _polygons(shape: Any) -> list[list[float]]:
    if not isinstance(shape, list) or not shape:
        raise ValueError(f"got {_shown(shape)}, expected polygons or run lengths")
    for place, polygon in enumerate(shape):
        if not isinstance(polygon, list):
            got = _shown(shape)
            raise ValueError(f"got {got}, expected a list of polygons, each x, y, x, y, …")  # noqa: TRY004  (a file's)
        if len(polygon) < 6 or len(polygon) % 2:
            raise ValueError(
                f"polygon {place}: got {len(polygon)} numbers, expected x, y of at least three points: an even number "
                "from 6 up"
            )
        for one in polygon:
            if type(one) not in (int, float) or not math.isfinite(one) or abs(one) > _FAR:
                raise ValueError(f"polygon {place}: got {one!r}, expected a number of pixels")
    return shape


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
