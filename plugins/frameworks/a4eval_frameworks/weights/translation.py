"""From the weights of a layer of Keras or Flax to those of torch and back, by the name of its class.

Convolutions and recurrent layers are turned by the layers of the plugins deconv and rnn_bptt, which know them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from a4eval import ConfigError, Convertible, build

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval_frameworks.trees import Array

Framework: TypeAlias = Literal["keras", "flax"]

_RENAMED: dict[Framework, dict[str, dict[str, str]]] = {
    "keras": {
        "Embedding": {"embeddings": "weight"},
        "LayerNormalization": {"gamma": "weight", "beta": "bias"},
        "BatchNormalization": {"gamma": "weight", "beta": "bias"},
        "GroupNormalization": {"gamma": "weight", "beta": "bias"},
        "RMSNormalization": {"scale": "weight"},
    },
    "flax": {
        "Embed": {"embedding": "weight"},
        "LayerNorm": {"scale": "weight", "bias": "bias"},
        "BatchNorm": {"scale": "weight", "bias": "bias"},
        "GroupNorm": {"scale": "weight", "bias": "bias"},
        "RMSNorm": {"scale": "weight"},
    },
}
"""Their name to torch's."""
_DENSE = {"Dense", "Linear"}
_DOORS = {
    r"Conv\d?D?": ("deconv", "conv"),
    r"Conv(\dD)?Transpose": ("deconv", "conv_transpose"),
    "SimpleRNN": ("rnn_bptt", "rnn"),
    "LSTM": ("rnn_bptt", "lstm"),
    "GRU": ("rnn_bptt", "gru"),
}
"""The plugin and the layer that turn the weights of a class."""


def to_torch(
    framework: Framework, kind: str, params: Mapping[str, Array], options: Mapping[str, Any]
) -> dict[str, Array]:
    """Return the parameters of a layer as torch has them.

    Args:
        framework: whose layer it is.
        kind: the name of its class.
        params: its parameters by name; the names of layers inside it, such as ``lstm_cell.``, do not count.
        options: what it is made with.

    Raises:
        ValueError: it is not known how.
    """
    names = _RENAMED[framework].get(kind)
    if names is not None:
        return {names[_short(name)]: value for name, value in params.items()}
    given = {_short(name): value for name, value in params.items()}
    if kind in _DENSE:
        return {"weight": given["kernel"].T} | ({"bias": given["bias"]} if "bias" in given else {})
    door = _door(framework, kind, options)
    return dict(door.to_layout("torch", door.from_layout(framework, given)))


def from_torch(
    framework: Framework, kind: str, names: list[str], arrays: Mapping[str, Array], options: Mapping[str, Any]
) -> dict[str, Array]:
    """Return the parameters of a layer, of these *names*, for those of torch; otherwise as :func:`to_torch`."""
    renamed = _RENAMED[framework].get(kind)
    if renamed is not None:
        found = {short: arrays[there] for short, there in renamed.items() if there in arrays}
    elif kind in _DENSE:
        found = {"kernel": arrays["weight"].T} | ({"bias": arrays["bias"]} if "bias" in arrays else {})
    else:
        door = _door(framework, kind, options)
        found = dict(door.to_layout(framework, door.from_layout("torch", arrays)))
    if {_short(name) for name in names} != set(found):
        raise ValueError(f"torch's {', '.join(arrays)} are no weights of a {kind} with {', '.join(names)}")
    return {name: np.ascontiguousarray(found[_short(name)]) for name in names}


def check_layout(layout: str) -> None:
    """Raise a ValueError unless the layout is ``torch``, in which all meet."""
    if layout != "torch":
        raise ValueError(f"got layout {layout!r}, expected torch")


def _door(framework: Framework, kind: str, options: Mapping[str, Any]) -> Convertible:
    """Return the layer of another plugin that knows these weights."""
    found = next((where for pattern, where in _DOORS.items() if re.fullmatch(pattern, kind)), None)
    if found is None or options.get("transpose_kernel"):
        raise ValueError(f"it is not known how the weights of {framework}'s {kind} become those of torch")
    plugin, name = found
    node = {"name": name}
    if name == "gru":
        node["reset_after"] = options.get("reset_after", True)
    try:
        door = build("layer", node)
    except ConfigError as error:
        needed = f"a4eval-{plugin.replace('_', '-')}"
        raise ValueError(f"the weights of a {kind} are turned by another plugin: pip install {needed}") from error
    if not isinstance(door, Convertible):
        raise ValueError(f"the layer {name!r} that is installed cannot turn weights")  # noqa: TRY004  (told as the others)
    return door


def _short(name: str) -> str:
    return name.rpartition(".")[2]
