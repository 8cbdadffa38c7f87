"""Weights to and from the layout of torch, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval_rnn_bptt.layouts.weights import check_real, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval_rnn_bptt.arrays import Array, Params

_GATES = (1, 3, 4)


def to_torch(params: Params) -> dict[str, Array]:
    """Rename one layer's weights to those in the ``state_dict`` of ``torch.nn.RNN``, ``LSTM`` or ``GRU``.

    The layers ``stacked`` and ``bidirectional`` use torch's names already.

    Raises:
        ValueError: these are no weights of one layer, or of a variant that torch does not have.

    >>> list(to_torch({"weight_ih": np.zeros((1, 1)), "weight_hh": np.zeros((1, 1))}))
    ['weight_ih_l0', 'weight_hh_l0']
    """
    _check(params)
    return {f"{name}_l0": value for name, value in params.items()}


def from_torch(state: Mapping[str, Array]) -> dict[str, Array]:
    """Take one layer's weights from a ``state_dict`` of torch.

    Args:
        state: names to arrays, such as ``{name: value.numpy() for name, value in module.state_dict().items()}``.

    Raises:
        ValueError: there is more than one layer or direction; those are the weights of ``stacked`` or
            ``bidirectional`` as they stand.  Or these are no weights of a layer, or do not hold real numbers.
    """
    other = [name for name in state if not name.endswith("_l0")]
    if other:
        raise ValueError(
            f"{other[0]!r} is not of the first layer: stacked and bidirectional take all weights as they are"
        )
    params = {name.removesuffix("_l0"): np.asarray(value) for name, value in state.items()}
    check_real(state)
    _check(params)
    return params


def _check(params: Params) -> None:
    """Raise a ValueError unless these are the weights of one RNN, LSTM or GRU of torch."""
    for name, what in (
        ("weight_hn", "GRU that resets before the matrix product"),
        ("weight_peephole", "LSTM with peepholes"),
    ):
        if name in params:
            raise ValueError(f"torch has no {what}, so {name} has no place there")
    got = {name: np.shape(value) for name, value in params.items()}
    rows, inputs = (*got.get("weight_ih", ()), 0, 0)[:2]
    outputs = (*got.get("weight_hh", ()), 0, 0)[1]
    hidden = (*got.get("weight_hr", ()), 0, 0)[1] or outputs
    gates = next((gates for gates in _GATES if rows == gates * hidden), _GATES[-1])
    expected: dict[str, tuple[int, ...]] = {
        "weight_ih": (gates * hidden, inputs),
        "weight_hh": (gates * hidden, outputs),
    }
    if any(name.startswith("bias") for name in got):
        expected |= dict.fromkeys(("bias_ih", "bias_hh"), (gates * hidden,))
    if "weight_hr" in got:
        expected["weight_hr"] = (outputs, hidden)
    if got != expected:
        raise ValueError(f"got {listed(got)}, expected the weights of one layer of torch: {listed(expected)}")
