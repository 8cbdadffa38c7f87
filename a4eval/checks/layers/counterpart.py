"""Another layer that computes the same: its weights carried over, its gradients carried back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.checks.finding import Finding, WrongError
from a4eval.checks.layers.case import REFUSALS, LayerCase, named, outputs, parameter_name
from a4eval.checks.layers.rounding import compare, rounding_bound
from a4eval.checks.trees import Leaves, leaves, mapped
from a4eval.contracts import Convertible

if TYPE_CHECKING:
    from collections.abc import Callable

    from a4eval.contracts import Layer

MOST_WEIGHTS = 20_000
"""Each weight is carried over by itself to find where its gradient comes from."""


def counterpart(case: LayerCase, other: Layer) -> Finding:
    """Hold everything against another layer, up to the rounding of both."""
    try:
        carry = _carrying(case, other)
        params = carry(case.params)
        given, theirs = _shapes(case.exact), _shapes(named("y", other.forward(params, case.x)[0]))
        if given != theirs:
            return _undecided(f"the other layer gives {_listed(theirs)}, expected {_listed(given)}")
        found = outputs(other, params, case.x, case.dy)
    except (*REFUSALS, KeyError, WrongError) as reason:
        return _undecided(f"it cannot be held against the other layer: {reason}")
    of_params = {parameter_name(path) for path in leaves(params)}
    expected = {name: array for name, array in found.items() if name not in of_params}
    gradient = {path: found[parameter_name(path)] for path in leaves(params)}
    for path, array in _carried_back(case.params, carry, gradient).items():
        expected[parameter_name(path)] = array
    bound = {name: 2 * array for name, array in rounding_bound(case).items()}
    look = "conventions: order of gates and axes, padding, which bias"
    return compare("reference", case.exact, expected, bound, "it is not what the other layer computes", look)


def with_weights_of(case: LayerCase, other: Layer) -> LayerCase:
    """Return the case of another layer with the same weights.

    Raises:
        ValueError: they cannot be carried over.
    """
    return case.like(case.x, case.dy, layer=other, params=_carrying(case, other)(case.params))


def _carrying(case: LayerCase, other: Layer) -> Callable[[Any], Any]:
    """Return what turns parameters into the other layer's: the same where names and shapes are, else by torch's."""
    layer: Any = case.layer
    there: Any = other
    own, theirs = leaves(case.params), leaves(other.init(case.rng("reference")))
    shapes = {path: array.shape for path, array in own.items()}, {path: array.shape for path, array in theirs.items()}
    if shapes[0] == shapes[1]:
        return lambda params: params
    convertible = isinstance(layer, Convertible) and isinstance(other, Convertible)
    if not convertible:
        raise ValueError(f"its weights are {_listed(shapes[1])}, not {_listed(shapes[0])}")
    if sum(array.size for array in own.values()) > MOST_WEIGHTS:
        raise ValueError(f"there are more than {MOST_WEIGHTS:,} weights to carry over one by one")

    def carry(params: Any) -> Any:
        return there.from_layout("torch", layer.to_layout("torch", params))

    got = {path: array.shape for path, array in leaves(carry(case.params)).items()}
    if got != shapes[1]:
        raise ValueError(f"its weights are {_listed(shapes[1])}, these become {_listed(got)}")
    return carry


def _carried_back(params: Any, carry: Callable[[Any], Any], gradient: Leaves) -> Leaves:
    """Return the gradient with respect to *params* from that with respect to what they are carried to, which is linear.

    The derivative by a weight is that of everything the weight becomes.
    """
    if carry(params) is params:
        return gradient
    found = {}
    for path, array in leaves(params).items():
        slope = np.empty(array.shape)
        for flat in range(array.size):
            unit = mapped(params, lambda here, old: _unit(old.shape, flat if here == path else None))  # noqa: B023  (used at once)
            moved = leaves(carry(unit))
            slope.flat[flat] = sum(float(np.sum(moved[name] * gradient[name])) for name in gradient)
        found[path] = slope
    return found


def _unit(shape: tuple[int, ...], flat: int | None) -> Any:
    array = np.zeros(shape)
    if flat is not None:
        array.flat[flat] = 1.0
    return array


def _shapes(found: Leaves) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in found.items() if name == "y" or name.startswith("y.")}


def _listed(shapes: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "none"


def _undecided(meaning: str) -> Finding:
    return Finding("reference", "undecided", meaning=meaning)
