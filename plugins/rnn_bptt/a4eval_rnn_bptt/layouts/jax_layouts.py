"""Weights to and from the cells of Flax and Equinox, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_rnn_bptt.layouts.weights import (
    GATES,
    CellName,
    check_cell_name,
    check_shapes,
    check_weights,
    split_gates,
    summed_bias,
)

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array, Params

_LETTERS = {"lstm": "ifgo", "gru": "rzn"}


def to_flax(cell: CellName, params: Params) -> dict[str, dict[str, Array]]:
    """Convert to the ``params`` of ``flax.linen.SimpleCell``, ``LSTMCell`` (also optimised) or ``GRUCell``.

    Flax keeps one bias where torch keeps two that are only ever added; they are summed, and zero where there is none.

    Args:
        cell: which cell the weights belong to.
        params: those of one layer, as in this package.

    Returns:
        Such as ``{"ii": {"kernel": (I, H)}, …, "hi": {"kernel": (H, H), "bias": (H,)}, …}`` for an LSTM.

    Raises:
        ValueError: these are no weights of that cell, or of a variant that Flax does not have.
    """
    check_weights(cell, params, "Flax")
    if "weight_hn" in params:
        raise ValueError("Flax has no GRU that resets before the matrix product, as these weights with weight_hn do")
    bias = summed_bias(params, len(params["weight_ih"]))
    if cell == "rnn":
        return {"i": {"kernel": params["weight_ih"].T, "bias": bias}, "h": {"kernel": params["weight_hh"].T}}
    letters = _LETTERS[cell]
    into, back, biases = (split_gates(one, letters) for one in (params["weight_ih"], params["weight_hh"], bias))
    found: dict[str, dict[str, Array]] = {}
    for gate in letters:
        found[f"i{gate}"], found[f"h{gate}"] = {"kernel": into[gate].T}, {"kernel": back[gate].T}
        found[f"{'h' if cell == 'lstm' else 'i'}{gate}"]["bias"] = biases[gate]
    if cell == "gru":  # the new gate's two biases stay apart: one is inside the reset
        zero = np.zeros_like(bias)
        found["in"]["bias"] = split_gates(params.get("bias_ih", zero), letters)["n"]
        found["hn"]["bias"] = split_gates(params.get("bias_hh", zero), letters)["n"]
    return found


def from_flax(cell: CellName, tree: Mapping[str, Mapping[str, Any]]) -> dict[str, Array]:
    """Convert from the ``params`` of a cell of ``flax.linen``, or the pure dict of one of ``flax.nnx``.

    Args:
        cell: which cell they belong to.
        tree: as :func:`to_flax` gives it; nnx's ``if_`` and its ``dense_i`` and ``dense_h`` are understood as well.

    Returns:
        The weights as in this package.

    Raises:
        ValueError: entries of other names or shapes.
    """
    check_cell_name(cell)
    flat = {
        f"{name.rstrip('_')}/{part}": np.asarray(value)
        for name, one in tree.items()
        for part, value in (one if isinstance(one, Mapping) else {"": one}).items()
    }
    fused = {"i": "dense_i", "h": "dense_h"}
    letters = "" if cell == "rnn" or "dense_i/kernel" in flat else _LETTERS[cell]
    names = fused if not letters and "dense_i/kernel" in flat else {"i": "i", "h": "h"}
    of = {way: [f"{names[way]}{gate}" for gate in letters] or [names[way]] for way in ("i", "h")}
    first_i, first_h = (np.shape(flat.get(f"{of[way][0]}/kernel", ())) for way in ("i", "h"))
    inputs, hidden = ((*one, 0)[0] for one in (first_i, first_h))
    wide = hidden if letters else GATES[cell] * hidden
    expected: dict[str, tuple[int, ...]] = {f"{one}/kernel": (inputs, wide) for one in of["i"]}
    expected |= {f"{one}/kernel": (hidden, wide) for one in of["h"]}
    biased = of["h"] if cell == "lstm" else [*of["i"], *(["hn"] if letters else [])]
    expected |= {f"{one}/bias": (wide,) for one in biased}
    check_shapes(flat, expected, f"a {cell} of Flax")
    weight_ih, weight_hh = (np.concatenate([flat[f"{one}/kernel"] for one in of[way]], axis=1).T for way in ("i", "h"))
    bias = np.concatenate([flat[f"{one}/bias"] for one in biased if one != "hn"])
    other = np.zeros_like(bias)
    if cell == "gru" and letters:
        other[2 * hidden :] = flat["hn/bias"]
    return {"weight_ih": weight_ih, "weight_hh": weight_hh, "bias_ih": bias, "bias_hh": other}


def to_equinox(cell: CellName, params: Params) -> dict[str, Array]:
    """Convert to the fields of ``equinox.nn.LSTMCell`` or ``GRUCell``, to be put there with ``equinox.tree_at``.

    Args:
        cell: ``lstm`` or ``gru``.
        params: those of one layer, as in this package.

    Returns:
        ``weight_ih``, ``weight_hh`` and, where there are biases, ``bias`` and, of a GRU, ``bias_n``.

    Raises:
        ValueError: these are no weights of that cell, or of one that Equinox does not have.
    """
    check_weights(cell, params, "Equinox")
    if cell == "rnn":
        raise ValueError("Equinox has no plain RNN cell, expected lstm or gru")
    if "weight_hn" in params:
        raise ValueError("Equinox has no GRU that resets before the matrix product, as these weights with weight_hn do")
    found = {"weight_ih": params["weight_ih"], "weight_hh": params["weight_hh"]}
    if "bias_ih" in params:
        found["bias"] = params["bias_ih"] + params["bias_hh"]
        if cell == "gru":
            inner = slice(2 * params["weight_hh"].shape[1], None)
            found["bias"][inner] = params["bias_ih"][inner]
            found["bias_n"] = params["bias_hh"][inner]
    return found


def from_equinox(cell: CellName, fields: Mapping[str, Any]) -> dict[str, Array]:
    """Convert from the fields of ``equinox.nn.LSTMCell`` or ``GRUCell``.

    Args:
        cell: ``lstm`` or ``gru``.
        fields: as :func:`to_equinox` gives them; a bias that is None is none.

    Returns:
        The weights as in this package; the bias goes to ``bias_ih``.

    Raises:
        ValueError: fields of other names or shapes.
    """
    if cell not in ("lstm", "gru"):
        raise ValueError(f"got cell {cell!r}, expected lstm or gru")
    given = {name: np.asarray(value) for name, value in fields.items() if value is not None}
    inputs, hidden = ((*np.shape(given.get(name, ())), 0, 0)[1] for name in ("weight_ih", "weight_hh"))
    wide = GATES[cell] * hidden
    expected: dict[str, tuple[int, ...]] = {"weight_ih": (wide, inputs), "weight_hh": (wide, hidden)}
    if any(name.startswith("bias") for name in given):
        expected |= {"bias": (wide,)} | ({"bias_n": (hidden,)} if cell == "gru" else {})
    check_shapes(given, expected, f"a {cell} of Equinox")
    params = {"weight_ih": given["weight_ih"], "weight_hh": given["weight_hh"]}
    if "bias" in given:
        params |= {"bias_ih": given["bias"], "bias_hh": np.zeros_like(given["bias"])}
        if cell == "gru":
            params["bias_hh"][2 * hidden :] = given["bias_n"]
    return params
