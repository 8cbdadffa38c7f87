"""A torch module's own ``step`` method as a cell, so that it can be taken apart like any other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from a4eval import require
from a4eval_rnn_bptt.contract import StepGradients
from a4eval_rnn_bptt.layers.recurrent import Recurrent

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array, Params, State
    from a4eval_rnn_bptt.contract import StepTape


@runtime_checkable
class Stepping(Protocol):
    """A torch module that does its recurrence itself, a step at a time."""

    def step(self, x: Any, state: Any) -> Any:
        """Do one step for the rows of *x*, (rows, I), and return the state after it."""

    def initial_state(self, rows: int) -> Any:
        """Return the state before the first step: a tensor (rows, …) or a tuple of such, the output first."""


class _WrongStateError(ValueError):
    """What the model gives is no state, or another one than before."""


class TorchStep(Recurrent):
    """A cell whose step is ``model.step(x, state) -> state`` and whose derivatives are autograd's, row by row.

    A state may be one tensor or a tuple, of matrices and of complex numbers too: here each is (rows, size), real.

    Args:
        model: a ``torch.nn.Module`` with the methods of :class:`Stepping`.
        x: (rows, I) float64, an input to try it with.

    Raises:
        ValueError: a state of another kind or shape, a step that fails, is random or mixes rows.
    """

    def __init__(self, model: Any, x: Array) -> None:
        self.torch = require("torch", "a4eval-rnn-bptt[torch]")
        self.inputs = x.shape[-1]
        self.model = model.cpu().double()

        class Caller(self.torch.nn.Module):  # type: ignore[misc, name-defined]  # torch is known at run time alone
            def __init__(self) -> None:
                super().__init__()
                self.model = model

            def forward(self, x: Any, state: Any) -> Any:
                return self.model.step(x, state)

        self._caller = Caller()
        self._weights = dict(self.model.named_parameters())
        first = self.model.initial_state(len(x))
        self._alone = isinstance(first, self.torch.Tensor)
        self._check_state(first, len(x), "initial_state")
        parts = (first,) if self._alone else first
        self._shapes: list[tuple[int, ...]] = [tuple(one.shape[1:]) for one in parts]
        self._complex = [one.is_complex() for one in parts]
        self._try(x)

    def _check_state(self, state: Any, rows: int, method: str) -> None:
        tensor = self.torch.Tensor
        if not (isinstance(state, tensor) or (isinstance(state, tuple | list) and state)) or not all(
            isinstance(one, tensor) for one in state
        ):
            kinds = f"a {type(state).__name__}"
            if isinstance(state, tuple | list):
                kinds += f" of {', '.join(type(one).__name__ for one in state) or 'nothing'}"
            raise _WrongStateError(f"{method} returned {kinds}, expected a tensor (rows, …) or a tuple of such")
        for one in (state,) if isinstance(state, tensor) else state:
            if one.ndim < 2 or one.shape[0] != rows:
                raise _WrongStateError(f"{method} returned a tensor of shape {tuple(one.shape)}, expected ({rows}, …)")

    def _try(self, x: Array) -> None:
        """Do a step, twice and for one row alone, and see which weights it uses."""
        torch = self.torch
        leaf = {name: value.detach().requires_grad_() for name, value in self._tensors(self.init(None)).items()}
        rows, state = torch.tensor(x), tuple(torch.tensor(one) for one in self.initial_state({}, len(x)))
        try:
            after = self.call(leaf, rows, state)
            again = self.call(leaf, rows, state)
        except _WrongStateError:
            raise
        except Exception as error:  # a stranger's code may raise anything
            raise ValueError(f"step failed in float64: {type(error).__name__}: {error}") from error
        try:
            alone = self.call(leaf, rows[:1], tuple(one[:1] for one in state))
        except Exception as error:
            raise ValueError(
                f"step cannot be called with one row alone ({type(error).__name__}: {error}): does it mix the rows of "
                "a batch, as batch norm without running statistics does?"
            ) from error
        if not all(torch.equal(a, b) for a, b in zip(after, again, strict=True)):
            raise ValueError(
                "step is random: called twice alike it differs; does it use dropout that eval() leaves on?"
            )
        if not all(
            torch.allclose(a[:1], b, rtol=1e-9, atol=1e-12, equal_nan=True) for a, b in zip(after, alone, strict=True)
        ):
            raise ValueError(
                "step mixes the rows of a batch: the first row alone gives another state than among others"
            )
        total = sum(one.sum() for one in after)
        if not (isinstance(total, torch.Tensor) and total.requires_grad):
            raise ValueError("step uses none of the model's parameters, or detaches what it returns")
        found = torch.autograd.grad(total, list(leaf.values()), allow_unused=True)
        self.unused = [name for name, one in zip(leaf, found, strict=True) if one is None]
        for name in self.unused:
            del self._weights[name]

    def init(self, rng: np.random.Generator | None) -> dict[str, Array]:
        """Return the weights that a step uses as they are, a complex one as (…, 2)."""
        del rng
        return {name: self._real(value).numpy().copy() for name, value in self._weights.items()}

    def _real(self, value: Any) -> Any:
        value = value.detach()
        return (self.torch.view_as_real(value.resolve_conj()) if value.is_complex() else value).double()

    @property
    def hidden(self) -> int:
        """The width of the output."""
        return math.prod(self._shapes[0]) * (2 if self._complex[0] else 1)

    def initial_state(self, params: Params, rows: int) -> State:
        """Return the model's own."""
        del params
        first = self.model.initial_state(rows)
        self._check_state(first, rows, "initial_state")
        parts = (first,) if self._alone else first
        return tuple(self._real(one.cpu()).reshape(rows, -1).numpy() for one in parts)

    def call(self, weights: dict[str, Any], x: Any, state: Any) -> Any:
        """Do one step with these weights, tensors in and out, states as (rows, size)."""
        torch = self.torch
        named = {
            f"model.{name}": torch.view_as_complex(value) if self._weights[name].is_complex() else value
            for name, value in weights.items()
        }
        named |= {
            f"model.{name}": one.to(x.dtype) for name, one in self.model.named_buffers() if one.is_floating_point()
        }
        given = tuple(
            torch.view_as_complex(one.reshape(-1, *shape, 2)) if is_complex else one.reshape(-1, *shape)
            for one, shape, is_complex in zip(state, self._shapes, self._complex, strict=True)
        )
        after = torch.func.functional_call(self._caller, named, (x, given[0] if self._alone else given))
        self._check_state(after, x.shape[0], "step")
        parts = (after,) if self._alone else tuple(after)
        shapes = [tuple(one.shape[1:]) for one in parts]
        if isinstance(after, torch.Tensor) != self._alone or shapes != self._shapes:
            raise _WrongStateError(
                f"step returned a state of shapes {shapes}, expected {self._shapes} behind the rows, as initial_state"
            )
        flat = (torch.view_as_real(one) if one.is_complex() else one for one in parts)
        return tuple(one.reshape(x.shape[0], -1).to(x.dtype) for one in flat)

    def _tensors(self, params: Params) -> dict[str, Any]:
        return {name: self.torch.tensor(value) for name, value in params.items()}

    def step(self, params: Params, x: Array, state: State) -> tuple[State, StepTape]:
        """Do one step in torch."""
        with self.torch.no_grad():
            after = self.call(self._tensors(params), *self._inputs(x, state))
        return tuple(one.numpy() for one in after), (x, *state)

    def _inputs(self, x: Array, state: State) -> tuple[Any, Any]:
        return self.torch.tensor(x), tuple(self.torch.tensor(one) for one in state)

    def step_backward(self, params: Params, tape: StepTape, dstate: State, *, want_dx: bool = True) -> StepGradients:
        """Undo one step by autograd, every row for itself."""
        weights = self._tensors(params)

        def undo(x: Any, state: Any, gradient: Any) -> Any:
            def one_row(weights: Any, x: Any, state: Any) -> Any:
                after = self.call(weights, x[None], tuple(one[None] for one in state))
                return tuple(one[0] for one in after)

            _, pull = self.torch.func.vjp(one_row, weights, x, state)
            return pull(gradient)

        x, state = self._inputs(tape[0], tape[1:])
        gradient = tuple(self.torch.tensor(np.ascontiguousarray(one)) for one in dstate)
        parts, dx, before = self.torch.func.vmap(undo)(x, state, gradient)
        rows = {name: one.detach().numpy() for name, one in parts.items()}
        return StepGradients(rows, dx.numpy() if want_dx else None, tuple(one.numpy() for one in before))
