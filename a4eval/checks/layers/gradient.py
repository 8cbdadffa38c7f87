"""Is ``backward`` the derivative of ``forward``?  Entry by entry, each parameter by itself, and along directions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from a4eval.checks.finding import Finding, not_applicable
from a4eval.checks.layers.case import REFUSALS, LayerCase, first_not_finite, inputs, named, with_changed
from a4eval.checks.layers.derivative import Derivative, complex_step, richardson
from a4eval.checks.layers.rounding import rounding_bound, sensitivity
from a4eval.checks.trees import Array, Leaves, floats, place, steps_of

Judge: TypeAlias = Callable[[Leaves], Finding]
"""Says what it thinks of the outputs of a layer; a check is its judge's word on the true ones."""

_BLOCKS = 6
_DENSE = 2
_LOOK = "backward, for this array: a missing term, a wrong axis or sign; and what forward keeps on the tape"


@dataclass(frozen=True)
class _Try:
    """A direction in one array, and the derivative along it; ``size`` brings an entry back to its own unit."""

    name: str
    where: str
    direction: Array
    size: float
    truth: Derivative


def gradient(case: LayerCase) -> Finding:
    """Hold the gradients against central differences with Richardson extrapolation."""
    return gradient_judge(case, "gradient")(case.exact)


def complex_gradient(case: LayerCase) -> Finding:
    """Hold the gradients against a complex step, exact but for rounding, where the layer takes complex numbers."""
    if not getattr(case.layer, "complex_step", False):
        return not_applicable("complex_step", "the layer takes no complex numbers")
    return gradient_judge(case, "complex_step")(case.exact)


def gradient_judge(case: LayerCase, check: Literal["gradient", "complex_step"]) -> Judge:
    """Return what judges gradients; the derivatives are taken once a case."""
    if not inputs(case.params, case.x):
        return lambda _: not_applicable(check, "there are only integers, by which there is no derivative")
    if check not in case.shared:
        case.shared[check] = list(_tries(case, check))
    tries: list[_Try] = case.shared[check]
    return lambda found: _judge(case, check, tries, found)


def _judge(case: LayerCase, check: str, tries: list[_Try], found: Leaves) -> Finding:
    bad = first_not_finite({name: array for name, array in found.items() if name.startswith("d")})
    if bad is not None:
        where = place(*bad, found[bad[0]].shape)
        meaning = f"the gradient is {found[bad[0]].flat[bad[1]]}"
        return Finding(check, "failed", where=where, meaning=meaning, look_at="divisions and logarithms in backward")
    rounding, scale, worst = rounding_bound(case), sensitivity(case), Finding(check, "passed", 0.0, None)
    size = sum(float(np.sum(np.abs(array) * scale[f"y{name[2:]}"])) for name, array in named("dy", case.dy).items())
    decided: dict[str, list[bool]] = {}
    for one in tries:
        got = float(np.sum(found[one.name] * one.direction))
        truth = one.truth
        bound = 3 * truth.uncertainty + float(np.sum(rounding[one.name] * np.abs(one.direction)))
        if check == "gradient":
            bound += case.tolerance * abs(truth.value)
        # a sum that cancels to nothing is known when it is nothing beside its terms
        terms = max(truth.terms, float(np.sum(scale[one.name] * np.abs(one.direction))))
        if got == truth.value == 0:  # as of a bias behind which an activation is flat: nothing beside the outputs
            terms = max(terms, size)
        seen = bound <= max(abs(truth.value) / 2, abs(got) / 2, 1e-6 * terms)
        decided.setdefault(one.name, []).append(seen or bound == got == 0)
        error = abs(got - truth.value)
        here = Finding(check, "passed", error / one.size, bound / one.size, one.where)
        if error > bound:
            meaning = f"backward gives {got / one.size:.6g}, the derivative is {truth.value / one.size:.6g}"
            here = Finding(check, "failed", here.error, here.bound, one.where, meaning, _LOOK)
        if _weight(here) >= _weight(worst):
            worst = here
    unsure = [name for name, answers in decided.items() if answers and not any(answers)]
    if worst.verdict == "failed" or not unsure:
        return worst
    meaning = "the numerical derivative is too uncertain, or there is none (a kink), at every entry that was tried"
    return Finding(check, "undecided", worst.error, worst.bound, unsure[0], meaning, "an example away from kinks")


def _weight(finding: Finding) -> tuple[bool, float]:
    return finding.verdict == "failed", finding.ratio


def _tries(case: LayerCase, check: Literal["gradient", "complex_step"]) -> Iterator[_Try]:
    y, dy = named("y", case.layer.forward(case.params, case.x)[0]), named("dy", case.dy)
    dy = {f"y{name[2:]}": array for name, array in dy.items()}
    scale, rounding, rng = sensitivity(case), rounding_bound(case), case.rng(check)
    for name, array in inputs(case.params, case.x).items():
        for where, direction, size in _directions(name, array, case.exact[name], case.coordinates, rng):
            if check == "gradient":
                along = _real(case, name, array, direction)
                # a gradient that is nothing but rounding is compared with what it is the rounding of
                nothing = abs(np.sum(case.exact[name] * direction)) <= np.sum(rounding[name] * np.abs(direction))
                terms = float(np.sum(scale[name] * np.abs(direction))) if nothing else 0.0
                yield _Try(name, where, direction, size, richardson(along, y, dy, scale, terms))
            else:
                yield _Try(name, where, direction, size, complex_step(_complex(case, name, array, direction), dy))


def _real(case: LayerCase, name: str, array: Array, direction: Array) -> Callable[[float], Leaves | None]:
    def along(step: float) -> Leaves | None:
        params, x = with_changed(case.params, case.x, name, array + step * direction)
        try:
            return named("y", case.layer.forward(params, x)[0])
        except REFUSALS:
            return None

    return along


def _complex(case: LayerCase, name: str, array: Array, direction: Array) -> Callable[[complex], Leaves]:
    def lifted(tree: Any) -> Any:
        return floats(tree, lambda old: old.astype(np.complex128))

    def along(step: complex) -> Leaves:
        params, x = with_changed(lifted(case.params), lifted(case.x), name, array + step * direction)
        return named("y", case.layer.forward(params, x)[0])

    return along


def _directions(
    name: str, array: Array, slope: Array, count: int, rng: np.random.Generator
) -> Iterator[tuple[str, Array, float]]:
    """Yield entries, then directions that between them have every entry of the array."""
    if not array.size:
        return
    size = steps_of(array)
    for flat in _entries(array, slope, count, rng):
        direction = np.zeros(array.shape)
        direction.flat[flat] = size.flat[flat]
        yield place(name, flat, array.shape), direction, float(size.flat[flat])
    if array.size == 1:
        return
    for _ in range(_DENSE):
        yield f"{name} along a direction", rng.standard_normal(array.shape) * size / 4, 1.0
    if array.size > count:
        block = rng.integers(_BLOCKS, size=array.shape)
        for index in range(_BLOCKS):
            direction = np.where(block == index, rng.standard_normal(array.shape) * size / 4, 0.0)
            yield f"{name} along a direction", direction, 1.0


def _entries(array: Array, slope: Array, count: int, rng: np.random.Generator) -> list[int]:
    """Choose entries: all of a small array; else some at random and the largest and smallest there are."""
    if array.size <= count:
        return list(range(array.size))
    extremes: list[int] = []
    for values in (np.abs(array).ravel(), np.abs(slope).ravel()):
        present = np.flatnonzero(values)
        if present.size:
            extremes += [int(present[np.argmin(values[present])]), int(np.argmax(values))]
    drawn = rng.permutation(array.size).tolist()
    return list(dict.fromkeys([*extremes, *drawn]))[:count]
