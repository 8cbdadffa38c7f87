"""Answers that everybody knows to be wrong: a check that takes one for right is worth nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval.checks.layers.batches import another
from a4eval.checks.layers.case import REFUSALS, LayerCase, outputs
from a4eval.checks.layers.rounding import rounding_bound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from a4eval.checks.trees import Array, Leaves


def lies(case: LayerCase) -> dict[str, Leaves]:
    """Return wrong answers by what they are, each the arrays that differ from the truth by more than rounding."""
    if "lies" not in case.shared:
        rounding, found = rounding_bound(case), dict[str, "Leaves"]()
        for what, name, lie in _told(case):
            if np.any(np.abs(lie - case.exact[name]) > rounding[name]):
                found.setdefault(what, {})[name] = lie
        case.shared["lies"] = found
    shared: dict[str, Leaves] = case.shared["lies"]
    return shared


def _told(case: LayerCase) -> Iterator[tuple[str, str, Array]]:
    try:
        other = outputs(case.layer, case.params, another(case, case.rng("probe")), case.dy)
    except REFUSALS:
        other = {}
    for name, array in case.exact.items():
        if array.size < 2 or array.dtype.kind != "f":
            continue
        yield "zeros", name, np.zeros_like(array)
        yield "ones", name, np.ones_like(array)
        if name in other and other[name].shape == array.shape:
            yield "the answer for another input", name, other[name]
        yield "the answer moved by one", name, np.roll(array, 1, -1)
        for axis in {min(1, array.ndim - 1), array.ndim - 1}:
            if array.shape[axis] > 1:
                yield "the answer with two channels swapped", name, _swapped(array, axis)


def _swapped(array: Array, axis: int) -> Array:
    """Swap the first channel with the one that differs most from it."""
    channels = np.moveaxis(array, axis, 0)
    distance = np.abs(channels - channels[:1]).reshape(len(channels), -1).max(axis=1)
    order = list(range(len(channels)))
    other = int(np.argmax(distance))
    order[0], order[other] = other, 0
    return np.take(array, order, axis)
