"""Right layers, small, that the wrong ones are made of; ``wrong`` and ``right`` collect them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

WRONG: dict[str, type] = {}
RIGHT: dict[str, type] = {}


def wrong(layer):
    """Collect a layer with a bug; its docstring says which."""
    WRONG[layer.__name__] = layer
    return layer


def right(layer):
    """Collect a layer that is right but looks suspicious; its docstring says why."""
    RIGHT[layer.__name__] = layer
    return layer


@dataclass
class Dense:
    """y = x W + b."""

    linear: ClassVar[bool] = True
    complex_step: ClassVar[bool] = True

    def example(self, rng):
        return rng.standard_normal((3, 4))

    def init(self, rng):
        return {"W": rng.standard_normal((4, 5)), "b": rng.standard_normal(5)}

    def forward(self, params, x):
        if x.ndim != 2 or x.shape[1] != len(params["W"]):
            raise ValueError(f"expected (rows, {len(params['W'])}), got {x.shape}")
        return x @ params["W"] + params["b"], x

    def backward(self, params, tape, dy):
        return {"W": tape.T @ dy, "b": dy.sum(axis=0)}, dy @ params["W"].T


@dataclass
class Tanh:
    """y = tanh(x), of any shape."""

    def example(self, rng):
        return rng.standard_normal((3, 4))

    def init(self, rng):
        return {}

    def forward(self, params, x):
        y = np.tanh(x)
        return y, y

    def backward(self, params, tape, dy):
        return {}, dy * (1 - tape * tape)


@dataclass
class Relu:
    """y = max(x, 0), which NaN passes through."""

    def example(self, rng):
        return rng.standard_normal((3, 4))

    def init(self, rng):
        return {}

    def forward(self, params, x):
        return np.maximum(x, 0), x > 0

    def backward(self, params, tape, dy):
        return {}, dy * tape


@dataclass
class Softmax:
    """y = softmax(x) along the last axis."""

    def example(self, rng):
        return rng.standard_normal((3, 5))

    def init(self, rng):
        return {}

    def forward(self, params, x):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        y = e / e.sum(axis=-1, keepdims=True)
        return y, y

    def backward(self, params, tape, dy):
        return {}, tape * (dy - (dy * tape).sum(axis=-1, keepdims=True))


@dataclass
class LayerNorm:
    """y = g (x − mean) / std + b along the last axis."""

    epsilon: float = 1e-5

    def example(self, rng):
        return rng.standard_normal((3, 6))

    def init(self, rng):
        return {"g": 1 + 0.1 * rng.standard_normal(6), "b": 0.1 * rng.standard_normal(6)}

    def forward(self, params, x):
        if x.shape[-1] != len(params["g"]):
            raise ValueError(f"expected {len(params['g'])} features, got {x.shape[-1]}")
        centred = x - x.mean(axis=-1, keepdims=True)
        scale = 1 / np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + x.dtype.type(self.epsilon))
        normal = centred * scale
        return normal * params["g"] + params["b"], (normal, scale)

    def backward(self, params, tape, dy):
        normal, scale = tape
        back = dy * params["g"]
        dx = back - back.mean(axis=-1, keepdims=True) - normal * (back * normal).mean(axis=-1, keepdims=True)
        return {"g": (dy * normal).sum(axis=0), "b": dy.sum(axis=0)}, dx * scale


@dataclass
class Convolution:
    """Convolution in one dimension, (rows, size) to (rows, size − 2), and its exact gradients."""

    linear: ClassVar[bool] = True
    complex_step: ClassVar[bool] = True

    def example(self, rng):
        return rng.standard_normal((3, 8))

    def init(self, rng):
        return {"w": rng.standard_normal(3)}

    def forward(self, params, x):
        size = x.shape[1] - 2
        if size < 1:
            raise ValueError(f"expected at least 3 entries a row, got {x.shape[1]}")
        return sum(params["w"][k] * x[:, k : k + size] for k in range(3)), x

    def backward(self, params, tape, dy):
        size, dx = dy.shape[1], np.zeros(tape.shape, dy.dtype)
        for k in range(3):
            dx[:, k : k + size] += params["w"][k] * dy
        return {"w": np.stack([(dy * tape[:, k : k + size]).sum() for k in range(3)])}, dx


@dataclass
class Recurrence:
    """h = tanh(w x + u h'), time along axis 1."""

    def example(self, rng):
        return rng.standard_normal((3, 6))

    def init(self, rng):
        return {"w": rng.standard_normal(1), "u": 0.5 + 0.1 * rng.standard_normal(1)}

    def forward(self, params, x):
        h, states = np.zeros(len(x), x.dtype), []
        for t in range(x.shape[1]):
            h = np.tanh(params["w"][0] * x[:, t] + params["u"][0] * h)
            states.append(h)
        return np.stack(states, axis=1) if states else np.zeros(x.shape, x.dtype), (x, states)

    def backward(self, params, tape, dy):
        x, states = tape
        dx, dh = np.zeros_like(x, dtype=dy.dtype), np.zeros(len(x), dy.dtype)
        dw, du = np.zeros(1, dy.dtype), np.zeros(1, dy.dtype)
        for t in reversed(range(len(states))):
            dz = (dy[:, t] + dh) * (1 - states[t] ** 2)
            dx[:, t] = dz * params["w"][0]
            dw += (dz * x[:, t]).sum()
            du += (dz * states[t - 1]).sum() if t else 0
            dh = dz * params["u"][0]
        return {"w": dw, "u": du}, dx


@dataclass
class MaxPool:
    """The larger of each two neighbours; an odd last one stays."""

    def example(self, rng):
        return rng.standard_normal((3, 6))

    def init(self, rng):
        return {}

    def forward(self, params, x):
        if x.shape[1] == 0:
            raise ValueError("expected at least one entry a row")
        padded = np.concatenate([x, np.full((len(x), x.shape[1] % 2), -np.inf, x.dtype)], axis=1)
        pairs = padded.reshape(len(x), -1, 2) if len(x) else padded.reshape(0, padded.shape[1] // 2, 2)
        first = (pairs[..., 0] >= pairs[..., 1]) | np.isnan(pairs[..., 0])
        return pairs.max(axis=-1), (first, x.shape)

    def backward(self, params, tape, dy):
        first, shape = tape
        both = np.stack([np.where(first, dy, 0), np.where(first, 0, dy)], axis=-1)
        return {}, both.reshape(len(dy), -1)[:, : shape[1]].astype(dy.dtype)
