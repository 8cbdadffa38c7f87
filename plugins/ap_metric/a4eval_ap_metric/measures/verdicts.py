"""What is wrong with the detections of parts of a data set, and of the whole that they are.

The kind of an error is decided within its image, so whole images may be judged apart; what it costs is not, and needs
of each detection its score, its image, its kind and the class in which it would be right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.identifiers import dense
from a4eval_ap_metric.matching.joined import (
    AT_ONCE,
    MatchedPart,
    blocks_of_classes,
    in_order_of_images,
    joined_order,
    shortest,
    smallest,
)
from a4eval_ap_metric.measures.errors import CLASS, RIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from a4eval_ap_metric.detections.data import DetectionData
    from a4eval_ap_metric.measures.errors import Errors


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """Detections in the order (class, score descending, image, input), and how many truths there are.

    Args:
        class_start: (k + 1,) where the detections of each class begin.
        unit: (n,) image.
        score: (n,) float64, or float32 where that is exact.
        kind: (n,) uint8, a place in :data:`a4eval_ap_metric.measures.errors.KINDS`, or ``RIGHT``.
        right_class: (n,) class in which a detection is right once it is mended, a number above all classes where it
            cannot be.
        truths: (k,) how many truths count.
        missed: (k,) how many of them were missed.
    """

    class_start: NDArray[np.intp]
    unit: NDArray[np.integer[Any]]
    score: NDArray[np.floating[Any]]
    kind: NDArray[np.uint8]
    right_class: NDArray[np.integer[Any]]
    truths: NDArray[np.intp]
    missed: NDArray[np.intp]

    @property
    def detection_class(self) -> NDArray[np.integer[Any]]:
        """(n,) class of each detection."""
        n = len(self.truths)
        return np.repeat(np.arange(n, dtype=smallest(n)), np.diff(self.class_start))

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n,) bool: true positives."""
        right: NDArray[np.bool_] = self.kind == RIGHT
        return right

    def chosen(self, rows: NDArray[np.intp]) -> Verdicts:
        """Return those of some detections.

        Args:
            rows: ascending.
        """
        columns = {name: getattr(self, name)[rows] for name in _COLUMNS}
        return replace(self, class_start=np.searchsorted(rows, self.class_start), **columns)


_COLUMNS = ("unit", "score", "kind", "right_class")


def verdicts_of(data: DetectionData, errors: Errors) -> Verdicts:
    """Return in the smallest types what is needed of errors: 7 to 15 bytes a detection.

    Args:
        data: ground truth and detections.
        errors: of the same data.
    """
    found, n = errors.found, data.n_classes
    right_class = np.full(len(errors.kind), n, smallest(n + 1))
    right_class[errors.winner] = data.truth_class[errors.target[errors.winner]]
    return Verdicts(
        class_start=np.searchsorted(found.detection_class, np.arange(n + 1)),
        unit=found.unit.astype(smallest(data.n_units)),
        score=shortest(found.score),
        kind=errors.kind,
        right_class=right_class,
        truths=found.n_truth(n),
        missed=np.bincount(data.truth_class[errors.missed], minlength=n),
    )


def verdict_blocks(
    parts: Sequence[MatchedPart[Verdicts]], units: NDArray[Any], classes: NDArray[Any]
) -> Iterator[tuple[slice, Verdicts, NDArray[np.intp]]]:
    """Yield the verdicts of all parts as if their images had been judged together, bit for bit, some classes at a time.

    Args:
        parts: at least one; no image is in two of them.
        units: the ids of all images, ascending.
        classes: the ids of all classes, ascending.

    Yields:
        Which classes they are; the verdicts, whose ``right_class`` is a place among all classes nevertheless; and
        (n,) where each stood, the parts by their first image one after another.
    """
    parts = in_order_of_images(parts)
    places = [dense(one.units, units) for one in parts]
    starts = [(one.classes, one.kept.class_start) for one in parts]
    for block in blocks_of_classes(starts, classes, AT_ONCE):
        yield block, *_joined(parts, places, classes, block)


def _joined(
    parts: Sequence[MatchedPart[Verdicts]], places: Sequence[NDArray[np.int32]], classes: NDArray[Any], block: slice
) -> tuple[Verdicts, NDArray[np.intp]]:
    """Return the verdicts on some classes, the images of each part having these *places* in the whole."""
    n, some = len(classes), classes[block]
    columns: dict[str, list[NDArray[Any]]] = {name: [] for name in (*_COLUMNS, "detection_class")}
    truths, missed = np.zeros((2, len(some)), np.intp)
    for part, place in zip(parts, places, strict=True):
        one, known = part.kept, dense(part.classes, some)
        begin, end = _chosen_classes(known)
        mine, rows = slice(begin, end), slice(*one.class_start[[begin, end]].tolist())
        of_class = known[begin:end].astype(smallest(len(some)))
        right_class = np.append(dense(part.classes, classes), n).astype(smallest(n + 1))
        columns["unit"].append(place.take(one.unit[rows]) if len(place) else place)
        columns["score"].append(one.score[rows])
        columns["kind"].append(one.kind[rows])
        columns["right_class"].append(right_class.take(one.right_class[rows]))
        columns["detection_class"].append(np.repeat(of_class, np.diff(one.class_start[begin : end + 1])))
        truths[known[mine]] += one.truths[mine]
        missed[known[mine]] += one.missed[mine]
    whole = {name: np.concatenate(column) for name, column in columns.items()}
    of_class = whole.pop("detection_class")
    order = joined_order(whole["score"], whole["unit"], of_class, len(some), places)
    class_start = np.append(0, np.cumsum(np.bincount(of_class, minlength=len(some))))
    columns_in_order = {name: column[order] for name, column in whole.items()}
    return Verdicts(class_start, **columns_in_order, truths=truths, missed=missed), order


def rows_of_classes(part: MatchedPart[Verdicts], some: NDArray[Any]) -> slice:
    """Return which detections of a part are of classes that follow each other.

    Args:
        part: the part.
        some: the ids of the classes, ascending.
    """
    begin, end = _chosen_classes(dense(part.classes, some))
    return slice(int(part.kept.class_start[begin]), int(part.kept.class_start[end]))


def _chosen_classes(known: NDArray[np.int32]) -> tuple[int, int]:
    """Return the first and the one after the last of the classes that are known, which follow each other."""
    mine = np.flatnonzero(known >= 0)
    return (int(mine[0]), int(mine[-1]) + 1) if len(mine) else (0, 0)


def arriving_rows(found: Verdicts) -> NDArray[np.intp]:
    """Return which detections are right in another class."""
    return np.flatnonzero((found.kind == CLASS) & (found.right_class < len(found.truths)))


def arrivals_of(
    parts: Sequence[MatchedPart[Verdicts]], units: NDArray[Any], classes: NDArray[Any]
) -> tuple[Verdicts, NDArray[np.intp]]:
    """Return the detections of all parts that are right in another class, and where each stood among them."""
    some = [replace(part, kept=part.kept.chosen(arriving_rows(part.kept))) for part in in_order_of_images(parts)]
    return _joined(some, [dense(one.units, units) for one in some], classes, slice(None))
