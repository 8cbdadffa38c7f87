"""Weights to and from ONNX's operators RNN, LSTM and GRU, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from a4eval_rnn_bptt.layouts.weights import (
    GATES,
    CellName,
    by_layer,
    check_cell_name,
    check_chain,
    check_shapes,
    check_weights,
    reorder,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from a4eval_rnn_bptt.arrays import Array, Params

# ONNX orders an LSTM's gates i, o, f, c and a GRU's z, r, h; torch i, f, g, o and r, z, n
_ORDER = {"rnn": (0,), "lstm": (0, 3, 1, 2), "gru": (1, 0, 2)}
_BACK = {"rnn": (0,), "lstm": (0, 2, 3, 1), "gru": (1, 0, 2)}
_PEEPHOLE = (0, 2, 1)  # i, f, o to i, o, f, and back


class OnnxOperator(NamedTuple):
    """One operator, which is one layer.

    Args:
        inputs: ``W`` (D, G·H, I), ``R`` (D, G·H, H) and, where there are any, ``B`` (D, 2·G·H) and ``P`` (D, 3·H),
            for D directions.
        attributes: ``direction``, ``hidden_size``, ``linear_before_reset`` of a GRU, ``input_forget`` of an LSTM.
    """

    inputs: dict[str, Array]
    attributes: dict[str, str | int]


def to_onnx(cell: CellName, params: Params) -> list[OnnxOperator]:
    """Convert to ONNX's operators, one a layer.

    A GRU with ``weight_hn`` is ``linear_before_reset=0``, one without it ``linear_before_reset=1``.
    A peephole LSTM has ``P``, one with coupled gates ``input_forget=1``; its forget gate, which then does nothing,
    is zero.

    Args:
        cell: which cell the weights belong to.
        params: as in this package, of one layer, of ``stacked`` or of ``bidirectional``.

    Raises:
        ValueError: these are no weights of that cell.
    """
    layers: dict[str, list[tuple[dict[str, Array], dict[str, str | int]]]] = {}
    parts = by_layer(params)
    for ending, part in parts.items():
        layers.setdefault(ending.removesuffix("_reverse"), []).append(_direction(cell, part))
    check_chain(parts)
    return [
        OnnxOperator(
            {name: np.stack([inputs[name] for inputs, _ in ways]) for name in ways[0][0]},
            {"direction": "bidirectional" if len(ways) == 2 else "forward", **ways[0][1]},
        )
        for ways in layers.values()
    ]


def _direction(cell: CellName, params: Params) -> tuple[dict[str, Array], dict[str, str | int]]:
    check_weights(cell, params, "ONNX", peepholes=True, coupled=True)
    hidden = params["weight_hh"].shape[1]
    attributes: dict[str, str | int] = {"hidden_size": hidden}
    whole = {name: np.asarray(value) for name, value in params.items()}
    peephole = whole.get("weight_peephole")
    if cell == "gru":
        attributes["linear_before_reset"] = int("weight_hn" not in params)
        if "weight_hn" in params:
            whole["weight_hh"] = np.concatenate((whole["weight_hh"], whole["weight_hn"]))
    coupled = cell == "lstm" and len(whole["weight_ih"]) == 3 * hidden
    if cell == "lstm":
        attributes["input_forget"] = int(coupled)
    if coupled:
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            if name in whole:
                whole[name] = np.insert(whole[name], [hidden] * hidden, 0, axis=0)
        peephole = None if peephole is None else np.insert(peephole, 1, 0, axis=0)
    order = _ORDER[cell]
    inputs = {"W": reorder(whole["weight_ih"], order), "R": reorder(whole["weight_hh"], order)}
    if "bias_ih" in whole:
        other = whole.get("bias_hh", np.zeros_like(whole["bias_ih"]))
        inputs["B"] = np.concatenate((reorder(whole["bias_ih"], order), reorder(other, order)))
    if peephole is not None:
        inputs["P"] = peephole[list(_PEEPHOLE)].ravel()
    return inputs, attributes


def from_onnx(cell: CellName, operators: Sequence[OnnxOperator]) -> dict[str, Array]:
    """Convert from ONNX's operators, one a layer, bottom first.

    Args:
        cell: which cell they are.
        operators: the weights and attributes of each; attributes that are left out have ONNX's defaults, so a GRU
            without ``linear_before_reset`` resets before the matrix product.

    Returns:
        The weights as in this package, those of ``stacked`` or ``bidirectional`` where there are several layers or
        directions.

    Raises:
        ValueError: no operator, arrays of other names or shapes, or a direction that is not forward or bidirectional.
    """
    if not operators:
        raise ValueError("got no operator, expected one a layer")
    parts: dict[str, dict[str, Array]] = {}
    ways = [_checked(cell, operator) for operator in operators]
    numbered = len(operators) > 1 or 2 in ways
    for k, operator in enumerate(operators):
        for way in range(ways[k]):
            single = {name: np.asarray(one[way]) for name, one in operator.inputs.items()}
            ending = f"_l{k}{'_reverse' if way else ''}" if numbered else ""
            parts[ending] = _from_direction(cell, single, operator.attributes)
    check_chain(parts)
    return {f"{name}{ending}": value for ending, one in parts.items() for name, value in one.items()}


def _checked(cell: CellName, operator: OnnxOperator) -> int:
    """Check one operator and return how many directions it has."""
    check_cell_name(cell)
    direction = operator.attributes.get("direction", "forward")
    if direction not in ("forward", "bidirectional"):
        raise ValueError(f"got direction {direction!r}, expected forward or bidirectional")
    ways = 2 if direction == "bidirectional" else 1
    inputs, hidden = ((*np.shape(operator.inputs.get(name, ())), 0, 0, 0)[2] for name in ("W", "R"))
    wide = GATES[cell] * hidden
    expected: dict[str, tuple[int, ...]] = {"W": (ways, wide, inputs), "R": (ways, wide, hidden)}
    if "B" in operator.inputs:
        expected["B"] = (ways, 2 * wide)
    if cell == "lstm" and "P" in operator.inputs:
        expected["P"] = (ways, 3 * hidden)
    check_shapes(operator.inputs, expected, f"an ONNX operator {cell.upper()}, {direction}")
    return ways


def _from_direction(
    cell: CellName, inputs: Mapping[str, Array], attributes: Mapping[str, str | int]
) -> dict[str, Array]:
    order, hidden = _BACK[cell], inputs["R"].shape[1]
    params = {"weight_ih": reorder(inputs["W"], order), "weight_hh": reorder(inputs["R"], order)}
    if "B" in inputs:
        params["bias_ih"], params["bias_hh"] = (reorder(one, order) for one in np.split(inputs["B"], 2))
    if "P" in inputs:
        params["weight_peephole"] = inputs["P"].reshape(3, hidden)[list(_PEEPHOLE)]
    if cell == "gru" and not attributes.get("linear_before_reset", 0):
        params["weight_hn"] = params["weight_hh"][2 * hidden :]
        params["weight_hh"] = params["weight_hh"][: 2 * hidden]
        if "B" in inputs:  # both are only ever added
            params["bias_ih"] = params["bias_ih"] + params.pop("bias_hh")
    if cell == "lstm" and attributes.get("input_forget", 0):
        kept = [k for k in range(4 * hidden) if not hidden <= k < 2 * hidden]
        params = {name: value if name == "weight_peephole" else value[kept] for name, value in params.items()}
        if "P" in inputs:
            params["weight_peephole"] = params["weight_peephole"][[0, 2]]
    return params
