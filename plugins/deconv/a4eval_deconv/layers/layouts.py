"""Where other frameworks keep the axes of a filter: what makes the convolutions ``a4eval.Convertible``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval_deconv.layers.fields import Array


class Convertible:
    """The layouts ``torch``, which is ours, ``keras`` and ``flax``, which call the filter ``kernel``.

    Both have the channels last, Keras in the order of the convolution whose gradient a transposed one is.
    Flax correlates where a transposed convolution convolves, so its filter is turned round.
    """

    is_transposed: ClassVar[bool]

    def to_layout(self, layout: str, params: Mapping[str, Array]) -> dict[str, Array]:
        """Return the parameters as *layout* has them; a ValueError where there is no such layout."""
        if layout == "torch":
            return dict(params)
        there = _turned(params["weight"]) if self._is_turned(layout) else params["weight"]
        found = {"kernel": np.moveaxis(there, (0, 1), self._places(layout))}
        return found | ({"bias": params["bias"]} if "bias" in params else {})

    def from_layout(self, layout: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Return this layer's parameters for those of *layout*; a ValueError where there is no such layout."""
        if layout == "torch":
            return dict(arrays)
        weight = np.moveaxis(arrays["kernel"], self._places(layout), (0, 1))
        found = {"weight": _turned(weight) if self._is_turned(layout) else weight}
        return found | ({"bias": arrays["bias"]} if "bias" in arrays else {})

    def _places(self, layout: str) -> tuple[int, int]:
        if layout not in ("keras", "flax"):
            raise ValueError(f"got layout {layout!r}, expected torch, keras or flax")
        return (-2, -1) if self._is_turned(layout) else (-1, -2)

    def _is_turned(self, layout: str) -> bool:
        return layout == "flax" and self.is_transposed


def _turned(weight: Array) -> Array:
    return np.flip(weight, tuple(range(2, weight.ndim)))
