"""What a check of a layer is given: the layer, parameters, an input, and a gradient of the output."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.checks.blamed import cause_of
from a4eval.checks.finding import WrongError
from a4eval.checks.trees import Leaves, copied, is_float, leaves, mapped
from a4eval.errors import A4evalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval.contracts import Layer

REFUSALS = (ValueError, A4evalError)
"""With these a layer refuses an input that it is not made for; anything else is a crash."""


@dataclass
class LayerCase:
    """One input of a layer, with all that a check may share between its runs.

    Args:
        layer: the layer.
        params: its parameters.
        x: the input.
        dy: the gradient of the output; drawn when absent.
        seed: from which every check draws, each by itself, so that none depends on those before it.
        label: says which case it is; empty for the only one.
        coordinates: entries of an array that are tried one by one.
        tolerance: allowed relative error of a derivative beside its uncertainty.
        factor: how many times the effect of rounding its inputs a layer may be off.
        pristine: a copy of the layer as it was before any call; made when absent.
    """

    layer: Any
    params: Any
    x: Any
    dy: Any = None
    seed: int = 0
    label: str = ""
    coordinates: int = 50
    tolerance: float = 1e-6
    factor: float = 32.0
    shared: dict[str, Any] = field(default_factory=dict, repr=False)
    pristine: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.pristine is None:
            self.pristine = deepcopy(self.layer)
        if self.dy is None:
            y, _ = forward(self.layer, copied(self.params), copied(self.x))
            _check_numbers(y)
            self.dy = gradient_like(y, self.rng("dy"))
        # what a layer that changes its inputs cannot reach
        self.untouched = copied(self.params), copied(self.x), copied(self.dy)

    def like(self, x: Any, dy: Any = None, **changes: Any) -> LayerCase:
        """Return a case of the same layer with another input, and what else *changes* of it; nothing is shared."""
        return replace(self, x=x, dy=dy, shared={}, **changes)

    def rng(self, stream: str) -> np.random.Generator:
        """Return a generator of its own for a name."""
        return np.random.default_rng([self.seed, *stream.encode()])

    @cached_property
    def exact(self) -> Leaves:
        """What the layer gives in float64."""
        return outputs(self.layer, self.params, self.x, self.dy)

    @property
    def batch_axis(self) -> int | None:
        """Along which axis the rows of a batch lie."""
        axis: int | None = getattr(self.layer, "batch_axis", 0)
        return axis

    @cached_property
    def growth(self) -> float:
        """By how much more than its terms a sum in this case may be off: √n/8 for n terms, at least 1."""
        arrays = [*leaves(self.x).values(), *leaves(self.params).values()]
        return max(1.0, float(np.sqrt(max((array.size for array in arrays), default=1))) / 8)


def refuses_shapes(error: BaseException) -> bool:
    """Say whether a framework's error may come of an input that a layer is not made for, rather than of a slip in it.

    An error that was raised from none is an adapter's own: of what the layer returns.
    """
    cause = cause_of(error)
    kinds = (ValueError, RuntimeError, TypeError, IndexError, AssertionError)
    return (
        isinstance(error, ValueError)
        and cause is not error
        and isinstance(cause, kinds)
        and not isinstance(cause, (NotImplementedError, RecursionError))
    )


def gradient_like(y: Any, rng: np.random.Generator) -> Any:
    """Return standard normal numbers in the form of an output; None where it holds integers."""
    return mapped(y, lambda _, array: rng.standard_normal(array.shape) if is_float(array) else None)


def forward(layer: Layer, params: Any, x: Any) -> tuple[Any, Any]:
    """Return ``(y, tape)``.

    Raises:
        WrongError: the layer returns something else.
    """
    given = layer.forward(params, x)
    if not (isinstance(given, tuple) and len(given) == 2):
        raise WrongError("forward", f"it returned {type(given).__name__}, expected (y, tape)", "what forward returns")
    return given


def _check_numbers(y: Any) -> None:
    """Raise a WrongError unless an output is made of numbers: nothing at all would pass every check."""
    found = named("y", y)
    if not found:
        raise WrongError("forward", f"its output is {type(y).__name__} without an array", "what forward returns")
    for name, array in found.items():
        if array.dtype.kind not in "biufc":
            raise WrongError(name, f"it holds {array.dtype}, expected numbers", "what forward returns")


def outputs(layer: Layer, params: Any, x: Any, dy: Any) -> Leaves:
    """Return all that a layer computes: ``y``, ``dx`` and ``d<parameter>`` with their paths.

    Raises:
        WrongError: a gradient is missing, or has another shape than what it is the gradient of; forward or backward
            returns no pair.
    """
    y, tape = forward(layer, params, x)
    return {**named("y", y), **gradients(layer, params, x, tape, dy)}


def gradients(layer: Layer, params: Any, x: Any, tape: Any, dy: Any) -> Leaves:
    """Return ``dx`` and ``d<parameter>`` of one call of ``backward``; raises as :func:`outputs`."""
    given = layer.backward(params, tape, dy)
    if not (isinstance(given, tuple) and len(given) == 2):
        raise WrongError("backward", f"it returned {type(given).__name__}, expected (dparams, dx)")
    dparams, dx = given
    return {**_gradients(x, dx, "dx", "dx."), **_gradients(params, dparams, "d", "d")}


def inputs(params: Any, x: Any) -> Leaves:
    """Return the floating arrays that gradients are taken of, under the names of their gradients."""
    found = {f"dx.{path}" if path else "dx": array for path, array in leaves(x).items()}
    found |= {parameter_name(path): array for path, array in leaves(params).items()}
    return {name: array for name, array in found.items() if is_float(array)}


def parameter_name(path: str) -> str:
    """Return what the gradient of a parameter is called; one called x is told from the input.

    >>> parameter_name("W"), parameter_name("x")
    ('dW', 'dparams.x')
    """
    return f"dparams.{path}" if path.partition(".")[0] in {"x", ""} else f"d{path}"


def named(name: str, tree: Any) -> Leaves:
    """Return the arrays of a tree under a name."""
    return {f"{name}.{path}" if path else name: array for path, array in leaves(tree).items()}


def with_changed(params: Any, x: Any, name: str, array: Any) -> tuple[Any, Any]:
    """Return parameters and input with another array where the gradient is called *name*."""
    changed_x = mapped(x, lambda path, old: array if (f"dx.{path}" if path else "dx") == name else old)
    return mapped(params, lambda path, old: array if parameter_name(path) == name else old), changed_x


def _gradients(of: Any, given: Any, whole: str, prefix: str) -> Leaves:
    got, found = leaves(given), {}
    for path, array in leaves(of).items():
        if not is_float(array):
            continue
        name = (prefix + path if path else whole) if whole == "dx" else parameter_name(path)
        if path not in got:
            raise WrongError(name, "the gradient is missing", f"what backward returns for {path or 'x'}")
        if got[path].shape != array.shape:
            meaning = f"has shape {got[path].shape}, expected {array.shape}"
            raise WrongError(name, meaning, "sums over the batch, and broadcasting, in backward")
        found[name] = got[path]
    return found


def first_not_finite(found: Mapping[str, Any]) -> tuple[str, int] | None:
    """Return name and flat index of the first entry that is not a finite number."""
    for name, array in found.items():
        bad = ~np.isfinite(np.asarray(array, np.float64 if array.dtype.kind == "f" else array.dtype))
        if bad.any():
            return name, int(np.argmax(bad))
    return None
