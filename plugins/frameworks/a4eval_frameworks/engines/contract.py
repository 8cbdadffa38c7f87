"""What an engine does: it computes a function of tensors, differentiates it, and says what else can be made of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from a4eval_frameworks.trees import Function, Params


class Engine(Protocol):
    """A framework's tensors and its differentiation.

    ``compiles`` says whether a layer is compiled unless its config says otherwise: jax compiles loops anew at each
    call of what is not.
    """

    compiles: ClassVar[bool]

    def forward(self, function: Function, params: Params, x: Any, *, narrow: bool = False) -> tuple[Any, Any]:
        """Return ``(y, tape)``.

        Args:
            function: of the framework's tensors.
            params: name to array.
            x: a tree of arrays, in whose dtype everything is computed.
            narrow: round to bfloat16 and compute in it; what comes back is float32.

        Raises:
            ValueError: the framework, or the function, refuses it.
        """

    def backward(self, tape: Any, dy: Any) -> tuple[Params, Any]:
        """Return ``(dparams, dx)``, zeros where the output does not depend on an array, None for integers."""

    def array(self, tensor: Any) -> Any:
        """Return a tensor as an array; bfloat16 as float32."""

    def transposed(self, tensor: Any, axes: list[int]) -> Any:
        """Return a tensor with its axes in another order."""

    def compiled(self, function: Function) -> Function:
        """Return the function, compiled."""

    def mapped_rows(self, function: Function, axis: int) -> Function:
        """Return the function that computes each row by itself, by the framework's ``vmap``."""

    def seeded(self, seed: int) -> AbstractContextManager[None]:
        """Return a context in which what the framework draws of its own accord follows from *seed*."""

    def differentiated(self, function: Function) -> Function:
        """Return the function from parameters and ``(x, dy)`` to ``(dparams, dx)``."""


def refusal(error: BaseException, framework: str) -> ValueError:
    """Return the error by which a layer refuses an input, with the first line of what the framework says."""
    return ValueError(f"{framework}: {type(error).__name__}: {first_line(error)}")


def first_line(error: BaseException) -> str:
    r"""Return the first line of an error that says what is wrong; that of Keras' own names the layer that was called.

    >>> first_line(ValueError("Exception encountered when calling Dense.call().\n\n\x1b[1mtoo few axes\x1b[0m"))
    'too few axes'
    """
    lines = [line for line in re.sub(r"\x1b\[\d*m", "", str(error)).splitlines() if line.strip()] or [""]
    return lines[min(1, len(lines) - 1) if lines[0].startswith("Exception encountered when calling") else 0].strip()
