"""The checks behind ``check_layer``, each a function of a layer, its parameters and an input.

An error is the largest absolute difference over an array, divided by the largest magnitude in it (at least the
smallest normal number), so that it reads as a relative error of the array as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from a4eval.contracts import Layer

Array = NDArray[Any]

COMPLEX_STEP = 1e-30
"""Far below rounding of the value: a complex step subtracts nothing, so smaller is only better."""


@dataclass(frozen=True, slots=True)
class Worst:
    """The largest error found and where."""

    error: float
    where: str = ""


def relative_error(got: Array, expected: Array) -> float:
    """Return ``max|got − expected| / max|expected|``; NaN anywhere, or another shape, is infinite.

    Args:
        got: any shape.
        expected: the same shape.

    >>> relative_error(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    0.5
    """
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape:
        return float("inf")
    if got.size == 0:
        return 0.0
    difference = np.abs(got - expected)
    scale = max(float(np.max(np.abs(expected))), float(np.finfo(np.float64).tiny))
    error = float(np.max(difference)) / scale
    return error if np.isfinite(error) else float("inf")


def worst_of(pairs: Iterator[tuple[str, Array, Array]]) -> Worst:
    """Return the worst relative error of named (got, expected) pairs."""
    return max((Worst(relative_error(got, expected), name) for name, got, expected in pairs), key=lambda one: one.error)


def outputs(layer: Layer, params: Mapping[str, Array], x: Array, dy: Array) -> dict[str, Array]:
    """Return ``y``, ``dx`` and each ``d<parameter>`` under its name."""
    y, tape = layer.forward(params, x)
    dparams, dx = layer.backward(params, tape, dy)
    return {"y": y, "dx": dx, **{f"d{name}": dparams[name] for name in params}}


def gradient(
    layer: Layer,
    params: Mapping[str, Array],
    x: Array,
    dy: Array,
    coordinates: int,
    rng: np.random.Generator,
    *,
    complex_step: bool,
) -> Worst:
    """Compare ``backward`` with the derivative of ``⟨forward, dy⟩`` taken numerically.

    Args:
        layer: the layer.
        params: its parameters, float64.
        x: the input, float64.
        dy: (shape of y) float64.
        coordinates: how many entries of each array are tried; all when it has no more.
        rng: chooses them.
        complex_step: ``Im f(v + ih) / h`` instead of central differences ``(f(v + h) − f(v − h)) / 2h``.
    """
    found = outputs(layer, params, x, dy)
    probe = _complex_step if complex_step else _central_difference
    worst = Worst(0.0)
    for name, array in {"x": x, **params}.items():
        analytic = found[f"d{name}"]
        if analytic.shape != array.shape:
            return Worst(float("inf"), f"d{name} has shape {analytic.shape}, expected {array.shape}")
        bad = np.argwhere(~np.isfinite(analytic))
        if len(bad):
            return Worst(float("inf"), f"d{name}{bad[0].tolist()} is {analytic[tuple(bad[0])]}")

        def loss(changed: Array, name: str = name) -> Any:
            # everything in one dtype: a layer computes in the dtype of x
            inputs = {key: value.astype(changed.dtype) for key, value in {"x": x, **params}.items()} | {name: changed}
            y, _ = layer.forward({key: inputs[key] for key in params}, inputs["x"])
            return np.sum(y * dy)

        chosen = rng.choice(array.size, size=min(coordinates, array.size), replace=False)
        scale = max(float(np.max(np.abs(analytic), initial=0.0)), float(np.finfo(np.float64).tiny))
        for flat in chosen:
            index = tuple(int(one) for one in np.unravel_index(flat, array.shape))
            error = abs(float(analytic[index]) - probe(loss, array, index)) / scale
            if not np.isfinite(error):
                return Worst(float("inf"), f"the numerical d{name}{list(index)} is not finite")
            worst = max(worst, Worst(error, f"d{name}{list(index)}"), key=lambda one: one.error)
    return worst


def adjoint(layer: Layer, params: Mapping[str, Array], x: Array, dy: Array) -> Worst:
    """Compare ``⟨A x, dy⟩`` with ``⟨x, Aᵀ dy⟩``, where ``A x = forward(x) − forward(0)``."""
    y, tape = layer.forward(params, x)
    linear = y - layer.forward(params, np.zeros_like(x))[0]
    _, dx = layer.backward(params, tape, dy)
    scale = float(np.linalg.norm(linear) * np.linalg.norm(dy)) or 1.0
    return Worst(abs(float(np.sum(linear * dy)) - float(np.sum(x * dx))) / scale, "⟨Ax, y⟩ against ⟨x, Aᵀy⟩")


def single_precision(layer: Layer, params: Mapping[str, Array], x: Array, dy: Array) -> Worst:
    """Compare everything in float32 with everything in float64."""
    narrow = outputs(
        layer,
        {name: array.astype(np.float32) for name, array in params.items()},
        x.astype(np.float32),
        dy.astype(np.float32),
    )
    for name, array in narrow.items():
        if array.dtype != np.float32:
            return Worst(float("inf"), f"{name} is {array.dtype} for float32 input")
    return _against(narrow, outputs(layer, params, x, dy))


def repeated(layer: Layer, params: Mapping[str, Array], x: Array, dy: Array) -> Worst:
    """Compare a second evaluation with the first, and the inputs with what they were before."""
    before = {"x": x.copy(), "dy": dy.copy(), **{name: array.copy() for name, array in params.items()}}
    first = {name: array.copy() for name, array in outputs(layer, params, x, dy).items()}
    second = outputs(layer, params, x, dy)
    for name, array in {"x": x, "dy": dy, **params}.items():
        if not np.array_equal(array, before[name]):
            return Worst(float("inf"), f"{name} was changed in place")
    return _against(second, first)


def batch_invariance(layer: Layer, params: Mapping[str, Array], x: Array, rng: np.random.Generator) -> Worst:
    """Compare two inputs evaluated together with each evaluated alone."""
    axis = getattr(layer, "batch_axis", 0)
    other = rng.standard_normal(x.shape)
    (y, tape), (other_y, other_tape) = layer.forward(params, x), layer.forward(params, other)
    both_y, both_tape = layer.forward(params, np.concatenate([x, other], axis))
    dy, other_dy = rng.standard_normal(y.shape), rng.standard_normal(y.shape)
    apart, other_apart = layer.backward(params, tape, dy), layer.backward(params, other_tape, other_dy)
    together = layer.backward(params, both_tape, np.concatenate([dy, other_dy], axis))

    def pairs() -> Iterator[tuple[str, Array, Array]]:
        yield "y", both_y, np.concatenate([y, other_y], axis)
        yield "dx", together[1], np.concatenate([apart[1], other_apart[1]], axis)
        for name in params:
            yield f"d{name}", together[0][name], apart[0][name] + other_apart[0][name]

    return worst_of(pairs())


def against_reference(layer: Any, framework: str, params: Mapping[str, Array], x: Array, dy: Array) -> Worst:
    """Compare with the layer's own ``reference(framework, params, x, dy) -> (y, dparams, dx)``.

    Raises:
        MissingExtraError: the framework is not installed.
    """
    y, dparams, dx = layer.reference(framework, params, x, dy)
    expected = {"y": y, "dx": dx, **{f"d{name}": array for name, array in dparams.items()}}
    found = outputs(layer, params, x, dy)
    return _against({name: found[name] for name in expected}, expected)


def _against(got: Mapping[str, Array], expected: Mapping[str, Array]) -> Worst:
    return worst_of((name, got[name], expected[name]) for name in expected)


def _central_difference(loss: Callable[[Array], Any], array: Array, index: tuple[int, ...]) -> float:
    step = float(np.cbrt(np.finfo(np.float64).eps)) * max(1.0, abs(float(array[index])))
    up, down = array.copy(), array.copy()
    up[index] += step
    down[index] -= step
    # divide by the step that rounding left, not by the one that was asked for
    return float(loss(up) - loss(down)) / float(up[index] - down[index])


def _complex_step(loss: Callable[[Array], Any], array: Array, index: tuple[int, ...]) -> float:
    lifted = array.astype(np.complex128)
    lifted[index] += 1j * COMPLEX_STEP
    return float(np.imag(loss(lifted))) / COMPLEX_STEP
