"""Gradients that are nothing but rounding: of what the output does not depend on, since its terms cancel.

So is that of a bias which softmax takes off again.  No change of the inputs shows how large the terms are; what they
leave over does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval.checks.layers.case import REFUSALS, LayerCase, inputs, named, with_changed
from a4eval.checks.trees import Array, Leaves, steps_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def cancelled(case: LayerCase, draws: Sequence[Leaves], scale: Leaves, unit: float, share: float) -> Leaves:
    """Return for each entry of a gradient how large the terms are that cancel in it; 0 where it is not nothing.

    An entry is nothing when in every draw it is less than rounding beside what all of the output would make of it, and
    when moving it moves no output by more than rounding.

    Args:
        case: the case.
        draws: what the layer gives, for its inputs and for some close to them.
        scale: for each output the magnitude of what it is computed from.
        unit: the unit roundoff.
        share: of its scale, by which rounding may move an output.
    """
    dy = {f"y{name[2:]}": np.abs(array) for name, array in named("dy", case.dy).items()}
    whole, found = sum(float(np.sum(size * scale[name])) for name, size in dy.items()), {}
    for name, array in inputs(case.params, case.x).items():
        left, steps = np.max([np.abs(one[name]) for one in draws], axis=0), steps_of(array)
        nothing = (left > 0) & (left * steps <= share * whole)
        if nothing.any() and _stands_still(case, name, array, np.where(nothing, steps, 0.0), scale, share):
            found[name] = np.where(nothing, np.max(left[nothing]) / unit, 0.0)
    return found


def _stands_still(case: LayerCase, name: str, array: Array, steps: Array, scale: Leaves, share: float) -> bool:
    """Say whether the output stays what it is, but for rounding, when these entries move."""
    rng = case.rng(f"cancelled {name}")
    for size in (1.0, 0.25):
        moved = array + size * steps * rng.choice([-1.0, 1.0], array.shape)
        try:
            y = named("y", case.layer.forward(*with_changed(case.params, case.x, name, moved))[0])
        except REFUSALS:
            return False
        if not all((np.abs(one - case.exact[path]) <= share * scale[path]).all() for path, one in y.items()):
            return False
    return True
