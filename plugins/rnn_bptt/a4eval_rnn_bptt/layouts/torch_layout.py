"""Weights to and from the layout of torch, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval_rnn_bptt.layouts.weights import check_real

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval_rnn_bptt.arrays import Array, Params


def to_torch(params: Params) -> dict[str, Array]:
    """Rename one layer's weights to those in the ``state_dict`` of ``torch.nn.RNN``, ``LSTM`` or ``GRU``.

    The layers ``stacked`` and ``bidirectional`` use torch's names already.

    >>> list(to_torch({"weight_ih": np.zeros((1, 1)), "weight_hh": np.zeros((1, 1))}))
    ['weight_ih_l0', 'weight_hh_l0']
    """
    return {f"{name}_l0": value for name, value in params.items()}


def from_torch(state: Mapping[str, Array]) -> dict[str, Array]:
    """Take one layer's weights from a ``state_dict`` of torch.

    Args:
        state: names to arrays, such as ``{name: value.numpy() for name, value in module.state_dict().items()}``.

    Raises:
        ValueError: there is more than one layer or direction; those are the weights of ``stacked`` or
            ``bidirectional`` as they stand.  Or a weight does not hold real numbers.
    """
    other = [name for name in state if not name.endswith("_l0")]
    if other:
        raise ValueError(
            f"{other[0]!r} is not of the first layer: stacked and bidirectional take all weights as they are"
        )
    check_real(state)
    return {name.removesuffix("_l0"): np.asarray(value) for name, value in state.items()}
