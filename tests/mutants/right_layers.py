"""Right layers that look suspicious: none may be blamed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .layer_base import Convolution, Dense, LayerNorm, MaxPool, Recurrence, Relu, Softmax, Tanh, right

for _plain in (Dense, Tanh, Relu, Softmax, LayerNorm, Convolution, Recurrence, MaxPool):
    right(_plain)


@right
class TinyParameters(Dense):
    """Parameters of 1e-6: a step that is not a share of them is far too large."""

    def init(self, rng):
        return {"W": 1e-6 * rng.standard_normal((4, 5)), "b": 1e-6 * rng.standard_normal(5)}


@right
class HugeParameters(Dense):
    """Parameters of 1e8."""

    def init(self, rng):
        return {"W": 1e8 * rng.standard_normal((4, 5)), "b": 1e8 * rng.standard_normal(5)}


@right
class TinyInputs(Tanh):
    """Inputs of 1e-12."""

    def example(self, rng):
        return 1e-12 * rng.standard_normal((3, 4))


@right
class HugeInputs(Dense):
    """Inputs of 1e12."""

    def example(self, rng):
        return 1e12 * rng.standard_normal((3, 4))


@right
class ColumnsOfAllMagnitudes(Dense):
    """Columns from 1e-12 to 1e12."""

    def example(self, rng):
        return rng.standard_normal((3, 4)) * np.array([1e-12, 1e-4, 1e4, 1e12])


@right
class ZeroBias(Dense):
    """A bias that starts at zero has no magnitude that a step could be a share of."""

    def init(self, rng):
        return {"W": rng.standard_normal((4, 5)), "b": np.zeros(5)}


@right
class ReluAtZero(Relu):
    """Half of the inputs are exactly 0, where relu has no derivative."""

    def example(self, rng):
        return rng.standard_normal((3, 8)) * (rng.random((3, 8)) < 0.5)


@right
class AbsoluteValueAtZero:
    """|x| with a zero in every row, and 0 for its slope there."""

    def example(self, rng):
        x = rng.standard_normal((3, 4))
        x[:, 0] = 0
        return x

    def init(self, rng):
        return {}

    def forward(self, params, x):
        return np.abs(x), np.sign(x)

    def backward(self, params, tape, dy):
        return {}, dy * tape


@right
class TiedMaximum(MaxPool):
    """Every second pair is a tie: the gradient goes to one of them."""

    def example(self, rng):
        x = rng.standard_normal((3, 8))
        x[:, 1::4] = x[:, 0::4]
        return x


@right
@dataclass
class LargeSums(Dense):
    """Sums of 4,000 terms: float32 loses some digits, as it must."""

    def example(self, rng):
        return rng.standard_normal((2, 4000))

    def init(self, rng):
        return {"W": rng.standard_normal((4000, 2)), "b": rng.standard_normal(2)}


@right
class OneSidedSums:
    """A running sum of 2,000 positive numbers, one after the other in the dtype of x."""

    linear: ClassVar[bool] = True

    def example(self, rng):
        return rng.random((2, 2000)) + 0.5

    def init(self, rng):
        return {}

    def forward(self, params, x):
        return np.cumsum(x, axis=1, dtype=x.dtype)[:, -1:] if x.shape[1] else x, x.shape

    def backward(self, params, tape, dy):
        return {}, np.broadcast_to(dy, tape).copy()


@right
class ChaoticRecurrence(Recurrence):
    """The logistic map: what rounding does doubles with every step."""

    def example(self, rng):
        return rng.uniform(0.2, 0.8, (3, 20))

    def init(self, rng):
        return {"r": np.array([3.9])}

    def forward(self, params, x):
        h, states = x[:, 0], []
        for t in range(x.shape[1]):
            h = params["r"][0] * h * (1 - h) if t else h
            states.append(h)
        return np.stack(states, axis=1) + x * 0, (x.shape, states)

    def backward(self, params, tape, dy):
        shape, states = tape
        dh, dr = np.zeros(len(dy), dy.dtype), np.zeros(1, dy.dtype)
        for t in reversed(range(len(states))):
            dh = dh + dy[:, t]
            if t:
                dr += (dh * states[t - 1] * (1 - states[t - 1])).sum()
                dh = dh * params["r"][0] * (1 - 2 * states[t - 1])
        dx = np.zeros(shape, dy.dtype)
        dx[:, 0] = dh
        return {"r": dr}, dx


@right
class Cancellation:
    """x minus its mean where the mean is a million times the spread."""

    linear: ClassVar[bool] = True
    complex_step: ClassVar[bool] = True

    def example(self, rng):
        return 1e6 + rng.standard_normal((3, 8))

    def init(self, rng):
        return {}

    def forward(self, params, x):
        return x - x.mean(axis=1, keepdims=True), None

    def backward(self, params, tape, dy):
        return {}, dy - dy.mean(axis=1, keepdims=True)


@right
class BatchNorm:
    """It mixes the rows, and says so."""

    mixes_rows: ClassVar[bool] = True

    def example(self, rng):
        return rng.standard_normal((6, 3))

    def init(self, rng):
        return {"g": 1 + 0.1 * rng.standard_normal(3)}

    def forward(self, params, x):
        if x.ndim != 2 or x.shape[1] != len(params["g"]) or len(x) < 2:
            raise ValueError(f"expected at least two rows of {len(params['g'])}, got {x.shape}")
        centred = x - x.mean(axis=0)
        scale = 1 / np.sqrt((centred * centred).mean(axis=0) + x.dtype.type(1e-5))
        return centred * scale * params["g"], (centred * scale, scale)

    def backward(self, params, tape, dy):
        normal, scale = tape
        back = dy * params["g"]
        dx = (back - back.mean(axis=0) - normal * (back * normal).mean(axis=0)) * scale
        return {"g": (dy * normal).sum(axis=0)}, dx


@right
class RefusesEmptyAndNan(Dense):
    """Empty batches and NaN are refused with a ValueError."""

    def forward(self, params, x):
        if not x.size or not np.isfinite(x).all():
            raise ValueError("expected at least one row of finite numbers")
        return super().forward(params, x)


@right
class Embedding:
    """Integers in, rows of a table out: there is no gradient by the input."""

    def example(self, rng):
        return rng.integers(0, 5, (3, 4))

    def init(self, rng):
        return {"table": rng.standard_normal((5, 2))}

    def forward(self, params, x):
        return params["table"][x], x

    def backward(self, params, tape, dy):
        table = np.zeros_like(params["table"], dtype=dy.dtype)
        np.add.at(table, tape, dy)
        return {"table": table}, None


@right
class TwoInputsNestedParameters:
    """Attention of one query a row over three keys, its parameters in a tree."""

    def example(self, rng):
        return {"query": rng.standard_normal((3, 4)), "keys": rng.standard_normal((3, 3, 4))}

    def init(self, rng):
        return {"maps": [{"W": rng.standard_normal((4, 4))}, {"W": rng.standard_normal((4, 4))}]}

    def forward(self, params, x):
        q, k = x["query"] @ params["maps"][0]["W"], x["keys"] @ params["maps"][1]["W"]
        scores = np.einsum("bi,bki->bk", q, k)
        e = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-np.inf))
        p = e / e.sum(axis=-1, keepdims=True)
        return np.einsum("bk,bki->bi", p, x["keys"]), (x, q, k, p)

    def backward(self, params, tape, dy):
        x, q, k, p = tape
        dp = np.einsum("bi,bki->bk", dy, x["keys"])
        ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True))
        dq, dk = np.einsum("bk,bki->bi", ds, k), ds[..., None] * q[:, None]
        first, second = params["maps"][0]["W"], params["maps"][1]["W"]
        dkeys = p[..., None] * dy[:, None] + dk @ second.T
        dsecond = np.einsum("bki,bkj->ij", x["keys"], dk)
        maps = [{"W": x["query"].T @ dq}, {"W": dsecond}]
        return {"maps": maps}, {"query": dq @ first.T, "keys": dkeys}


@right
class StateInAndOut:
    """One step of a recurrence: input and state in, output and state out."""

    def example(self, rng):
        return rng.standard_normal((3, 4)), rng.standard_normal((3, 4))

    def init(self, rng):
        return {"u": 0.3 * rng.standard_normal((4, 4))}

    def forward(self, params, x):
        h = np.tanh(x[0] + x[1] @ params["u"])
        return (2 * h, h), (x, h)

    def backward(self, params, tape, dy):
        (_, before), h = tape
        dz = (2 * dy[0] + dy[1]) * (1 - h * h)
        return {"u": before.T @ dz}, (dz, dz @ params["u"].T)


@right
class KeyBias(Softmax):
    """A bias that a softmax takes off again: its gradient is exactly zero, and rounding is all that is left of it."""

    def init(self, rng):
        return {"shift": rng.standard_normal(1)}

    def forward(self, params, x):
        return super().forward({}, x + params["shift"])

    def backward(self, params, tape, dy):
        _, dx = super().backward({}, tape, dy)
        return {"shift": dx.sum()[None]}, dx


@right
class PositiveInputs:
    """A logarithm, of positive inputs only."""

    def example(self, rng):
        return rng.random((3, 4)) + 0.01

    def init(self, rng):
        return {}

    def forward(self, params, x):
        if (x <= 0).any():
            raise ValueError("expected positive numbers")
        return np.log(x), x

    def backward(self, params, tape, dy):
        return {}, dy / tape


@right
class SteepExponential:
    """exp(20 x): from 1e-26 to 1e26."""

    def example(self, rng):
        return rng.uniform(-3, 3, (3, 4))

    def init(self, rng):
        return {}

    def forward(self, params, x):
        y = np.exp(20 * x)
        return y, y

    def backward(self, params, tape, dy):
        return {}, 20 * dy * tape


@right
class Saturated(Tanh):
    """tanh of 15 and more: the slope is 1e-13 and less."""

    def example(self, rng):
        return 15 + rng.random((3, 4))

    def forward(self, params, x):
        return np.tanh(x), x

    def backward(self, params, tape, dy):
        return {}, dy / np.cosh(tape) ** 2


@right
class Quantised:
    """Rounds to whole numbers: constant between them, so its gradient is zero."""

    def example(self, rng):
        return rng.integers(-3, 4, (3, 4)) + rng.uniform(-0.3, 0.3, (3, 4))

    def init(self, rng):
        return {"g": rng.standard_normal(4)}

    def forward(self, params, x):
        if x.shape[-1] != 4:
            raise ValueError(f"expected 4 features, got {x.shape[-1]}")
        whole = np.round(x)
        return whole * params["g"], whole

    def backward(self, params, tape, dy):
        return {"g": (dy * tape).sum(axis=0)}, np.zeros_like(dy)


@right
class CausalMask:
    """Later entries never reach earlier outputs: half of the derivatives are exactly zero."""

    linear: ClassVar[bool] = True
    complex_step: ClassVar[bool] = True

    def example(self, rng):
        return rng.standard_normal((3, 6))

    def init(self, rng):
        return {"M": rng.standard_normal((6, 6))}

    def forward(self, params, x):
        if x.ndim != 2 or x.shape[1] != 6:
            raise ValueError(f"expected (rows, 6), got {x.shape}")
        return x @ np.triu(params["M"]), x

    def backward(self, params, tape, dy):
        return {"M": np.triu(tape.T @ dy)}, dy @ np.triu(params["M"]).T


@right
class Countdown(Tanh):
    """It counts its calls and keeps what it made by shape, which is no state that anyone can see."""

    def __init__(self):
        self.calls, self.ones = 0, {}

    def forward(self, params, x):
        self.calls += 1
        one = self.ones.setdefault((x.shape[1:], x.dtype), np.ones(x.shape[1:], x.dtype))
        y = np.tanh(x * one)
        return y, y


@right
class TimeFirst(Recurrence):
    """Rows of the batch lie along axis 1."""

    batch_axis: ClassVar[int] = 1

    def example(self, rng):
        return rng.standard_normal((6, 3))

    def forward(self, params, x):
        y, tape = super().forward(params, x.T)
        return y.T, tape

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy.T)
        return dparams, dx.T


@right
class NoBatch:
    """A sum over everything: there is no batch axis, and it says so."""

    batch_axis: ClassVar[None] = None
    linear: ClassVar[bool] = True

    def example(self, rng):
        return rng.standard_normal(7)

    def init(self, rng):
        return {}

    def forward(self, params, x):
        return x.sum(), x.shape

    def backward(self, params, tape, dy):
        return {}, np.full(tape, dy)


@right
class SmallestExample(Dense):
    """One row of one feature."""

    def example(self, rng):
        return rng.standard_normal((1, 1))

    def init(self, rng):
        return {"W": rng.standard_normal((1, 1)), "b": rng.standard_normal(1)}


@right
class SquareRootNearZero:
    """sqrt(x² + 1e-12): all but a kink at zero, and smooth all the same; float16, where 1e-12 is 0, it refuses."""

    def example(self, rng):
        return rng.standard_normal((3, 4)) * 10.0 ** rng.uniform(-8, 0, (3, 4))

    def init(self, rng):
        return {}

    def forward(self, params, x):
        if x.dtype == np.float16:
            raise ValueError("expected at least float32")
        y = np.sqrt(x * x + x.dtype.type(1e-12))
        return y, (x, y)

    def backward(self, params, tape, dy):
        x, y = tape
        return {}, dy * x / y


@right
class ManyShapes(Convolution):
    """It brings examples of several shapes."""

    def examples(self, rng):
        for size in (3, 4, 7, 16):
            yield rng.standard_normal((2, size))


@right
class LongProduct:
    """The product of twelve numbers: gradients from 1e-5 to 1e5 in one array."""

    def example(self, rng):
        return rng.standard_normal((3, 12)) * 2

    def init(self, rng):
        return {}

    def forward(self, params, x):
        return x.prod(axis=1, keepdims=True), x

    def backward(self, params, tape, dy):
        ones = np.ones((len(tape), 1), tape.dtype)
        left = np.cumprod(np.concatenate([ones, tape[:, :-1]], axis=1), axis=1)
        right_ = np.cumprod(np.concatenate([ones, tape[:, :0:-1]], axis=1), axis=1)[:, ::-1]
        return {}, dy * left * right_
