"""Matched parts of a data set, and the whole that they are: matching happens where the data is.

Matching asks for one image at a time, so whole images may be matched apart; what curves and resamples need of them
is a score, an image and a few bits a detection, in the smallest types that hold them.
Curves ask for one class at a time, so parts are joined a few classes at a time as well.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.identifiers import dense
from a4eval_ap_metric.matching.coco import Matches
from a4eval_ap_metric.sorting import descending_order, index_type, inverse, small_integer_order, taken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


Kept = TypeVar("Kept")
"""What is kept of some images."""
AT_ONCE = 500_000
"""Detections that are joined together, some classes of them: their columns stay in the processor's cache."""
_FEW = 4096  # scores that mostly tell of all whether they are float32


@dataclass(frozen=True, slots=True, eq=False)
class MatchedPart(Generic[Kept]):
    """Some whole images, matched.

    Args:
        units: (n_units,) ids of the images, ascending.
        classes: (k,) ids of the classes, ascending.
        class_columns: what is said of the classes, by name: (k,) text, empty where nothing is said.
        kept: what is kept of them, compact.
    """

    units: NDArray[Any]
    classes: NDArray[Any]
    class_columns: dict[str, NDArray[np.str_]]
    kept: Kept


def compact(matches: Matches) -> Matches:
    """Return the same in the smallest types, without the input rows.

    A detection takes 7 to 13 bytes, a match 11, a truth 8 and more.
    """
    unit = smallest(matches.n_units)
    return replace(
        matches,
        detection=np.zeros(0, np.int32),
        detection_unit=matches.detection_unit.astype(unit),
        detection_score=shortest(matches.detection_score),
        truth_class=matches.truth_class.astype(smallest(matches.n_classes)),
        truth_unit=matches.truth_unit.astype(unit),
        truth_row=np.zeros(0, np.int32),
        threshold=matches.threshold.astype(smallest(len(matches.parameters.thresholds))),
        position=matches.position.astype(index_type(len(matches.detection_score))),
        truth=matches.truth.astype(index_type(len(matches.truth_class))),
        rank=matches.rank.astype(smallest(int(matches.rank.max(initial=0)) + 1)),
    )


def shortest(scores: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return scores as float32, if that is exact."""
    with np.errstate(over="ignore"):  # what float32 does not hold becomes infinite, and is not equal then
        for some in (scores[:_FEW], scores):
            if not np.array_equal(some.astype(np.float32), some):
                return scores
    return scores.astype(np.float32)


def smallest(bound: int) -> Any:
    """Return the smallest type for whole numbers below *bound*; signed from 32 bits on, as indices are."""
    return next((kind for kind in (np.uint8, np.uint16, np.int32) if bound - 1 <= np.iinfo(kind).max), np.int64)


def joined(parts: Sequence[MatchedPart[Matches]], units: NDArray[Any], classes: NDArray[Any]) -> Matches:
    """Return the matches of all parts as if they had been matched together, bit for bit.

    Args:
        parts: at least one; no image is in two of them.
        units: the ids of all images, ascending.
        classes: the ids of all classes, ascending.

    Returns:
        Matches whose input rows are their places.
    """
    if len(parts) == 1 and np.array_equal(parts[0].units, units) and np.array_equal(parts[0].classes, classes):
        rows, truths = (np.arange(n) for n in (len(parts[0].kept.detection_score), len(parts[0].kept.truth_class)))
        return replace(parts[0].kept, detection=rows, truth_row=truths)
    parts = in_order_of_images(parts)
    return _joined(parts, [dense(one.units, units) for one in parts], len(units), classes)


def _joined(
    parts: Sequence[MatchedPart[Matches]], places: Sequence[NDArray[np.int32]], n_units: int, classes: NDArray[Any]
) -> Matches:
    """Return the matches of some classes, the images of each part having these *places* in the whole."""
    pieces = [_Piece.of(one, place, classes) for one, place in zip(parts, places, strict=True)]
    n_classes, parameters = len(classes), parts[0].kept.parameters
    detections = np.cumsum([0, *(len(one.score) for one in pieces)]).tolist()
    truths = np.cumsum([0, *(len(one.truth_class) for one in pieces)]).tolist()
    # a column is freed where it was asked for last: of a large class they are what memory goes to
    columns = {name: [getattr(one, name) for one in pieces] for name in _COLUMNS}
    del pieces

    def whole(name: str) -> NDArray[Any]:
        return np.concatenate(columns.pop(name))

    score, unit, of_class = whole("score"), whole("unit"), whole("detection_class")
    class_start = np.append(0, np.cumsum(np.bincount(of_class, minlength=n_classes)))
    order = joined_order(score, unit, of_class, n_classes, places)
    del of_class
    score, unit, counts_alone = taken(score, order), taken(unit, order), taken(whole("counts_alone"), order)
    place = inverse(order)
    del order
    truth_class, truth_unit = whole("truth_class"), whole("truth_unit")
    truth_order = small_integer_order(truth_class.astype(np.int64) * n_units + truth_unit, n_units * n_classes)
    truth_place = inverse(truth_order)
    moved = zip(columns.pop("position"), detections, strict=False)
    position = np.concatenate([taken(place, one.astype(np.intp) + at) for one, at in moved])
    moved = zip(columns.pop("truth"), truths, strict=False)
    truth = np.concatenate([taken(truth_place, one.astype(np.intp) + at) for one, at in moved])
    threshold, n = whole("threshold"), max(len(score), 1)
    by_key = small_integer_order(threshold.astype(np.int64) * n + position, len(parameters.thresholds) * n)
    return Matches(
        parameters=parameters,
        n_units=n_units,
        class_start=class_start,
        detection=np.arange(len(score), dtype=place.dtype),
        detection_unit=unit,
        detection_score=score,
        counts_alone=counts_alone,
        truth_class=taken(truth_class, truth_order),
        truth_unit=taken(truth_unit, truth_order),
        truth_row=np.arange(len(truth_class), dtype=truth_place.dtype),
        truth_ignored=np.concatenate(columns.pop("truth_ignored"), axis=1)[:, truth_order],
        threshold=taken(threshold, by_key),
        position=taken(position, by_key),
        truth=taken(truth, by_key),
        rank=taken(whole("rank"), by_key),
        in_area=taken(whole("in_area"), by_key),
    )


def class_blocks(
    parts: Sequence[MatchedPart[Matches]], units: NDArray[Any], classes: NDArray[Any], most: int
) -> Iterator[Callable[[], Matches]]:
    """Yield what makes what curves need of the matches of all parts, some classes at a time, in order.

    Which row, image and score a detection has is left out: where one class is most of the data, that is a third.

    Args:
        parts: as for :func:`joined`.
        units: likewise.
        classes: likewise.
        most: how many detections at a time, unless one class has more.
    """
    parts = in_order_of_images(parts)
    places = [dense(one.units, units) for one in parts]
    for block in blocks_of_classes([(one.classes, one.kept.class_start) for one in parts], classes, most):
        yield partial(_for_curves, parts, places, len(units), classes[block])


def blocks_of_classes(
    parts: Sequence[tuple[NDArray[Any], NDArray[np.intp]]], classes: NDArray[Any], most: int
) -> Iterator[slice]:
    """Yield classes that follow each other and have *most* detections together, unless one class has more.

    Args:
        parts: of each the ids of its classes, ascending, and (k + 1,) where their detections begin.
        classes: the ids of all classes, ascending.
        most: how many detections at a time.
    """
    count = np.zeros(len(classes), np.int64)
    for some, class_start in parts:
        count[dense(some, classes)] += np.diff(class_start)
    begin = held = 0
    for index, one in enumerate(count.tolist()):
        if held and held + one > most:
            yield slice(begin, index)
            begin, held = index, 0
        held += one
    yield slice(begin, len(classes))


def _for_curves(
    parts: Sequence[MatchedPart[Matches]], places: Sequence[NDArray[np.int32]], n_units: int, classes: NDArray[Any]
) -> Matches:
    nothing = np.zeros(0, np.int32)
    matches = _joined(parts, places, n_units, classes)
    return replace(matches, detection=nothing, detection_unit=nothing, detection_score=np.zeros(0, np.float32))


def in_order_of_images(parts: Sequence[MatchedPart[Kept]]) -> list[MatchedPart[Kept]]:
    """Return those parts that have images by their first one, or one part if none has."""
    with_images = [one for one in parts if len(one.units)]
    return sorted(with_images, key=lambda one: one.units[0].item()) or list(parts[:1])


def joined_order(
    score: NDArray[Any],
    unit: NDArray[Any],
    of_class: NDArray[Any],
    n_classes: int,
    places: Sequence[NDArray[np.int32]],
) -> NDArray[np.intp]:
    """Return the order (class, score descending, image, input) of rows that are in it within each part.

    Args:
        score: (n,) of the detections of one part after another.
        unit: (n,) image in the whole.
        of_class: (n,) integers from 0.
        n_classes: how many classes.
        places: of each part its images in the whole, ascending; the parts by the first of them.
    """
    if all(one[-1] < other[0] for one, other in pairwise(places)):
        order = descending_order(score)
    else:
        by_unit = np.argsort(unit, kind="stable")
        order = taken(by_unit, descending_order(taken(score, by_unit)))
    return taken(order, small_integer_order(taken(of_class, order), n_classes)) if n_classes > 1 else order


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """What a part has of some classes, with images and classes numbered as in the whole.

    Args:
        position: of the matches, from the first detection here on.
        truth: of the matches, from the first truth here on.
    """

    score: NDArray[Any]
    unit: NDArray[Any]
    detection_class: NDArray[Any]
    counts_alone: NDArray[Any]
    truth_class: NDArray[Any]
    truth_unit: NDArray[Any]
    truth_ignored: NDArray[np.bool_]
    threshold: NDArray[Any]
    position: NDArray[Any]
    truth: NDArray[Any]
    rank: NDArray[Any]
    in_area: NDArray[Any]

    @classmethod
    def of(cls, part: MatchedPart[Matches], place: NDArray[np.int32], classes: NDArray[Any]) -> _Piece:
        matches = part.kept
        known = dense(part.classes, classes)
        mine = np.flatnonzero(known >= 0)  # both are ascending, so they follow each other
        begin, end = (int(mine[0]), int(mine[-1]) + 1) if len(mine) else (0, 0)
        first, last = matches.class_start[[begin, end]].tolist()
        truth_first, truth_last = np.searchsorted(matches.truth_class, [begin, end]).tolist()
        rows = _matches_between(matches, first, last)
        return cls(
            score=matches.detection_score[first:last],
            unit=place.take(matches.detection_unit[first:last]) if last > first else np.zeros(0, np.int32),
            detection_class=np.repeat(
                known[begin:end].astype(smallest(len(classes))), np.diff(matches.class_start[begin : end + 1])
            ),
            counts_alone=matches.counts_alone[first:last],
            truth_class=known.take(matches.truth_class[truth_first:truth_last]) if len(mine) else np.zeros(0, np.int32),
            truth_unit=place.take(matches.truth_unit[truth_first:truth_last]) if len(mine) else np.zeros(0, np.int32),
            truth_ignored=matches.truth_ignored[:, truth_first:truth_last],
            threshold=_chosen(matches.threshold, rows),
            position=_chosen(matches.position, rows) - first,
            truth=_chosen(matches.truth, rows) - truth_first,
            rank=_chosen(matches.rank, rows),
            in_area=_chosen(matches.in_area, rows),
        )


_COLUMNS = tuple(one.name for one in fields(_Piece))


def _matches_between(matches: Matches, first: int, last: int) -> list[slice]:
    """Return where the matches of the positions from *first* up to *last* are: a range a threshold."""
    # of the same type as the columns, of which searchsorted would make a wider copy
    each = np.arange(len(matches.parameters.thresholds), dtype=matches.threshold.dtype)
    limits = np.array([first, last], matches.position.dtype)
    bounds = [*np.searchsorted(matches.threshold, each).tolist(), len(matches.threshold)]
    found = []
    for begin, end in pairwise(bounds):
        low, high = np.searchsorted(matches.position[begin:end], limits).tolist()
        found.append(slice(begin + low, begin + high))
    return found


def _chosen(column: NDArray[Any], rows: Sequence[slice]) -> NDArray[Any]:
    return np.concatenate([column[one] for one in rows])
