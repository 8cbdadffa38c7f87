"""Weights to and from the layouts of torch and Keras, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from a4eval_rnn_bptt.arrays import Array, Params

CellName: TypeAlias = Literal["rnn", "lstm", "gru"]

# Keras orders the gates of a GRU z, r, n; torch r, z, n.  Both order an LSTM's i, f, g, o.
_GATES = {"rnn": (0,), "lstm": (0, 1, 2, 3), "gru": (1, 0, 2)}


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
            ``bidirectional`` as they stand.
    """
    other = [name for name in state if not name.endswith("_l0")]
    if other:
        raise ValueError(
            f"{other[0]!r} is not of the first layer: stacked and bidirectional take all weights as they are"
        )
    return {name.removesuffix("_l0"): np.asarray(value) for name, value in state.items()}


def to_keras(cell: CellName, params: Params) -> list[Array]:
    """Convert to what ``keras.layers.SimpleRNN``, ``LSTM`` or ``GRU`` take in ``set_weights``.

    Keras keeps one bias where torch keeps two that are only ever added; they are summed here.
    A GRU with ``weight_hn`` is Keras's ``reset_after=False``, one without it ``reset_after=True``.

    Args:
        cell: which cell the weights belong to.
        params: kernel by kernel as in this package.

    Returns:
        kernel (I, G·H), recurrent kernel (H, G·H) and, if there are biases, the bias.
    """
    recurrent = params["weight_hh"]
    order = _GATES[cell]
    if "weight_hn" in params:
        recurrent = np.concatenate((recurrent, params["weight_hn"]))
    weights = [_reorder(params["weight_ih"], order).T, _reorder(recurrent, order).T]
    if "bias_ih" in params:
        bias = _reorder(params["bias_ih"], order)
        if cell == "gru" and "bias_hh" in params:
            weights.append(np.stack((bias, _reorder(params["bias_hh"], order))))
        else:
            weights.append(bias + _reorder(params["bias_hh"], order) if "bias_hh" in params else bias)
    return [np.ascontiguousarray(one) for one in weights]


def from_keras(cell: CellName, weights: Sequence[Array], *, reset_after: bool = True) -> dict[str, Array]:
    """Convert from what ``get_weights`` of ``keras.layers.SimpleRNN``, ``LSTM`` or ``GRU`` gives.

    Args:
        cell: which cell the weights belong to.
        weights: kernel, recurrent kernel and, if there are biases, the bias: (G·H,), or (2, G·H) for a GRU with
            ``reset_after=True``.
        reset_after: that of the GRU.

    Returns:
        The weights as in this package; a single bias goes to ``bias_ih``, and ``bias_hh`` is zero.

    Raises:
        ValueError: not two or three arrays, or the GRU's bias belongs to the other convention.
    """
    if len(weights) not in (2, 3):
        raise ValueError(f"got {len(weights)} arrays, expected kernel, recurrent kernel and perhaps a bias")
    if cell == "gru" and len(weights) == 3 and (weights[2].ndim == 2) != reset_after:
        raise ValueError(f"the bias has shape {weights[2].shape}, which is not that of reset_after={reset_after}")
    order = _GATES[cell]
    params = {"weight_ih": _reorder(weights[0].T, order), "weight_hh": _reorder(weights[1].T, order)}
    if len(weights) == 3 and weights[2].ndim == 2:
        params["bias_ih"], params["bias_hh"] = (_reorder(bias, order) for bias in weights[2])
    elif len(weights) == 3:
        params["bias_ih"] = _reorder(weights[2], order)
        if cell != "gru":
            params["bias_hh"] = np.zeros_like(params["bias_ih"])
    if cell == "gru" and not reset_after:
        hidden = weights[1].shape[0]
        params["weight_hn"] = params["weight_hh"][2 * hidden :]
        params["weight_hh"] = params["weight_hh"][: 2 * hidden]
    return params


def _reorder(weight: Array, order: tuple[int, ...]) -> Array:
    """Put the gates' blocks along the first axis into another order."""
    blocks = np.split(np.asarray(weight), len(order))
    return np.concatenate([blocks[index] for index in order])
