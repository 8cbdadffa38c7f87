"""What must be linear: ``backward`` in ``dy`` for every layer, ``forward`` in ``x`` for one that says so."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from a4eval.checks.finding import Finding, not_applicable
from a4eval.checks.layers.batches import another
from a4eval.checks.layers.case import LayerCase, gradient_like, gradients, named
from a4eval.checks.layers.rounding import UNIT, compare, rounding_bound
from a4eval.checks.trees import Leaves, floats, leaves, mapped

_SCALES = (2.0**-100, 2.0**-40, 2.0**40, 2.0**100)
"""Powers of two, from 1e-30 to 1e30: scaling by them rounds nothing."""


def backward_is_linear(case: LayerCase) -> Finding:
    """Scale ``dy`` by powers of two and add another to it; zero must give zero."""
    y, tape = case.layer.forward(case.params, case.x)
    exact = {name: array for name, array in case.exact.items() if name.startswith("d")}
    bound = rounding_bound(case)

    def back(dy: Any) -> Leaves:
        return gradients(case.layer, case.params, case.x, tape, dy)

    look = "thresholds, clipping and constants in backward; dy used twice or not at all"
    worst = Finding("backward_linear", "passed", 0.0, None)
    for scale in _SCALES:
        found = back(floats(case.dy, partial(np.multiply, scale)))
        got = {name: array / scale for name, array in found.items()}
        meaning = f"dy times {scale:.3g} does not give the gradients times {scale:.3g}"
        finding = compare("backward_linear", got, exact, bound, meaning, look)
        if finding.verdict == "failed":
            return finding
        worst = max((worst, finding), key=lambda one: one.ratio)
    for name, array in back(floats(case.dy, np.zeros_like)).items():
        if np.any(array != 0):
            meaning = "dy of zeros gives a gradient that is not zero"
            return Finding("backward_linear", "failed", where=name, meaning=meaning, look_at=look)
    other = gradient_like(y, case.rng("other dy"))
    others = case.like(case.x, other)
    both = back(mapped(case.dy, lambda path, array: array + leaves(other)[path]))
    bound = {name: bound[name] + rounding_bound(others)[name] for name in exact}
    summed = {name: array + others.exact[name] for name, array in exact.items()}
    meaning = "the gradients of two dy do not add up to those of their sum"
    finding = compare("backward_linear", both, summed, bound, meaning, look)
    return finding if finding.verdict != "passed" else max((worst, finding), key=lambda one: one.ratio)


def adjoint(case: LayerCase) -> Finding:
    """Hold ⟨Ax, dy⟩ against ⟨x, Aᵀdy⟩, where A x = forward(x) − forward(0), and A against scaling and adding."""
    if not getattr(case.layer, "linear", False):
        return not_applicable("adjoint", "the layer is not linear")
    offset = _forward(case, floats(case.x, np.zeros_like))
    linear = {name: array - offset[name] for name, array in _forward(case, case.x).items()}
    dy = {f"y{name[2:]}": array for name, array in named("dy", case.dy).items()}
    dx = {name: array for name, array in case.exact.items() if name == "dx" or name.startswith("dx.")}
    x = {f"d{name}": array for name, array in named("x", case.x).items()}
    terms = [linear[name] * dy[name] for name in dy] + [x[name] * dx[name] for name in dx]
    left = sum(float(np.sum(linear[name] * dy[name])) for name in dy)
    right = sum(float(np.sum(x[name] * dx[name])) for name in dx)
    # what the layer adds to its linear part is taken off again, at the cost of its rounding
    terms += [(np.abs(linear[name]) + 2 * np.abs(offset[name])) * np.abs(dy[name]) for name in dy]
    size = sum(float(np.sum(np.abs(one))) for one in terms)
    bound = case.factor * case.growth * UNIT * size
    look = "backward against forward: a transposed axis, a crop or padding that one of them does not have"
    if not abs(left - right) <= bound:
        where, meaning = "⟨Ax, dy⟩ against ⟨x, Aᵀdy⟩", "backward is not the adjoint of forward"
        return Finding("adjoint", "failed", abs(left - right), bound, where, meaning, look)
    finding = _superposes(case, linear, offset)
    return finding if finding.verdict == "failed" else Finding("adjoint", "passed", abs(left - right), bound)


def _superposes(case: LayerCase, linear: Leaves, offset: Leaves) -> Finding:
    bound = rounding_bound(case)
    look = "conditions on the values of x in forward; or set linear = False"
    unit = case.factor * case.growth * UNIT
    size: dict[str, Any] = {name: bound[name] + unit * np.abs(array) for name, array in offset.items()}
    for scale in _SCALES:
        scaled = _forward(case, floats(case.x, partial(np.multiply, scale)))
        got = {name: (array - offset[name]) / scale for name, array in scaled.items()}
        # beside what is added to it a small linear part is lost in rounding
        wide = {name: bound[name] + unit * np.abs(array) * max(1.0, 1 / scale) for name, array in offset.items()}
        meaning = f"x times {scale:.3g} does not give y times {scale:.3g}, so the layer is not linear in x"
        finding = compare("adjoint", got, linear, wide, meaning, look)
        if finding.verdict == "failed":
            return finding
    other = another(case, case.rng("adjoint"))
    both = _forward(case, mapped(case.x, lambda path, array: array + leaves(other)[path]))
    alone = _forward(case, other)
    summed = {name: array + alone[name] - offset[name] for name, array in linear.items()}
    got = {name: array - offset[name] for name, array in both.items()}
    wide = {name: 4 * (one + case.factor * UNIT * _largest(linear, alone)) for name, one in size.items()}
    return compare("adjoint", got, summed, wide, "two inputs do not add up, so the layer is not linear in x", look)


def _forward(case: LayerCase, x: Any) -> Leaves:
    return named("y", case.layer.forward(case.params, x)[0])


def _largest(*found: Leaves) -> float:
    return max((float(np.max(np.abs(array), initial=0.0)) for one in found for array in one.values()), default=0.0)
