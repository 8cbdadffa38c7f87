"""Weights to and from the layout of Keras, exactly: one layer, or a whole stack in one or both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval_rnn_bptt.layouts.weights import (
    GATES,
    CellName,
    by_layer,
    check_cell_name,
    check_chain,
    check_shapes,
    check_weights,
    endings,
    reorder,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval_rnn_bptt.arrays import Array, Params

# Keras orders the gates of a GRU z, r, n; torch r, z, n.  Both order an LSTM's i, f, g, o.
_ORDER = {"rnn": (0,), "lstm": (0, 1, 2, 3), "gru": (1, 0, 2)}


def to_keras(cell: CellName, params: Params) -> list[Array]:
    """Convert to what ``keras.layers.SimpleRNN``, ``LSTM`` or ``GRU`` take in ``set_weights``.

    Keras keeps one bias where torch keeps two that are only ever added; they are summed here.
    A GRU with ``weight_hn`` is Keras's ``reset_after=False``, one without it ``reset_after=True``.
    The weights of ``stacked`` or ``bidirectional`` give those of a model with such layers on top of each other, each
    of them in ``keras.layers.Bidirectional`` for the latter.

    Args:
        cell: which cell the weights belong to.
        params: as in this package.

    Returns:
        For each layer and direction: kernel (I, G·H), recurrent kernel (H, G·H) and, if there are biases, the bias.

    Raises:
        ValueError: these are no weights of that cell, or of a variant that Keras does not have.
    """
    parts = by_layer(params)
    converted = [one for part in parts.values() for one in _to_keras(cell, part)]
    check_chain(parts)
    return converted


def _to_keras(cell: CellName, params: Params) -> list[Array]:
    check_weights(cell, params, "Keras")
    recurrent = params["weight_hh"]
    order = _ORDER[cell]
    if "weight_hn" in params:
        recurrent = np.concatenate((recurrent, params["weight_hn"]))
    weights = [reorder(params["weight_ih"], order).T, reorder(recurrent, order).T]
    if "bias_ih" in params:
        bias = reorder(params["bias_ih"], order)
        if cell == "gru" and "bias_hh" in params:
            weights.append(np.stack((bias, reorder(params["bias_hh"], order))))
        else:
            weights.append(bias + reorder(params["bias_hh"], order) if "bias_hh" in params else bias)
    return [np.ascontiguousarray(one) for one in weights]


def from_keras(
    cell: CellName,
    weights: Sequence[Array],
    *,
    reset_after: bool = True,
    use_bias: bool = True,
    layers: int = 1,
    bidirectional: bool = False,
) -> dict[str, Array]:
    """Convert from what ``get_weights`` of ``keras.layers.SimpleRNN``, ``LSTM`` or ``GRU`` gives.

    Args:
        cell: which cell the weights belong to.
        weights: kernel, recurrent kernel and, with ``use_bias``, the bias: (G·H,), or (2, G·H) for a GRU with
            ``reset_after=True``; one layer's after the other's, and of a ``Bidirectional`` the forward ones first,
            as ``get_weights`` of a model with nothing but these layers gives them.
        reset_after: that of the GRU.
        use_bias: that of the layers; so a bias that went missing is not taken for one that there never was.
        layers: how many layers there are.
        bidirectional: each is in ``keras.layers.Bidirectional``.

    Returns:
        The weights as in this package, those of ``stacked`` or ``bidirectional`` where there are several layers or
        directions; a single bias goes to ``bias_ih``, and ``bias_hh`` is zero.

    Raises:
        ValueError: another number of arrays, or shapes that are not those of that cell.
    """
    if layers < 1:
        raise ValueError(f"got layers={layers}, expected at least 1")
    parts = endings(layers, bidirectional) if layers > 1 or bidirectional else [""]
    each = 2 + use_bias
    if len(weights) != each * len(parts):
        times = f" for each of {', '.join(parts)}" if len(parts) > 1 else ""
        expected = "kernel, recurrent kernel and bias" if use_bias else "kernel and recurrent kernel"
        fewer = "; layers without biases are use_bias=False" if use_bias else ""
        raise ValueError(f"got {len(weights)} arrays, expected {expected}{times}: {each * len(parts)}{fewer}")
    arrays = [np.asarray(one) for one in weights]
    found = {
        ending: _from_keras(cell, arrays[index * each : (index + 1) * each], reset_after)
        for index, ending in enumerate(parts)
    }
    check_chain(found)
    return {f"{name}{ending}": value for ending, one in found.items() for name, value in one.items()}


def _from_keras(cell: CellName, weights: Sequence[Array], reset_after: bool) -> dict[str, Array]:  # noqa: FBT001  (handed on)
    check_cell_name(cell)
    if cell == "gru" and len(weights) == 3 and (weights[2].ndim == 2) != reset_after:
        raise ValueError(f"the bias has shape {np.shape(weights[2])}, which is not that of reset_after={reset_after}")
    given = dict(zip(("kernel", "recurrent_kernel", "bias"), weights, strict=False))
    (inputs, *_), (hidden, *_) = ((*np.shape(weights[index]), 0) for index in (0, 1))
    wide = GATES[cell] * hidden
    expected: dict[str, tuple[int, ...]] = {"kernel": (inputs, wide), "recurrent_kernel": (hidden, wide)}
    if len(weights) == 3:
        expected["bias"] = (2, wide) if cell == "gru" and reset_after else (wide,)
    check_shapes(given, expected, f"a {cell} of Keras")
    order = _ORDER[cell]
    params = {"weight_ih": reorder(weights[0].T, order), "weight_hh": reorder(weights[1].T, order)}
    if len(weights) == 3 and weights[2].ndim == 2:
        params["bias_ih"], params["bias_hh"] = (reorder(bias, order) for bias in weights[2])
    elif len(weights) == 3:
        params["bias_ih"] = reorder(weights[2], order)
        if cell != "gru":
            params["bias_hh"] = np.zeros_like(params["bias_ih"])
    if cell == "gru" and not reset_after:
        params["weight_hn"] = params["weight_hh"][2 * hidden :]
        params["weight_hh"] = params["weight_hh"][: 2 * hidden]
    return params
