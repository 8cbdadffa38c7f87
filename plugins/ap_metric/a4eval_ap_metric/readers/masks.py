"""Outlines of COCO files as run-length encodings, checked before pycocotools' C code sees them.

C would run for ever, or read beyond its memory, on run lengths that do not fill their mask.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError, require
from a4eval_ap_metric.detections.data import MASKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_MOST_PIXELS = 2**32  # pycocotools counts them in 32 bits
_FAR = 2**20  # pixels: an outline as far away would take pycocotools gigabytes
_LONGEST = 7  # letters of 5 bits that a run of 32 bits can have


def encoded_masks(
    segmentations: Sequence[Any], sizes: Sequence[tuple[Any, Any]], what: str, *, any_size: bool = False
) -> NDArray[np.object_]:
    """Return outlines as pycocotools' compressed run-length encodings; polygons are filled by pycocotools.

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
    encoded = require("pycocotools.mask", MASKS)
    masks = np.empty(len(segmentations), object)
    in_letters = []
    for index, (shape, size) in enumerate(zip(segmentations, sizes, strict=True)):
        try:
            if isinstance(shape, dict):
                height, width = _mask_size(shape, size, any_size=any_size)
                if isinstance(shape.get("counts"), str):
                    masks[index] = {"size": [height, width], "counts": shape["counts"].encode()}
                    in_letters.append(index)
                else:
                    counts = {"size": [height, width], "counts": _run_lengths(shape.get("counts"), height * width)}
                    masks[index] = encoded.frPyObjects(counts, height, width)
            else:
                height, width = _image_size(size)
                masks[index] = encoded.merge(encoded.frPyObjects(_polygons(shape), height, width))
        except ValueError as error:
            raise DataError(f"{what}: entry {index}: segmentation: {error}") from error
    try:
        _check_letters([masks[index] for index in in_letters])
    except _WrongLettersError as error:
        raise DataError(f"{what}: entry {in_letters[error.mask]}: segmentation: counts: {error}") from error
    return masks


def _image_size(size: tuple[Any, Any]) -> tuple[int, int]:
    if any(one is None or not one > 0 for one in size):
        raise ValueError("polygons need the image's width and height, which the ground truth does not say")
    height, width = int(size[0]), int(size[1])
    if height * width >= _MOST_PIXELS:
        raise ValueError(f"got an image of {height} × {width} pixels, expected less than 2³² of them")
    return height, width


def _mask_size(shape: dict[str, Any], of_image: tuple[Any, Any], *, any_size: bool) -> tuple[int, int]:
    size = shape.get("size")
    if not isinstance(size, list) or len(size) != 2 or not all(type(one) is int and one > 0 for one in size):
        raise ValueError(f"size: got {size!r}, expected [height, width], two whole numbers above 0")
    height, width = size
    if height * width >= _MOST_PIXELS:
        raise ValueError(f"size: got {height} × {width} pixels, expected less than 2³² of them")
    known = all(one is not None and one > 0 for one in of_image)
    if known and not any_size and (height, width) != tuple(of_image):
        expected = [int(one) for one in of_image]
        raise ValueError(f"size: got [height, width] {size}, expected that of its image, {expected}")
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


class _WrongLettersError(ValueError):
    """The letters of one mask are no run lengths that fill it."""

    def __init__(self, mask: Any, cause: str) -> None:
        super().__init__(cause)
        self.mask = int(mask)


def _check_letters(masks: Sequence[dict[str, Any]]) -> None:
    """Refuse compressed masks whose letters are no run lengths that fill them.

    Source: ``rleFrString`` in cocoapi's ``maskApi.c``: 6 bits a letter from ``0`` on, of which one says that the number
    goes on; the numbers from the fourth on are differences to the one before the last.
    """
    if not masks:
        return
    texts = [one["counts"] for one in masks]
    length = np.array([len(one) for one in texts])
    letter = np.frombuffer(b"".join(texts), np.uint8).astype(np.int64) - 48
    of_mask = np.repeat(np.arange(len(texts)), length)
    odd = (letter < 0) | (letter > 63)
    if odd.any():
        place = int(np.argmax(odd))
        raise _WrongLettersError(
            of_mask[place], f"got the letter {chr(letter[place] + 48)!r}, expected one from '0' to 'o'"
        )
    last = (letter & 0x20) == 0
    ends = np.cumsum(length)
    unended = (length == 0) | ~np.append(last, True)[ends - 1]
    if unended.any():
        raise _WrongLettersError(np.argmax(unended), "they end within a run")
    end = np.flatnonzero(last)
    begin = np.append(0, end[:-1] + 1)
    if len(end) and (end - begin).max() >= _LONGEST:
        raise _WrongLettersError(of_mask[begin[np.argmax(end - begin)]], "got a run beyond 32 bits")
    place = np.arange(len(letter)) - np.repeat(begin, end - begin + 1)
    value = np.add.reduceat((letter & 0x1F) << (5 * place), begin)
    value -= np.where((letter[end] & 0x10) != 0, np.int64(1) << (5 * (end - begin + 1)), 0)
    # back from differences: running sums of every other number of a mask, from its second on
    of_run = of_mask[begin]
    first = np.searchsorted(of_run, np.arange(len(masks)))
    nth = np.arange(len(value)) - first[of_run]
    runs = value.copy()
    for parity in (1, 0):
        mine = (nth > 0) & (nth % 2 == parity)
        total = np.cumsum(np.where(mine, value, 0))
        before = np.append(0, total)[first]
        runs[mine] = (total - before[of_run])[mine]
    negative = runs < 0
    if negative.any():
        run = int(np.argmax(negative))
        raise _WrongLettersError(of_run[run], f"run {nth[run]}: got {runs[run]}, expected a number from 0 up")
    filled = np.bincount(of_run, runs, len(masks))
    pixels = np.array([math.prod(one["size"]) for one in masks])
    wrong = filled != pixels
    if wrong.any():
        mask = int(np.argmax(wrong))
        raise _WrongLettersError(
            mask, f"got runs of {int(filled[mask])} pixels in all, expected height × width = {pixels[mask]}"
        )
