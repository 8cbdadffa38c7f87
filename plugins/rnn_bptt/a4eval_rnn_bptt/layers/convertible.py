"""Cells whose weights other frameworks have too: what makes them ``a4eval.Convertible``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from a4eval_rnn_bptt.layouts.keras_layout import from_keras, to_keras
from a4eval_rnn_bptt.layouts.weights import check_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval_rnn_bptt.arrays import Array, Params

_KERAS = ("kernel", "recurrent_kernel", "bias")


class Convertible:
    """The layouts ``torch``, named as in its ``state_dict``, and ``keras``: kernel, recurrent_kernel and bias.

    In the former a GRU that resets before the matrix product keeps its ``weight_hn``, which no module of torch takes.
    """

    cell_name: ClassVar[Literal["rnn", "lstm", "gru"]]

    def to_layout(self, layout: str, params: Params) -> dict[str, Array]:
        """Return the weights as *layout* has them; a ValueError where it has no such cell."""
        _check(layout)
        if layout == "torch":
            check_weights(self.cell_name, params, "torch")
            return {f"{name}_l0": value for name, value in params.items()}
        return dict(zip(_KERAS, to_keras(self.cell_name, params), strict=False))

    def from_layout(self, layout: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Return the weights of this cell for those of *layout*; a ValueError where they are none."""
        _check(layout)
        if layout == "torch":
            params = {name.removesuffix("_l0"): value for name, value in arrays.items()}
            check_weights(self.cell_name, params, "torch")
            return params
        given = [arrays[name] for name in _KERAS if name in arrays]
        reset = getattr(self, "reset_after", True)
        return from_keras(self.cell_name, given, reset_after=reset, use_bias="bias" in arrays)


def _check(layout: str) -> None:
    if layout not in ("torch", "keras"):
        raise ValueError(f"got layout {layout!r}, expected torch or keras")
