"""Examined parts of a data set and the whole that they are: what each error costs, which all images decide together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.identifiers import dense
from a4eval_ap_metric.matching.joined import MatchedPart, in_order_of_images
from a4eval_ap_metric.measures.error_costs import error_costs
from a4eval_ap_metric.measures.errors import KINDS
from a4eval_ap_metric.metrics.marks import FALSE, HIT, IGNORED, Marked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from a4eval_ap_metric.measures.worst import Values
    from a4eval_ap_metric.metrics.examined import Examined


class ExaminedWhole:
    """All images; they and their classes are numbered by their ids, so that it does not matter how they came.

    Args:
        parts: at least one; no image is in two of them.
        units: the ids of all images, ascending.
        classes: the ids of all classes, ascending.
        names: of the classes, and last what stands for none.
    """

    def __init__(
        self,
        parts: Sequence[MatchedPart[Examined]],
        units: NDArray[Any],
        classes: NDArray[Any],
        names: Sequence[str],
    ) -> None:
        self.names = names
        self._parts, self._units, self._classes = in_order_of_images(parts), units, classes
        verdicts = [MatchedPart(one.units, one.classes, {}, one.kept.verdicts) for one in self._parts]
        self._costs = error_costs(verdicts, units, classes)
        n = len(classes)
        # a class among all, that of none and that of what has no place
        self._class = [np.append(dense(one.classes, classes), [n, n + 1]).astype(np.int32) for one in self._parts]
        self._unit = [dense(one.units, units) for one in self._parts]

    def errors(self) -> tuple[NDArray[np.int32], NDArray[np.float64], dict[str, Values]]:
        """Return image and cost of each error and its kind, class and confusion, −1 for none, with their names."""
        names = self.names
        columns: list[list[NDArray[Any]]] = [[], [], [], [], []]
        for part, unit, known, cost in zip(self._parts, self._unit, self._class, self._costs.detection, strict=True):
            found, verdicts = part.kept, part.kept.verdicts
            missed, wrong = np.flatnonzero(found.truth_missed), np.flatnonzero(~verdicts.right)
            own, others = known[found.truth_class[missed]], known[verdicts.detection_class[wrong]]
            detected, truth = known[found.truth_detected[missed]], known[found.detection_truth[wrong]]
            kind = np.append(np.full(len(missed), len(KINDS) - 1, np.uint8), verdicts.kind[wrong])
            of_class = np.append(own, others)
            cells = np.append(self._cell(own, detected), self._cell(truth, others))
            units = np.append(found.truth_unit[missed], verdicts.unit[wrong])
            costs = np.append(self._costs.worth[own], cost[wrong])
            values: tuple[NDArray[Any], ...] = (unit[units], costs, kind, of_class, cells)
            for column, value in zip(columns, values, strict=True):
                column.append(value)
        unit, cost, kind, of_class, cell = (np.concatenate(one) for one in columns)

        def confusion(cell: int) -> str:
            truth, detected = divmod(cell, len(names))
            if detected == len(names) - 1:
                return f"{names[truth]} missed"
            where = "where nothing is" if truth == len(names) - 1 else f"in place of {names[truth]}"
            return f"{names[detected]} {where}"

        groups: dict[str, Values] = {
            "error": (kind.astype(np.int8), KINDS.__getitem__),
            "class": (of_class, names.__getitem__),
            "confusion": (cell, confusion),
        }
        return unit, cost, groups

    def _cell(self, truth: NDArray[np.int32], detected: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the places of cells in the confusion matrix, −1 for what has none or is not confused."""
        n = len(self._classes)
        some = (np.maximum(truth, detected) <= n) & (truth != detected)
        return np.where(some, truth.astype(np.int64) * (n + 1) + detected, -1)

    def _where(self, image: int) -> tuple[int, int]:
        """Return the part in which an image is, and its place there."""
        place = [int(np.searchsorted(one, image)) for one in self._unit]
        return next(
            (index, at)
            for index, (at, units) in enumerate(zip(place, self._unit, strict=True))
            if at < len(units) and units[at] == image
        )

    def file_and_size(self, image: int) -> tuple[str, tuple[float, float]]:
        """Return the path of an image, empty if it is not known, and its width and height."""
        index, place = self._where(image)
        found = self._parts[index].kept
        return found.file[place], (float(found.size[place, 0]), float(found.size[place, 1]))

    @property
    def truths(self) -> dict[str, NDArray[Any]]:
        """Of all truths by image: unit, class (its id), box, crowd, outcome and worth; and ``id`` of the images."""
        parts = [one.kept for one in self._parts]
        unit = np.concatenate([at[one.truth_unit] for at, one in zip(self._unit, parts, strict=True)])
        of_class = np.concatenate([at[one.truth_class] for at, one in zip(self._class, parts, strict=True)])
        order = np.argsort(unit, kind="stable")
        columns = {
            name: np.concatenate([getattr(one, f"truth_{name}") for one in parts])[order]
            for name in ("box", "crowd", "outcome")
        }
        of_class = of_class[order]
        return {
            "id": self._units,
            "unit": unit[order],
            "class": self._classes[of_class],
            "worth": self._costs.worth[of_class],
            **columns,
        }

    def sides(self, image: int) -> tuple[Marked, Marked]:
        """Return the truths and the detections of an image."""
        index, place = self._where(image)
        found, known = self._parts[index].kept, self._class[index]
        return _truths(found, place, known, self._costs.worth), _detections(
            found, place, known, self._costs.detection[index]
        )


def _truths(found: Examined, image: int, known: NDArray[np.int32], worth: NDArray[np.float64]) -> Marked:
    """Return the truths of an image of a part, whose classes are *known* among all."""
    row = np.flatnonzero(found.truth_unit == image)
    of_class = known[found.truth_class[row]]
    missed = found.truth_missed[row]
    return Marked(
        of_class=of_class,
        other=known[found.truth_detected[row]],
        outcome=found.truth_outcome[row],
        kind=np.where(missed, len(KINDS) - 1, len(KINDS)),
        cost=np.where(missed, worth[of_class], 0.0),
        score=None,
        box=found.truth_box[row],
        mask=found.masks["truth_mask"][row] if "truth_mask" in found.masks else None,
    )


def _detections(found: Examined, image: int, known: NDArray[np.int32], cost: NDArray[np.float64]) -> Marked:
    """Return the detections of an image of a part, whose classes are *known* among all."""
    verdicts = found.verdicts
    row, ignored = np.flatnonzero(verdicts.unit == image), np.flatnonzero(found.ignored_unit == image)
    every, none = np.append(row, ignored + len(verdicts.unit)), np.zeros(len(ignored), np.intp)
    of_class = np.searchsorted(verdicts.class_start, row, "right") - 1
    right = verdicts.right[row]
    return Marked(
        of_class=known[np.append(of_class, found.ignored_class[ignored])],
        other=known[found.detection_truth[every]],
        outcome=np.append(np.where(right, HIT, FALSE), none + IGNORED),
        kind=np.append(np.where(right, len(KINDS), verdicts.kind[row]), none + len(KINDS)),
        cost=np.append(cost[row], none),
        score=np.append(verdicts.score[row].astype(np.float64), found.ignored_score[ignored]),
        box=found.detection_box[every],
        mask=found.masks["detection_mask"][every] if "detection_mask" in found.masks else None,
    )
