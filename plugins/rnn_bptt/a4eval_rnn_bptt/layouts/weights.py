"""The weights of a cell by name and shape: what another framework's layout is made from, and what it is turned into."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from a4eval_rnn_bptt.arrays import Array, Params

CellName: TypeAlias = Literal["rnn", "lstm", "gru"]

GATES: dict[CellName, int] = {"rnn": 1, "lstm": 4, "gru": 3}

_OF_A_LAYER = re.compile(r"(\w+?)(_l\d+(?:_reverse)?)")


def check_cell_name(cell: str) -> None:
    """Raise a ValueError unless this is a cell that other frameworks have."""
    if cell not in GATES:
        raise ValueError(f"got cell {cell!r}, expected rnn, lstm or gru")


def check_weights(
    cell: CellName, params: Params, framework: str, *, peepholes: bool = False, coupled: bool = False
) -> None:
    """Raise a ValueError unless these are the weights of one layer, in a variant that the framework has.

    Args:
        cell: which cell they should belong to.
        params: name to array, as in this package.
        framework: its name, for the message.
        peepholes: it has an LSTM with them.
        coupled: it has an LSTM that forgets as much as it lets in.
    """
    check_cell_name(cell)
    got = {name: np.shape(value) for name, value in params.items()}
    needed = ("weight_ih", "weight_hh")
    if any(len(got.get(name, ())) != 2 for name in needed):
        raise ValueError(f"got {listed(got)}, expected matrices weight_ih and weight_hh of one {cell}")
    inputs, hidden = (got[name][1] for name in needed)
    is_coupled = cell == "lstm" and got["weight_ih"][0] == 3 * hidden
    gates = 3 if is_coupled else GATES[cell]
    reset_before = cell == "gru" and "weight_hn" in got
    expected: dict[str, tuple[int, ...]] = {"weight_ih": (gates * hidden, inputs)}
    if reset_before:
        expected |= {"weight_hh": (2 * hidden, hidden), "weight_hn": (hidden, hidden)}
    else:
        expected["weight_hh"] = (gates * hidden, hidden)
    if any(name.startswith("bias") for name in got):
        expected["bias_ih"] = (gates * hidden,)
        expected |= {} if reset_before else {"bias_hh": (gates * hidden,)}
    if cell == "lstm" and "weight_peephole" in got:
        expected["weight_peephole"] = (gates - 1, hidden)
    if got != expected:
        raise ValueError(f"got {listed(got)}, expected the weights of one {cell}: {listed(expected)}")
    if "weight_peephole" in got and not peepholes:
        raise ValueError(f"{framework} has no LSTM with peepholes, so weight_peephole has no place there")
    if is_coupled and not coupled:
        raise ValueError(
            f"{framework} has no LSTM with coupled gates, which these weights with 3 gates belong to, if not to a GRU"
        )
    check_real(params)


def check_real(arrays: Mapping[str, Array]) -> None:
    """Raise a ValueError for the first array that does not hold real numbers."""
    for name, value in arrays.items():
        if np.asarray(value).dtype.kind not in "fiu":
            raise ValueError(f"{name} holds {np.asarray(value).dtype}, expected real numbers")


def check_shapes(given: Mapping[str, Array], expected: Mapping[str, tuple[int, ...]], owner: str) -> None:
    """Raise a ValueError unless the arrays of another framework have these names and shapes."""
    got = {name: np.shape(value) for name, value in given.items()}
    if got != dict(expected):
        raise ValueError(f"got {listed(got)}, expected those of {owner}: {listed(expected)}")
    check_real(given)


def listed(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Return names and shapes as a sentence has them."""
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "nothing"


def by_layer(params: Params) -> dict[str, dict[str, Array]]:
    """Take the weights of ``stacked`` or ``bidirectional`` apart: from ``_l0``, ``_l0_reverse``, … to names without.

    Weights without such endings are one layer, ``""``.

    >>> list(by_layer({"weight_ih_l0": np.zeros(1), "weight_ih_l0_reverse": np.zeros(1)}))
    ['_l0', '_l0_reverse']
    """
    found = {name: _OF_A_LAYER.fullmatch(name) for name in params}
    if not any(found.values()):
        return {"": dict(params)}
    parts: dict[str, dict[str, Array]] = {}
    for name, match in found.items():
        if match is None:
            raise ValueError(f"got {name!r} among weights of numbered layers, expected endings such as _l0")
        parts.setdefault(match[2], {})[match[1]] = params[name]
    order = endings(1 + max(int(ending.split("_")[1][1:]) for ending in parts), any("rev" in one for one in parts))
    if set(order) != set(parts):
        raise ValueError(f"got layers {', '.join(sorted(parts))}, expected {', '.join(order)}")
    return {ending: parts[ending] for ending in order}


def check_chain(parts: Mapping[str, Params]) -> None:
    """Raise a ValueError unless each layer's weights, by ending, take what the layer below them gives."""
    for ending, part in parts.items():
        below = f"_l{int(ending.removesuffix('_reverse')[2:] or 0) - 1}" if ending else ""
        if below in parts and ending:
            ways = 2 if f"{below}_reverse" in parts else 1
            given, taken = ways * parts[below]["weight_hh"].shape[1], part["weight_ih"].shape[1]
            if given != taken:
                raise ValueError(
                    f"weight_ih{ending} takes {taken} inputs, expected {given}: what the layer below gives"
                )


def endings(layers: int, bidirectional: bool) -> list[str]:  # noqa: FBT001  (a fact, not a switch)
    """Return the endings of the weights' names, layer by layer, forward before backward."""
    return [f"_l{k}{way}" for k in range(layers) for way in (("", "_reverse") if bidirectional else ("",))]


def reorder(weight: Array, order: Sequence[int]) -> Array:
    """Put the gates' blocks along the first axis into another order."""
    blocks = np.split(np.asarray(weight), len(order))
    return np.concatenate([blocks[index] for index in order])


def split_gates(weight: Array, gates: str) -> dict[str, Array]:
    """Cut the gates' blocks along the first axis apart, by letter."""
    return dict(zip(gates, np.split(np.asarray(weight), len(gates)), strict=True))


def summed_bias(params: Params, rows: int) -> Array:
    """Return the two biases that are only ever added as one, zeros where there is none."""
    if "bias_ih" not in params:
        return np.zeros(rows, params["weight_ih"].dtype)
    return params["bias_ih"] + params["bias_hh"] if "bias_hh" in params else params["bias_ih"]
