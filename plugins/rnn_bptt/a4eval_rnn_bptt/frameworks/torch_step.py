"""A torch module's own ``step`` method as a cell, so that it can be taken apart like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import require
from a4eval_rnn_bptt.contract import StepGradients
from a4eval_rnn_bptt.layers.recurrent import Recurrent

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array, Params, State
    from a4eval_rnn_bptt.contract import StepTape


class TorchStep(Recurrent):
    """A cell whose step is ``model.step(x, state) -> state`` and whose derivatives are autograd's, row by row.

    Args:
        model: a ``torch.nn.Module`` with ``step``, where x is (N, I) and state a tuple of tensors (N, ·), the output
            first, and with ``initial_state(rows)``, which gives that tuple.
        inputs: I.
    """

    def __init__(self, model: Any, inputs: int) -> None:
        self.torch = require("torch", "a4eval-rnn-bptt[torch]")
        self.inputs = inputs
        self.model = model

        class Caller(self.torch.nn.Module):  # type: ignore[misc, name-defined]  # torch is known at run time alone
            def __init__(self) -> None:
                super().__init__()
                self.model = model

            def forward(self, x: Any, state: Any) -> Any:
                return tuple(self.model.step(x, state))

        self._caller = Caller().double()

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Return the model's weights as they are."""
        del rng
        return {name: value.detach().numpy().copy() for name, value in self.model.named_parameters()}

    @property
    def hidden(self) -> int:
        """The width of the output."""
        return int(self.model.initial_state(1)[0].shape[-1])

    def initial_state(self, params: Params, rows: int) -> State:
        """Return the model's own."""
        del params
        return tuple(one.detach().double().numpy() for one in self.model.initial_state(rows))

    def call(self, weights: dict[str, Any], x: Any, state: Any) -> Any:
        """Do one step with these weights, tensors in and out."""
        named = {f"model.{name}": value for name, value in weights.items()}
        return self.torch.func.functional_call(self._caller, named, (x, state))

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
