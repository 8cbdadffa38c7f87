"""What became of the detections of parts of a data set, and of the whole that they are."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.identifiers import dense
from a4eval_ap_metric.matching.joined import MatchedPart, smallest
from a4eval_ap_metric.matching.outcomes import Outcomes
from a4eval_ap_metric.sorting import descending_order, small_integer_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData


def compact_outcomes(found: Sequence[Outcomes], data: DetectionData) -> tuple[Outcomes, ...]:
    """Return outcomes of the same images at several thresholds in the smallest types, without the input rows.

    A detection takes 12 to 18 bytes, of which all but two are shared between thresholds that consider the same ones.
    """
    small: list[Outcomes] = []
    for one in found:
        new = replace(
            one,
            detection=np.zeros(0, np.intp),
            detection_class=one.detection_class.astype(smallest(data.n_classes)),
            unit=one.unit.astype(smallest(data.n_units)),
            truth_class=one.truth_class.astype(smallest(data.n_classes)),
            truth_unit=one.truth_unit.astype(smallest(data.n_units)),
        )
        small.append(_sharing(new, small[-1]) if small else new)
    return tuple(small)


def _sharing(one: Outcomes, other: Outcomes) -> Outcomes:
    """Return *one* with the arrays of *other* where they are equal."""
    pairs = {field.name: (getattr(one, field.name), getattr(other, field.name)) for field in fields(one)}
    return replace(one, **{name: b for name, (a, b) in pairs.items() if a is not None and np.array_equal(a, b)})


def joined_outcomes(
    parts: Sequence[MatchedPart[tuple[Outcomes, ...]]], units: NDArray[Any], classes: NDArray[Any], threshold: int = 0
) -> Outcomes:
    """Return the outcomes of all parts as if their images had been matched together, without input rows.

    Args:
        parts: at least one; no image is in two of them.
        units: the ids of all images, ascending.
        classes: the ids of all classes, ascending.
        threshold: which of the thresholds.
    """
    pieces = [one.kept[threshold] for one in parts]
    unit_of = [dense(one.units, units) for one in parts]
    class_of = [dense(one.classes, classes) for one in parts]

    def joined(name: str, known: Sequence[NDArray[Any]] | None = None) -> NDArray[Any]:
        columns = [getattr(one, name) for one in pieces]
        return np.concatenate([a.take(b) for a, b in zip(known, columns, strict=True)] if known else columns)

    unit, of_class, score = joined("unit", unit_of), joined("detection_class", class_of), joined("score")
    order = small_integer_order(unit, len(units))
    order = order[descending_order(score[order])]
    order = order[small_integer_order(of_class[order], len(classes))]
    return Outcomes(
        detection=np.zeros(0, np.intp),
        detection_class=of_class[order],
        unit=unit[order],
        score=score[order],
        hit=joined("hit")[order],
        counted=joined("counted")[order],
        truth_class=joined("truth_class", class_of),
        truth_unit=joined("truth_unit", unit_of),
        overlap=None if any(one.overlap is None for one in pieces) else joined("overlap")[order],
    )
