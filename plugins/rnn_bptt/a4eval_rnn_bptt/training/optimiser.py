"""SGD and Adam over many models at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from a4eval_rnn_bptt.arrays import Array


@dataclass
class Optimiser:
    """SGD or Adam (Kingma & Ba 2015) over M models at once, with clipping of the global norm (Pascanu et al. 2013)."""

    rule: Literal["adam", "sgd"]
    rate: float
    clip: float | None
    count: int = 0
    first: dict[str, Array] = field(default_factory=dict)
    second: dict[str, Array] = field(default_factory=dict)

    def update(self, params: dict[str, Array], gradients: dict[str, Array]) -> Array:
        """Change *params* in place and return the gradients' global norm, (M,), before clipping.

        A model whose gradient is not finite stands still.
        """
        self.count += 1
        with np.errstate(over="ignore"):  # a norm that overflows is inf, and that model stands still
            squares = sum(np.sum(np.square(one, dtype=np.float64), axis=_inner(one)) for one in gradients.values())
        norm = np.sqrt(np.asarray(squares))
        scale = np.ones_like(norm) if self.clip is None else np.minimum(1, self.clip / np.maximum(norm, 1e-300))
        usable = np.isfinite(norm)
        scale = np.where(usable, scale, 0)
        for name, value in params.items():
            shape = (-1, *(1,) * (value.ndim - 1))
            step = np.where(usable.reshape(shape), gradients[name], 0) * scale.reshape(shape).astype(value.dtype)
            if self.rule == "adam":
                step = self._adam(name, step)
            np.subtract(value, self.rate * step, out=value)
        result: Array = norm
        return result

    def _adam(self, name: str, gradient: Array) -> Array:
        first = self.first.setdefault(name, np.zeros_like(gradient))
        second = self.second.setdefault(name, np.zeros_like(gradient))
        first += 0.1 * (gradient - first)
        second += 0.001 * (gradient * gradient - second)
        mean = first / (1 - 0.9**self.count)
        spread = np.sqrt(second / (1 - 0.999**self.count))
        result: Array = mean / (spread + 1e-8)
        return result

    def keep(self, models: Array) -> None:
        """Drop the state of all models but these."""
        self.first = {name: value[models] for name, value in self.first.items()}
        self.second = {name: value[models] for name, value in self.second.items()}


def _inner(value: Array) -> tuple[int, ...]:
    return tuple(range(1, value.ndim))
