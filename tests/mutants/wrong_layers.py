"""Layers whose gradient is right and that are wrong all the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from .layer_base import Convolution, Dense, LayerNorm, MaxPool, Recurrence, Relu, Softmax, Tanh, wrong


@wrong
class BatchesOfThreeAndMore(Dense):
    """Wrong only for batches of three or more, when a pair of rows is all that is tried."""

    def example(self, rng):
        return rng.standard_normal((1, 4))

    def forward(self, params, x):
        y, tape = super().forward(params, x)
        if len(x) >= 3:
            y[2:] *= x.dtype.type(1.01)
        return y, tape

    def backward(self, params, tape, dy):
        if len(dy) >= 3:
            dy = np.concatenate([dy[:2], dy[2:] * dy.dtype.type(1.01)])
        return super().backward(params, tape, dy)


@wrong
class LastChunkForgotten(Dense):
    """Rows are worked on in chunks of four; what does not fill one is left at zero."""

    def example(self, rng):
        return rng.standard_normal((4, 4))

    def forward(self, params, x):
        y, tape = super().forward(params, x)
        y[len(x) // 4 * 4 :] = 0
        return y, tape

    def backward(self, params, tape, dy):
        dy = dy.copy()
        dy[len(dy) // 4 * 4 :] = 0
        return super().backward(params, tape, dy)


@wrong
class LeaksBetweenRows(Dense):
    """The mean over the batch is taken off, as in a batch norm that nobody asked for."""

    linear: ClassVar[bool] = True

    def forward(self, params, x):
        y, tape = super().forward(params, x)
        return y - y.mean(axis=0) if len(y) else y, tape

    def backward(self, params, tape, dy):
        return super().backward(params, tape, dy - dy.mean(axis=0) if len(dy) else dy)


@wrong
class LeaksThroughTheMaximum(Softmax):
    """The scores are shifted by the largest of the whole batch: rounding, NaN and infinities cross between rows."""

    def forward(self, params, x):
        e = np.exp(x - x.max(initial=-np.inf))
        y = e / e.sum(axis=-1, keepdims=True)
        return y, y


@wrong
class NanReachesTheNeighbour(Dense):
    """A sum over all rows, times zero: harmless until one of them holds NaN."""

    def forward(self, params, x):
        y, tape = super().forward(params, x)
        return y + 0 * x.sum(), tape


@wrong
class RollsTheBatch(Tanh):
    """Each row gets a millionth of its neighbour."""

    def forward(self, params, x):
        y = np.tanh(x)
        return y + np.roll(y, 1, axis=0) * x.dtype.type(1e-6), y

    def backward(self, params, tape, dy):
        dy = dy + np.roll(dy, -1, axis=0) * dy.dtype.type(1e-6)
        return {}, dy * (1 - tape * tape)


@wrong
class ReversesTheBatchBackward(Tanh):
    """The gradients of a batch come back in reverse order; a batch of one is right."""

    def example(self, rng):
        return rng.standard_normal((1, 4))

    def backward(self, params, tape, dy):
        return {}, (dy * (1 - tape * tape))[::-1]


@wrong
class EmptyBatchCrashes(Dense):
    """An empty batch ends in an IndexError."""

    def forward(self, params, x):
        y, tape = super().forward(params, x)
        y[0] += 0
        return y, tape


@wrong
class EmptyBatchHasAGradient(Dense):
    """No row at all gives the bias a gradient of NaN."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        scale = np.float64(len(dy)) / len(dy) if len(dy) else np.nan
        return dparams | {"b": dparams["b"] * dy.dtype.type(scale)}, dx


@wrong
class ChangesItsInput(Tanh):
    """x is overwritten."""

    def forward(self, params, x):
        x *= 1
        x[x > 1] = 1
        y = np.tanh(x)
        return y, y


@wrong
class ChangesDy(Relu):
    """dy is masked in place."""

    def backward(self, params, tape, dy):
        dy[~tape] = 0
        return {}, dy


@wrong
class ChangesItsParameters(Dense):
    """The weight is normalised in place."""

    def forward(self, params, x):
        params["W"] -= params["W"].mean() * params["W"].dtype.type(1e-3)
        return super().forward(params, x)


@wrong
class RandomNumbers(Tanh):
    """Every call adds other noise of 1e-13."""

    def forward(self, params, x):
        y = np.tanh(x)
        noise = np.random.default_rng().standard_normal(x.shape).astype(x.dtype)
        return y * (1 + noise * x.dtype.type(1e-13)), y


@wrong
class Dropout(Tanh):
    """A tenth of the entries is dropped, at random in every call."""

    def forward(self, params, x):
        keep = np.random.default_rng().random(x.shape) > 0.1
        y = np.tanh(x) * keep
        return y, (y, keep)

    def backward(self, params, tape, dy):
        y, keep = tape
        return {}, dy * keep * (1 - y * y)


@wrong
@dataclass
class StateBetweenCalls(Recurrence):
    """The last hidden state of a call is the first of the next."""

    _last: object = field(default=None, init=False)

    def forward(self, params, x):
        if self._last is not None and len(self._last) == len(x):
            x = x.copy()
            x[:, :1] += self._last[:, None].astype(x.dtype)
        y, tape = super().forward(params, x)
        self._last = y[:, -1]
        return y, tape


@wrong
@dataclass
class TapeInTheLayer(Tanh):
    """backward reads what the last forward left in the layer, not the tape."""

    _y: object = field(default=None, init=False)

    def forward(self, params, x):
        self._y = np.tanh(x)
        return self._y, None

    def backward(self, params, tape, dy):
        return {}, dy * (1 - self._y * self._y)


@wrong
@dataclass
class StaleCache(Dense):
    """The product is cached by the shape of the weight: other parameters get the old answer."""

    _cache: dict = field(default_factory=dict, init=False)

    def forward(self, params, x):
        key = (params["W"].shape, params["W"].dtype)
        weight = self._cache.setdefault(key, params["W"].copy())
        return super().forward({**params, "W": weight}, x)

    def backward(self, params, tape, dy):
        weight = self._cache[params["W"].shape, params["W"].dtype]
        return super().backward({**params, "W": weight}, tape, dy)


@wrong
@dataclass
class CacheByIdentity(Tanh):
    """The answer is cached by the address of the input: a buffer that is used again gets the old one."""

    _cache: dict = field(default_factory=dict, init=False)

    def forward(self, params, x):
        key = (x.__array_interface__["data"][0], x.shape, x.strides, x.dtype)
        if key not in self._cache:
            self._cache[key] = (np.tanh(x), x)
        y = self._cache[key][0]
        return y, y


@wrong
class TapeDestroyedByUse(Tanh):
    """backward overwrites the tape."""

    def backward(self, params, tape, dy):
        tape *= -tape
        tape += 1
        return {}, dy * tape


@wrong
class TapeIsPopped(Recurrence):
    """backward pops the states off the tape: a second call finds none."""

    def backward(self, params, tape, dy):
        x, states = tape
        answer = super().backward(params, (x, list(states)), dy)
        while states:
            states.pop()
        return answer


@wrong
@dataclass
class Leak(Tanh):
    """Every input is kept for ever."""

    _seen: list = field(default_factory=list, init=False)

    def forward(self, params, x):
        self._seen.append(x.copy())
        return super().forward(params, x)


@wrong
@dataclass
class SmallLeak(Tanh):
    """Every call adds one number to a list."""

    _norms: list = field(default_factory=list, init=False)

    def forward(self, params, x):
        self._norms.append(float(np.sum(x)) + len(self._norms))
        return super().forward(params, x)


@wrong
class RowsTimesRows(Tanh):
    """A mask of rows × rows is made for every batch."""

    def forward(self, params, x):
        mask = np.eye(len(x) * x.shape[1], dtype=x.dtype)
        y = np.tanh((mask @ x.ravel()).reshape(x.shape))
        return y, y


@wrong
class SwallowsNan(Relu):
    """NaN > 0 is false, so NaN becomes 0."""

    def forward(self, params, x):
        return np.where(x > 0, x, 0).astype(x.dtype), x > 0


@wrong
class NanToNum(Dense):
    """Missing inputs are taken for zeros without a word."""

    def forward(self, params, x):
        return super().forward(params, np.nan_to_num(x))


@wrong
class IgnoresNanInTheMaximum(MaxPool):
    """fmax prefers the number to the NaN."""

    def forward(self, params, x):
        _, tape = super().forward(params, x)
        padded = np.concatenate([x, np.full((len(x), x.shape[1] % 2), -np.inf, x.dtype)], axis=1)
        return np.fmax(padded[:, ::2], padded[:, 1::2]), tape


@wrong
class Float32Inside(Dense):
    """float64 comes in and goes out, but the product is float32."""

    complex_step: ClassVar[bool] = False

    def forward(self, params, x):
        y, _ = super().forward({k: v.astype(np.float32) for k, v in params.items()}, x.astype(np.float32))
        return y.astype(x.dtype), x


@wrong
class Float32SumsInBackward(Dense):
    """The bias gradient is summed in float32 though float64 is promised."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        return dparams | {"b": dy.sum(axis=0, dtype=np.float32).astype(dy.dtype)}, dx


@wrong
class Float64Out(Tanh):
    """float32 comes in, float64 goes out."""

    def forward(self, params, x):
        y = np.tanh(x.astype(np.float64))
        return y, y


@wrong
class Float64Gradient(LayerNorm):
    """The gradient of float32 is float64: a constant was made without a dtype."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        return dparams, dx * np.ones(dx.shape)


@wrong
class NaiveVariance(LayerNorm):
    """The variance is the mean square less the squared mean: float32 cancels it away where the mean is large."""

    def example(self, rng):
        return 300 + rng.standard_normal((3, 6))

    def forward(self, params, x):
        mean = x.mean(axis=-1, keepdims=True)
        variance = (x * x).mean(axis=-1, keepdims=True) - mean * mean
        scale = 1 / np.sqrt(np.maximum(variance, 0) + x.dtype.type(self.epsilon))
        normal = (x - mean) * scale
        return normal * params["g"] + params["b"], (normal, scale)


@wrong
class HalfPrecisionSums(Dense):
    """float32 inputs are multiplied in float16."""

    def forward(self, params, x):
        if x.dtype != np.float32:
            return super().forward(params, x)
        y, _ = super().forward({k: v.astype(np.float16) for k, v in params.items()}, x.astype(np.float16))
        return y.astype(np.float32), x


@wrong
class NotLinear(Dense):
    """It says that it is linear; it is not where values are large."""

    def forward(self, params, x):
        y, tape = super().forward(params, x)
        return np.where(np.abs(y) > 1e4, 1e4, y) if y.dtype.kind == "f" else y, tape


@wrong
class CropOffByOneForward(Convolution):
    """Forward drops the last window and puts zero there; backward does not know."""

    def forward(self, params, x):
        y, tape = super().forward(params, x)
        y[:, -1] = 0
        return y, tape


@wrong
class BrokenByViews(Tanh):
    """The buffer is read as if it were contiguous."""

    def forward(self, params, x):
        flat = np.lib.stride_tricks.as_strided(x, (x.size,), (x.itemsize,)) if x.size else x.ravel()
        y = np.tanh(flat.reshape(x.shape))
        return y, y


@wrong
class FortranOrder(Tanh):
    """The input is flattened in the order of its memory and put together in C's."""

    def forward(self, params, x):
        y = np.tanh(x.ravel(order="K").reshape(x.shape))
        return y, y


@wrong
class NeedsToWrite(Relu):
    """It works in place and puts back what it changed: a read-only input ends in an error."""

    def forward(self, params, x):
        positive = x > 0
        kept = x.copy()
        np.maximum(x, 0, out=x)
        y = x.copy()
        x[...] = kept
        return y, positive


@wrong
class ByteOrder(Tanh):
    """The bytes are viewed as native numbers whatever their order."""

    def forward(self, params, x):
        y = np.tanh(np.ascontiguousarray(x).view(x.dtype.newbyteorder("=")))
        return y, y


@wrong
class BroadcastGradient(Dense):
    """dy is reshaped by its strides: a broadcast one (stride 0) is taken for zeros."""

    def backward(self, params, tape, dy):
        return super().backward(params, tape, dy if all(dy.strides) or not dy.size else np.zeros(dy.shape, dy.dtype))


@wrong
class AddsAConstantBackward(Dense):
    """A constant of 1e-9 keeps gradients from being zero."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        return dparams, dx + dx.dtype.type(1e-9)


@wrong
class Raises(Dense):
    """backward ends in a NameError."""

    def backward(self, params, tape, dy):
        return undefined_name  # noqa: F821


@wrong
class WrongAgainstTheReference(Tanh):
    """Forward and backward agree with each other, but the layer is not what its reference is."""

    def forward(self, params, x):
        y = np.tanh(x * x.dtype.type(1.0001))
        return y, y

    def backward(self, params, tape, dy):
        return {}, dy * dy.dtype.type(1.0001) * (1 - tape * tape)

    def reference(self, framework, params, x, dy):
        y = np.tanh(x)
        return y, {}, dy * (1 - y * y)


@wrong
class OneRowForAll(Dense):
    """Rows that lie at one place in memory (stride 0) are computed once, and the others left at zero."""

    def forward(self, params, x):
        y, tape = super().forward(params, x)
        if x.strides[0] == 0:
            y[1:] = 0
        return y, tape


@wrong
class TinyInputsAreZero(Dense):
    """Inputs below 1e-20 are taken for zeros."""

    def forward(self, params, x):
        return super().forward(params, np.where(np.abs(x) < 1e-20, 0, x).astype(x.dtype))

    def init(self, rng):
        return {**super().init(rng), "b": np.zeros(5)}


@wrong
class DealtOutToThreads(Dense):
    """Rows are dealt out to as many threads as BLAS has, and what does not divide is left out: one thread is right."""

    def forward(self, params, x):
        y, tape = super().forward(params, x)
        n = max((one["num_threads"] for one in _pools()), default=1)
        if len(x) > 32:  # fewer are not worth it
            y[len(x) // n * n :] = 0
        return y, tape


def _pools():
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    return threadpool_info()
