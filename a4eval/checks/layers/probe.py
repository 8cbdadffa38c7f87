"""A probe of the checks themselves: what everybody knows to be wrong must fail them, or their word is worth nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from a4eval.checks.finding import Finding
from a4eval.checks.layers.batches import another
from a4eval.checks.layers.case import REFUSALS, LayerCase, outputs
from a4eval.checks.layers.gradient import gradient_judge
from a4eval.checks.layers.precision import narrowed, precision_judge
from a4eval.checks.layers.rounding import rounding_bound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from a4eval.checks.trees import Array

_DERIVATIVES: tuple[Literal["gradient", "complex_step"], ...] = ("gradient", "complex_step")
_PRECISIONS = ("float32", "float16", "bfloat16")


def probe(case: LayerCase, passed: set[str]) -> Finding:
    """Give each check that compares with a tolerance answers that are wrong.

    A check of derivatives must see through each array by itself, one of precision through the answer as a whole.

    Args:
        case: the case.
        passed: the names of the checks whose word would be taken.
    """
    derivatives = [(check, gradient_judge(case, check)) for check in _DERIVATIVES if check in passed]
    precisions = [(check, precision_judge(case, check)) for check in _PRECISIONS if check in passed]
    lies: dict[str, dict[str, Array]] = {}
    for what, name, lie in _lies(case):
        lies.setdefault(what, {})[name] = lie
    for what, arrays in lies.items():
        for check, judge in derivatives:
            for name, lie in arrays.items():
                if name.startswith("d") and judge({**case.exact, name: lie}).verdict != "failed":
                    return _useless(what, check, name)
        for precision, judge in precisions:
            told = {name: narrowed(lie, precision) for name, lie in arrays.items()}
            if judge({**case.exact, **told}).verdict != "failed":
                return _useless(what, precision, "everything")
    return Finding("probe", "passed")


def _useless(what: str, check: str, name: str) -> Finding:
    meaning = f"{what} in place of {name} also passes {check}, so that it passed says nothing"
    look = "a better conditioned example: not so chaotic, not so small, away from kinks"
    return Finding("probe", "undecided", where=f"{check}, {name}", meaning=meaning, look_at=look)


def _lies(case: LayerCase) -> Iterator[tuple[str, str, Array]]:
    """Yield what is told, the array, and the lie; what is the truth but for rounding is none."""
    rounding = rounding_bound(case)
    for what, name, lie in _told(case):
        if np.any(np.abs(lie - case.exact[name]) > rounding[name]):
            yield what, name, lie


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
