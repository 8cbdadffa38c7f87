"""Doubts about detections and ground truth: errors for what cannot be meant, warnings for what hardly is.

The behaviours are listed in ``docs/detection-input.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

NO_TRUTH = "there is no ground truth: what it is compared with is undefined"
NO_DETECTIONS = "there are no detections: nothing is found"
_ENOUGH = 20  # boxes, before their statistics are evidence
_NEARLY_ALL = 0.98
_MANY = 0.25
_LARGEST = 1e150  # of a box: an area could be infinite beyond
_CHUNK = 1 << 13  # rows that are mixed at a time, within the cache


class CheckedBatch(dict[str, Any]):
    """A detection batch that :func:`refuse_impossible` let pass, so that nobody need look again.

    >>> batch = CheckedBatch({"detection_score": np.array([0.5])})
    >>> batch.unchanged
    True
    >>> batch["detection_score"] = np.array([np.nan])
    >>> batch.unchanged
    False
    """

    def __init__(self, batch: Mapping[str, Any]) -> None:
        super().__init__(batch)
        self._as_checked = dict(batch)

    @property
    def unchanged(self) -> bool:
        """Whether its columns are those that were checked."""
        checked = self._as_checked
        return self.keys() == checked.keys() and all(self[name] is column for name, column in checked.items())


def refuse_impossible(
    batch: Mapping[str, NDArray[Any]], names: Mapping[str, str | Sequence[str]] | None = None
) -> None:
    """Refuse what has no meaning as a box or a score.

    Args:
        batch: a detection batch.
        names: what to call ``truth`` and ``detection`` in the message, such as their files; or where each entry stands.

    Raises:
        DataError: a box, score, area or image size is NaN or infinite, a box so large that its area may be, or a size
            negative; the text names the entry.
    """
    for side in ("width", "height"):
        size = batch.get(f"unit_{side}", np.zeros(0))
        if (size <= 0).any() or np.isinf(size).any():
            row = int(np.argmax((size <= 0) | np.isinf(size)))
            raise DataError(f"image {batch['unit'][row]}: {side} {size[row]:g}, expected a number of pixels above 0")
    for side in ("truth", "detection"):
        box = batch[f"{side}_box"]
        if not (box.min(initial=0) >= -_LARGEST and box.max(initial=0) <= _LARGEST):
            row = int(np.argmin((np.abs(box) <= _LARGEST).all(axis=1)))
            wrong = "holds a number beyond 1e150" if np.isfinite(box[row]).all() else "is not finite"
            raise DataError(f"{entry(side, row, names)}: bbox {box[row].tolist()} {wrong}")
        if len(box) and min(box[:, 2].min(), box[:, 3].min()) < 0:
            row = int(np.argmax((box[:, 2:] < 0).any(axis=1)))
            raise DataError(
                f"{entry(side, row, names)}: bbox {box[row].tolist()} has a negative width or height; "
                "expected x, y, width, height in pixels"
            )
    area = batch["truth_area"]
    if not (np.isfinite(area) & (area >= 0)).all():
        row = int(np.argmax(~(np.isfinite(area) & (area >= 0))))
        raise DataError(f"{entry('truth', row, names)}: area {area[row]:g}, expected a number from 0 up")
    score = batch["detection_score"]
    if not np.isfinite(score).all():
        row = int(np.argmax(~np.isfinite(score)))
        raise DataError(f"{entry('detection', row, names)}: score {score[row]} is not finite")


def entry(side: str, row: int, names: Mapping[str, str | Sequence[str]] | None) -> str:
    """Return what to call an entry of one side: where it stands, if *names* says it of each."""
    name = (names or {}).get(side, side)
    return f"{name}: entry {row}" if isinstance(name, str) else name[row]


def doubts(batch: Mapping[str, NDArray[Any]]) -> list[str]:
    """Return warnings about what is possible but hardly meant.

    Args:
        batch: a detection batch; with ``class``, detections of other classes are noted, and with ``unit_width`` and
            ``unit_height``, in pixels, boxes outside their image.
    """
    found = []
    for side, word in (("truth", "ground-truth box"), ("detection", "detection")):
        box = batch[f"{side}_box"]
        empty = int(np.count_nonzero((box[:, 2] == 0) | (box[:, 3] == 0)))
        if empty:
            found.append(f"{counted(empty, word)} without width or height, which nothing overlaps")
    for doubt in (_nothing, _classes_of_one_name, _outside_scores, _strange_classes, _repeated, _corners, _relative):
        found += doubt(batch)
    return found


def _nothing(batch: Mapping[str, NDArray[Any]]) -> list[str]:
    found = []
    if not len(batch["truth_unit"]):
        found.append(NO_TRUTH)
    if not len(batch["detection_unit"]):
        found.append(NO_DETECTIONS)
    return found


def _classes_of_one_name(batch: Mapping[str, NDArray[Any]]) -> list[str]:
    names, count = np.unique(batch.get("class_name", np.zeros(0, np.str_)), return_counts=True)
    shared = names[count > 1]
    return [f"several classes are named {str(shared[0])!r}: they are evaluated apart"] if len(shared) else []


def _outside_scores(batch: Mapping[str, NDArray[Any]]) -> list[str]:
    score = batch["detection_score"]
    if len(score) and not (score.min() >= 0 and score.max() <= 1):
        return [f"scores lie between {score.min():g} and {score.max():g}, not in [0, 1]: only their order is used"]
    return []


def _strange_classes(batch: Mapping[str, NDArray[Any]]) -> list[str]:
    if "class" not in batch or not len(batch["detection_class"]):
        return []
    strange = ~np.isin(batch["detection_class"], batch["class"])
    if not strange.any():
        return []
    ids = np.unique(batch["detection_class"][strange])
    shown = ", ".join(str(one) for one in ids[:5]) + (", …" if len(ids) > 5 else "")
    return [f"{counted(int(strange.sum()), 'detection')} of classes the ground truth does not know: {shown}"]


def _repeated(batch: Mapping[str, NDArray[Any]]) -> list[str]:
    columns = [batch["detection_unit"], batch["detection_class"], batch["detection_score"], *batch["detection_box"].T]
    mixed = _mixed(columns)
    ordered = np.sort(mixed)
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(again):
        return []
    # rows that agree in the mix, compared for certain
    suspects = np.flatnonzero(np.isin(mixed, again))
    rows = {tuple(column[row].item() for column in columns) for row in suspects}
    repeats = len(suspects) - len(rows)
    return [f"{counted(repeats, 'detection')} exactly like another: each repeat is a false positive"] if repeats else []


def _mixed(columns: list[NDArray[Any]]) -> NDArray[np.uint64]:
    """Return a 64-bit mix of each row: equal rows have equal ones, and others hardly ever."""
    numbers = [one if one.dtype.kind in "iubf" else np.unique(one, return_inverse=True)[1] for one in columns]
    mixed = np.zeros(len(columns[0]), np.uint64)
    for start in range(0, len(mixed), _CHUNK):
        part = mixed[start : start + _CHUNK]
        for column in numbers:
            values = column[start : start + _CHUNK]
            if values.dtype.kind == "f":
                part ^= (values + 0.0).astype(np.float64, copy=False).view(np.uint64)  # -0.0 is 0.0
            else:
                part ^= values.astype(np.uint64)
            part *= np.uint64(0x9E3779B97F4A7C15)
            part ^= part >> np.uint64(32)
    return mixed


def _corners(batch: Mapping[str, NDArray[Any]]) -> list[str]:
    """Look for boxes given as x1, y1, x2, y2: their "size" is beyond their corner, and they leave the picture."""
    found = []
    truth = batch["truth_box"]
    for side, word in (("truth", "ground truth"), ("detection", "detections")):
        box = batch[f"{side}_box"]
        if len(box) < _ENOUGH:
            continue
        beyond = float(np.mean((box[:, 2] >= box[:, 0]) & (box[:, 3] >= box[:, 1])))
        if beyond < _NEARLY_ALL:
            continue
        far = box[:, :2] + box[:, 2:]
        sizes = np.stack([batch[name] for name in ("unit_width", "unit_height") if name in batch] or [np.zeros(0)], 1)
        if sizes.shape[1] == 2 and (sizes > 0).all():
            limit, of_what = sizes[batch[f"{side}_unit"]], "their image"
        elif side == "detection" and len(truth):
            limit, of_what = (truth[:, :2] + truth[:, 2:]).max(axis=0)[None], "all ground truth"
        else:
            continue
        outside = float(np.mean((far > 1.02 * limit + 1).any(axis=1)))
        if outside >= _MANY:
            found.append(
                f"the {word} look like x1, y1, x2, y2 given as x, y, width, height: in {beyond:.0%} the width and "
                f"height are at least x and y, and {outside:.0%} reach beyond {of_what}"
            )
    return found


_RELATIVE = 1.02  # how far a box reaches that is given in shares of its image
_PIXELS = 4 * _RELATIVE
_LOOKED_AT = 10_000  # boxes


def _relative(batch: Mapping[str, NDArray[Any]]) -> list[str]:
    """Look for boxes given as shares of their image where others are given in pixels."""
    reach = {}
    for side in ("truth", "detection"):
        box = batch[f"{side}_box"]
        box = box[:: max(1, len(box) // _LOOKED_AT)]
        box = box[np.isfinite(box).all(axis=1)]
        reach[side] = (box[:, :2] + box[:, 2:]).max(axis=1, initial=0)
    words = {"truth": "ground-truth boxes", "detection": "detections"}
    for side, other in (("detection", "truth"), ("truth", "detection")):
        mine, theirs = reach[side], reach[other]
        if not len(mine) or not len(theirs):
            continue
        if np.mean(mine <= _RELATIVE) >= _NEARLY_ALL and np.mean(theirs > _PIXELS) >= _NEARLY_ALL:
            return [
                f"the {words[side]} look like shares of their image: they reach {mine.max():g}, where the "
                f"{words[other]} reach {theirs.max():g} pixels"
            ]
    return []
