"""A directional derivative taken numerically, with an error bar of its own and with kinks told apart.

Central differences at steps that shrink eightfold, each extrapolated with the one before (Richardson): the one with the
smallest error bar is believed.
The bar is what the two steps disagree by, and what rounding of the outputs that moved may do to the difference.
A step is a share of each entry, so an entry of 1e-6 is tried as well as one of 1e6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from a4eval.checks.layers.rounding import UNIT
from a4eval.checks.trees import Leaves

Along: TypeAlias = Callable[[float], Leaves | None]
"""The outputs at a step along the direction; None where the layer refuses it."""

_STEPS = tuple(2.0 ** (-3 * k) for k in range(1, 10))
_COMPLEX_STEP = 2.0**-100
"""Far below rounding of the value: a complex step subtracts nothing, so smaller is only better."""


@dataclass(frozen=True, slots=True)
class Derivative:
    """A derivative of ``⟨y, dy⟩`` along a direction.

    Args:
        value: what it is.
        uncertainty: how far that may be off; infinite where no step could be taken.
        terms: the sum of the magnitudes that it is the sum of.
        kink: the derivatives from the two sides differ, so there is none.
    """

    value: float
    uncertainty: float
    terms: float
    kink: bool = False


@dataclass(frozen=True, slots=True)
class _Difference:
    value: float
    noise: float
    terms: float
    bend: float
    bend_noise: float


def richardson(along: Along, y: Leaves, dy: Leaves, scale: Leaves) -> Derivative:
    """Return the derivative along a direction.

    Args:
        along: the outputs at a step.
        y: the outputs at step 0.
        dy: the gradient of the outputs.
        scale: for each output the magnitude of what it is computed from, at least its own.
    """
    best, before = Derivative(0.0, np.inf, 0.0), None
    for step in _STEPS:
        now = _difference(along, y, dy, scale, step)
        if now is not None and before is not None:
            value = (64 * now.value - before.value) / 63
            # the whole difference, not the 63rd part that a smooth function would leave: there may be a kink in between
            bar = abs(now.value - before.value) / 2 + now.noise
            if bar < best.uncertainty:
                best = Derivative(value, bar, now.terms, _bends(before, now))
            if best.uncertainty <= 1e-8 * abs(best.value) or (now.terms == 0 and before.terms == 0):
                break
            if now.noise > best.uncertainty:
                break
        before = now
    return best


def complex_step(along: Callable[[complex], Leaves], dy: Leaves) -> Derivative:
    """Return the derivative as ``Im f(a + ihv) / h``, which rounding alone makes uncertain."""
    moved = {name: np.imag(array) / _COMPLEX_STEP for name, array in along(1j * _COMPLEX_STEP).items()}
    products = [moved[name] * array for name, array in dy.items()]
    terms = float(sum(np.sum(np.abs(one)) for one in products))
    return Derivative(float(sum(np.sum(one) for one in products)), 16 * UNIT * terms, terms)


def _difference(along: Along, y: Leaves, dy: Leaves, scale: Leaves, step: float) -> _Difference | None:
    up, down = along(step), along(-step)
    if up is None or down is None:
        return None
    value = noise = terms = bend = bend_noise = 0.0
    for name, weight in dy.items():
        change = up[name] - down[name]
        if not np.isfinite(change).all():
            return None
        moved = (up[name] != y[name]) | (down[name] != y[name])
        size = np.abs(weight)
        terms += float(np.sum(np.abs(change) * size)) / (2 * step)
        value += float(np.sum(change * weight)) / (2 * step)
        rounding = float(np.sum(size * scale[name], where=moved)) * UNIT / step
        noise += 4 * rounding
        bend += float(np.sum(np.abs(up[name] + down[name] - 2 * y[name]) * size)) / step
        bend_noise += 8 * rounding
    return _Difference(value, noise + 4 * UNIT * terms * (1 + 1 / step), terms, bend, bend_noise)


def _bends(before: _Difference, now: _Difference) -> bool:
    """Say whether the one-sided derivatives stay apart while the step shrinks: smooth ones come eight times closer."""
    return now.bend > 0.4 * before.bend and now.bend > 4 * now.bend_noise and now.bend > 1e-4 * now.terms
