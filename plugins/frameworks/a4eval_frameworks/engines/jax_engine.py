"""jax: vjp, jit and vmap."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from a4eval import require
from a4eval_frameworks.engines.contract import refusal
from a4eval_frameworks.trees import filled, leaves, mapped, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from a4eval_frameworks.trees import Function, Params


@cache
def _jax() -> Any:
    return require("jax", "a4eval-frameworks[jax]")


class _Tape:
    """What the way back needs; opaque, so that nobody looks for arrays in it."""

    __slots__ = ("apply", "x", "y")

    def __init__(self, x: Any, y: Any, apply: Callable[[list[Any]], Any]) -> None:
        self.x, self.y, self.apply = x, y, apply


class _Compiled:
    """A function and its derivative, compiled together: the way back takes what the way there left."""

    def __init__(self, jax: Any, function: Function) -> None:
        self.function = function
        self.forward = jax.jit(lambda params, x: _pulled(jax, function, params, x))
        self.back = jax.jit(lambda pull, gradients: pull(gradients))

    def __call__(self, params: Any, x: Any) -> Any:
        return self.forward(params, x)[0]


class JaxEngine:
    """jax on its own choice of device."""

    compiles: ClassVar[bool] = True

    @property
    def jax(self) -> Any:
        """The module."""
        return _jax()

    def precision(self, *trees: Any) -> AbstractContextManager[Any]:
        """Return the context in which float64 is what it says, if there is any; without it jax is as users have it."""
        context: AbstractContextManager[Any] = self.jax.enable_x64(any(_is_wide(one) for one in leaves(trees)))
        return context

    def forward(self, function: Function, params: Params, x: Any, *, narrow: bool = False) -> tuple[Any, Any]:
        """See :class:`Engine`."""
        with self.precision(params, x):
            compiled = function if isinstance(function, _Compiled) else None
            # what is compiled takes arrays as they are, faster than they are made jax's beforehand
            tensor = plain if compiled and not narrow else partial(self._tensor, narrow=narrow)
            given, inputs = {name: tensor(array) for name, array in params.items()}, mapped(x, tensor)
            try:
                if compiled:
                    y, pull = compiled.forward(given, inputs)
                    tape = _Tape(inputs, y, partial(compiled.back, pull))
                else:
                    y = function(given, inputs)
                    # only when it is asked for: most calls of a check want the output alone
                    tape = _Tape(inputs, y, partial(_back, self.jax, function, given, inputs))
            except Exception as error:
                raise refusal(error, "jax") from error
            return mapped(y, self.array), tape

    def backward(self, tape: Any, dy: Any) -> tuple[Params, Any]:
        """See :class:`Engine`."""
        with self.precision(tape.x, tape.y):
            real = [one for one in leaves(tape.y) if _is_real(one)]
            gradients = [plain(got).astype(one.dtype, copy=False) for one, got in zip(real, leaves(dy), strict=True)]
            dparams, floats = tape.apply(gradients)
            return {name: self.array(one) for name, one in dparams.items()}, mapped(
                _replaced(tape.x, floats), self.array
            )

    def seeded(self, seed: int) -> AbstractContextManager[None]:
        """Return a context that does nothing: all of jax' random numbers come from keys that are handed on."""
        del seed
        return nullcontext()

    def transposed(self, tensor: Any, axes: list[int]) -> Any:
        """See :class:`Engine`."""
        return tensor.transpose(axes)

    def compiled(self, function: Function) -> Function:
        """See :class:`Engine`."""
        return _Compiled(self.jax, function)

    def mapped_rows(self, function: Function, axis: int) -> Function:
        """See :class:`Engine`."""
        jnp = self.jax.numpy

        def one_row(params: Any, row: Any) -> Any:
            y = function(params, mapped(row, lambda array: jnp.expand_dims(array, axis)))
            return mapped(y, lambda array: jnp.squeeze(array, axis))

        mapped_over: Function = self.jax.vmap(one_row, in_axes=(None, axis), out_axes=axis)
        return mapped_over

    def differentiated(self, function: Function) -> Function:
        """See :class:`Engine`."""

        def backwards(params: Any, given: Any) -> Any:
            x, dy = given
            dparams, floats = _pulled(self.jax, function, params, x)[1](list(leaves(dy)))
            return dparams, _replaced(x, floats)

        return backwards

    def array(self, tensor: Any) -> Any:
        """See :class:`Engine`."""
        return np.asarray(tensor, np.float32) if str(tensor.dtype) == "bfloat16" else np.asarray(tensor)

    def _tensor(self, array: Any, narrow: bool) -> Any:  # noqa: FBT001  (as in forward)
        jnp = self.jax.numpy
        array = plain(array)
        return jnp.asarray(array, jnp.bfloat16) if narrow and array.dtype.kind == "f" else jnp.asarray(array)


def _pulled(jax: Any, function: Function, params: Any, x: Any) -> tuple[Any, Any]:
    """Return y, and what takes a list of the gradients of its real arrays to those of *params* and of the real x."""

    def of_real(params: Any, floats: list[Any]) -> tuple[list[Any], Any]:
        each = iter(floats)
        y = function(params, mapped(x, lambda one: next(each) if _is_real(one) else one))
        return [one for one in leaves(y) if _is_real(one)], y

    _, pull, y = jax.vjp(of_real, params, [one for one in leaves(x) if _is_real(one)], has_aux=True)
    return y, pull


def _back(jax: Any, function: Function, params: Any, x: Any, gradients: list[Any]) -> Any:
    return _pulled(jax, function, params, x)[1](gradients)


def _replaced(x: Any, floats: list[Any]) -> Any:
    """Return the tree with *floats* for its real arrays and None for the others."""
    each = iter(floats)
    return filled(x, iter([next(each) if _is_real(one) else None for one in leaves(x)]))


def _is_real(array: Any) -> bool:
    return str(array.dtype) in {"float64", "float32", "float16", "bfloat16"}


def _is_wide(array: Any) -> bool:
    return str(array.dtype).lstrip("<>=") in {"float64", "f8"}
