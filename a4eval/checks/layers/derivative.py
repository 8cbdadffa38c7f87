"""A directional derivative taken numerically, with an error bar of its own and with kinks told apart.

Central differences at steps that shrink eightfold, each extrapolated with the one before (Richardson): the one with the
smallest error bar is believed.
The bar is what the two steps disagree by, and what rounding of the outputs that moved may do to the difference.
A step is a share of each entry, so an entry of 1e-6 is tried as well as one of 1e6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from a4eval.checks.layers.rounding import UNIT
from a4eval.checks.trees import Leaves

Along: TypeAlias = Callable[[float], Leaves | None]
"""The outputs at a step along the direction; None where the layer refuses it."""

_STEPS = tuple(2.0 ** (-3 * k) for k in range(1, 10))
_LARGER_STEPS = tuple(2.0 ** (3 * k) for k in range(13, -1, -1))
_LARGE = tuple(sign * 2.0**power for power in (0, 12, 28, 48, 80, 120) for sign in (1, -1))
_COMPLEX_STEP = 2.0**-100
"""Far below rounding of the value: a complex step subtracts nothing, so smaller is only better."""


@dataclass(frozen=True, slots=True)
class Derivative:
    """A derivative of ``⟨y, dy⟩`` along a direction.

    Args:
        value: what it is.
        uncertainty: how far that may be off; infinite where no step could be taken.
            Where the derivatives from the two sides differ (a kink), it is by that much.
        terms: the sum of the magnitudes that it is the sum of.
    """

    value: float
    uncertainty: float
    terms: float


@dataclass(frozen=True, slots=True)
class _Difference:
    value: float
    noise: float
    terms: float
    bend: float
    bend_noise: float
    still: float


def richardson(along: Along, y: Leaves, dy: Leaves, scale: Leaves, terms: float = 0.0) -> Derivative:
    """Return the derivative along a direction.

    Args:
        along: the outputs at a step.
        y: the outputs at step 0.
        dy: the gradient of the outputs.
        scale: for each output the magnitude of what it is computed from, at least its own.
        terms: of what magnitude the terms are that the derivative is summed from, as far as is known.
    """
    best, still, step = _settle(along, y, dy, scale, _STEPS)
    if not _settled(best, terms):
        # a small entry beside large outputs: its steps are lost in their rounding, and only larger ones can be seen
        further, further_still, further_step = _settle(along, y, dy, scale, _LARGER_STEPS)
        if further.uncertainty < best.uncertainty:
            best, still, step = further, further_still, further_step
    if not _settled(best, terms):
        return replace(best, uncertainty=np.inf)
    if still > best.uncertainty + 1e-8 * abs(best.value):
        still = _hidden(along, y, dy, scale, step)
    return replace(best, uncertainty=best.uncertainty + still)


def _settled(found: Derivative, terms: float) -> bool:
    """Say whether steps agree to a thousandth; what is nothing beside its terms is known as well."""
    return found.uncertainty <= max(1e-3 * abs(found.value), 1e-6 * max(found.terms, terms))


def _settle(
    along: Along, y: Leaves, dy: Leaves, scale: Leaves, steps: tuple[float, ...]
) -> tuple[Derivative, float, float]:
    """Return the best derivative over falling steps, what outputs that stood still may hide, and the step."""
    best, before, still, resting = Derivative(0.0, np.inf, 0.0), None, 0.0, steps[0]
    for step in steps:
        now = _difference(along, y, dy, scale, step)
        if now is not None and before is not None:
            value = (64 * now.value - before.value) / 63
            # the whole difference, not the 63rd part that a smooth function would leave: there may be a kink in between
            bar = abs(now.value - before.value) / 2 + now.noise + _kink(before, now)
            if bar < best.uncertainty:
                best, still, resting = Derivative(value, bar, now.terms), now.still, step
            if best.uncertainty <= 1e-8 * abs(best.value) or now.noise > best.uncertainty:
                break
            if now.terms == 0 and before.terms == 0:
                break
        before = now
    return best, still, resting


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
    value = noise = terms = bend = bend_noise = still = 0.0
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
        still += 4 * float(np.sum(size * scale[name], where=~moved)) * UNIT / step
    return _Difference(value, noise + 4 * UNIT * terms * (1 + 1 / step), terms, bend, bend_noise, still)


def _kink(before: _Difference, now: _Difference) -> float:
    """Return by how much the one-sided derivatives stay apart while the step shrinks; smooth ones come together."""
    return now.bend if now.bend > 0.4 * before.bend and now.bend > 2 * now.bend_noise else 0.0


def _hidden(along: Along, y: Leaves, dy: Leaves, scale: Leaves, step: float) -> float:
    """Return the uncertainty by outputs that did not move because the step was lost in their rounding.

    Those that do not move by any step, however large, do not depend on the direction.
    """
    up, down = along(step), along(-step)
    if up is None or down is None:
        return 0.0
    still = {name: (up[name] == y[name]) & (down[name] == y[name]) for name in dy}
    if not any(one.any() for one in still.values()):
        return 0.0
    depends = {name: np.zeros(one.shape, bool) for name, one in still.items()}
    for large in _LARGE:
        moved = along(large)
        if moved is not None:
            depends = {name: one | (moved[name] != y[name]) for name, one in depends.items()}
    hidden = sum(float(np.sum(np.abs(dy[name]) * scale[name], where=still[name] & depends[name])) for name in dy)
    return 4 * UNIT * hidden / step
