"""What no rule forbids a layer and its author should know: a remark, not a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.checks.layers.batches import another
from a4eval.checks.layers.case import inputs, named
from a4eval.checks.trees import Array, floats, is_float, leaves, same_bits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from a4eval.checks.layers.case import LayerCase

SIZES = (10.0, 100.0, 1000.0)
"""How large the largest entry of the input is made: float64 holds products of a hundred such numbers."""


def remarks(case: LayerCase) -> Iterator[str]:
    """Yield what is to be said of a layer besides its findings."""
    for remark in (_constant, _overflow):
        try:
            text = remark(case)
        except Exception:  # noqa: BLE001, S112  (what a layer refuses or raises is told by the checks)
            continue
        if text:
            yield text


def _constant(case: LayerCase) -> str:
    """Say whether another input gives the same output, and no input has a gradient."""
    gradients = [case.exact[name] for name in inputs({}, case.x)]
    now = named("y", case.layer.forward(case.params, another(case, case.rng("constant")))[0])
    before = {name: array for name, array in case.exact.items() if name in now}
    if any(np.any(one != 0) for one in gradients) or same_bits(before, now):
        return ""
    return "the output does not depend on the input: another one gives the same, and every gradient of it is 0"


def _overflow(case: LayerCase) -> str:
    """Say from which size on finite inputs give NaN; whether the layer is defined there, only its author knows."""
    if _has_nan(case, case.x):
        return ""
    largest = max((float(np.max(np.abs(one))) for one in leaves(case.x).values() if is_float(one)), default=0.0)
    for size in SIZES if largest else ():
        if size <= largest:
            continue

        def scaled(array: Array, size: float = size) -> Array:
            grown: Array = array * (size / largest)
            return grown

        with np.errstate(all="ignore"):
            found = _has_nan(case, floats(case.x, scaled))
        if found:
            return (
                f"finite inputs as large as {size:g} give NaN: if the layer is defined there, a step on the way "
                "overflows, such as exp in front of a division"
            )
    return ""


def _has_nan(case: LayerCase, x: Any) -> bool:
    y = named("y", case.layer.forward(case.params, x)[0])
    return any(bool(np.isnan(one).any()) for one in y.values() if is_float(one))
