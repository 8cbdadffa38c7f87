"""Cases of a layer as hypothesis draws them: any of its examples, of any size that it takes, small ones first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.checks.layers.batches import another
from a4eval.checks.layers.case import LayerCase, named
from a4eval.checks.layers.cases import free_axes, resized, shape_of
from a4eval.checks.trees import Array, floats, leaves, mapped, replaced
from a4eval.testing.peers import hypothesis, strategies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy

MOST_ROWS = 6
MOST_MORE = 3
"""So much larger than in the example may an axis be."""
MOST_SHOWN = 60
"""Of so many entries a case is shown whole."""


def drawn_cases(own: Sequence[LayerCase]) -> SearchStrategy[LayerCase]:
    """Return a strategy of cases like a layer's own, with other sizes, values and parameters."""
    free = [list(free_axes(one)) for one in own]

    @strategies.composite
    def drawn(draw: DrawFn) -> LayerCase:
        number = draw(strategies.integers(0, len(own) - 1))
        base, axis = own[number], own[number].batch_axis
        rows = 0 if axis is None else draw(strategies.integers(1, MOST_ROWS))
        sizes = {
            (path, one): draw(strategies.integers(1, leaves(base.x)[path].shape[one] + MOST_MORE))
            for path, one in free[number]
        }
        fine, seed = draw(strategies.booleans()), draw(strategies.integers(0, 2**16))
        try:
            return _case(base, rows, sizes, np.random.default_rng(seed), fine=fine)
        except Exception:  # noqa: BLE001  (it may refuse an input of our making in any way)
            return hypothesis.reject()

    return drawn()


def _case(
    base: LayerCase, rows: int, sizes: Mapping[tuple[str, int], int], rng: np.random.Generator, *, fine: bool
) -> LayerCase:
    params, x = base.layer.init(rng), another(base, rng)
    axis = base.batch_axis
    if axis is not None:
        x = mapped(x, lambda _, array: resized(array, axis, rows, rng) if array.ndim > axis else array)
    for (path, one), size in sizes.items():
        x = replaced(x, path, resized(leaves(x)[path], one, size, rng))
    if not fine:
        x = floats(x, _few_digits)
    return base.like(x, params=params, label=f"x {shape_of(x)}")


def case_told(case: LayerCase) -> str:
    """Return a case as text: its arrays, or where they are large their shapes."""
    arrays = {**named("x", case.x), **named("params", case.params)}
    small = sum(array.size for array in arrays.values()) <= MOST_SHOWN
    return "\n".join(f"  {name} {array.shape}{_shown(array) if small else ''}" for name, array in arrays.items())


def _shown(array: Array) -> str:
    return f" = {np.array2string(array, separator=', ', threshold=MOST_SHOWN)}".replace("\n", "\n    ")


def _few_digits(array: Array) -> Any:
    """Round to three digits, easy to follow by hand; the last is a 3, for layers may well jump at round numbers."""
    second = 10.0 ** (np.floor(np.log10(np.abs(array), out=np.zeros_like(array), where=array != 0)) - 1)
    return (np.round(array / second) + 0.3) * second
