"""The inputs a layer is checked on: its own examples, and what can be made of them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.checks.finding import WrongError
from a4eval.checks.layers.case import LayerCase, named
from a4eval.checks.trees import Array, floats, is_float, leaves, replaced
from a4eval.contracts import Exemplified

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_EXAMPLES = 12
"""So many of what ``examples`` yields are checked."""


def cases(
    layer: Any, rng: np.random.Generator, seed: int, input_shape: Sequence[int] | None = None, **options: Any
) -> Iterator[LayerCase]:
    """Yield the case of ``example`` (or of *input_shape*), then those of ``examples``.

    Raises:
        ValueError: the layer refuses the first input.
        WrongError: an example is no input that can be checked.
    """
    params = layer.init(rng)
    x = proper(layer.example(rng)) if input_shape is None else rng.standard_normal(tuple(input_shape))
    yield LayerCase(layer, params, x, seed=seed, **options)
    if input_shape is None and isinstance(layer, Exemplified):
        for one in islice(layer.examples(rng), MOST_EXAMPLES):
            yield LayerCase(layer, params, proper(one), seed=seed, label=f"x {shape_of(one)}", **options)


def proper(x: Any) -> Any:
    """Return an example of a layer as it is.

    Raises:
        WrongError: it holds no entry, or other numbers than float64, integers and booleans.
    """
    for name, array in named("x", x).items():
        if not array.size:
            raise WrongError(name, f"the example has shape {array.shape}, so there is nothing to check", "example")
        if array.dtype.kind not in "biu" and array.dtype != np.float64:
            raise WrongError(name, f"the example is {array.dtype}, expected float64 or integers", "example")
    return x


def free_axes(case: LayerCase) -> Iterator[tuple[str, int]]:
    """Yield path and axis where the layer takes inputs of any size, the batch axis apart.

    One more and many more must both be taken: one entry alone may be taken because it is broadcast.
    """
    for path, array in leaves(case.x).items():
        for axis in range(array.ndim):
            size, rng = array.shape[axis], case.rng(f"free {path} {axis}")
            if axis != case.batch_axis and None not in [
                _with_size(case, path, axis, wanted, rng) for wanted in (size + 1, 2 * size + 1)
            ]:
                yield path, axis


def other_sizes(case: LayerCase) -> Iterator[LayerCase]:
    """Yield the case with one free axis of one input of other sizes, odd and even."""
    for path, axis in free_axes(case):
        size, rng = leaves(case.x)[path].shape[axis], case.rng(f"sizes {path} {axis}")
        found = [
            _with_size(case, path, axis, wanted, rng) for wanted in (size + 1, 2 * size + 1, size + 2, size - 1, 1)
        ]
        yield from (one for one in found if one is not None)


def mixed_magnitudes(case: LayerCase) -> LayerCase | None:
    """Return the case with half of the real inputs a millionth as large; None where the layer refuses that."""
    rng = case.rng("magnitudes")

    def change(array: Array) -> Array:
        return array * np.where(rng.random(array.shape) < 0.5, 1e-6, 1.0)

    dy = floats(case.dy, change)
    return _case(case, floats(case.x, change), dy, "half of x and dy a millionth as large")


def shape_of(x: Any) -> str:
    """Return the shapes of the arrays of an input, as text.

    >>> shape_of(np.zeros((2, 3))), shape_of((np.zeros(2), np.zeros(3)))
    ('(2, 3)', '(2,) and (3,)')
    """
    return " and ".join(str(array.shape) for array in leaves(x).values())


def resized(array: Array, axis: int, size: int, rng: np.random.Generator) -> Array:
    """Return an array of another size along an axis, of entries that the layer has proved to take."""
    changed = np.take(array, rng.integers(array.shape[axis], size=size), axis)  # so integers stay valid
    return changed * rng.uniform(0.8, 1.25, changed.shape) if is_float(array) else changed


def _with_size(case: LayerCase, path: str, axis: int, size: int, rng: np.random.Generator) -> LayerCase | None:
    array = leaves(case.x)[path]
    if size < 1 or size == array.shape[axis]:
        return None
    x = replaced(case.x, path, resized(array, axis, size, rng))
    return _case(case, x, None, f"x {shape_of(x)}")


def _case(case: LayerCase, x: Any, dy: Any, label: str) -> LayerCase | None:
    try:
        return case.like(x, dy, label=label, coordinates=min(case.coordinates, 12))
    except Exception:  # noqa: BLE001  (it may refuse an input of our making in any way)
        return None
