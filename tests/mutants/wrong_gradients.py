"""Layers whose gradient is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .layer_base import Convolution, Dense, LayerNorm, MaxPool, Recurrence, Relu, Softmax, Tanh, wrong


@wrong
class SmallColumnHasNoGradient(Dense):
    """The gradient of a column whose values are 1e-9 of the others' is zero: below the largest entry's tolerance."""

    def example(self, rng):
        return rng.standard_normal((3, 4)) * np.array([1.0, 1.0, 1.0, 1e-9])

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        dparams["W"][3] = 0
        return dparams, dx


@wrong
class SmallValuesHaveNoGradient(Tanh):
    """The gradient is zero where |x| is below 1e-4."""

    def forward(self, params, x):
        y = np.tanh(x)
        return y, (x, y)

    def backward(self, params, tape, dy):
        x, y = tape
        return {}, np.where(np.abs(x) < 1e-4, 0, dy * (1 - y * y)).astype(dy.dtype)


@wrong
class ThresholdOnGradients(Dense):
    """Gradients below 1e-8 are taken for noise and dropped."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        return dparams, np.where(np.abs(dx) < 1e-8, 0, dx).astype(dx.dtype)


@wrong
class OneRowOfManyIsWrong(Dense):
    """One row of the 200 of a weight matrix has half its gradient: few entries tried at random see it."""

    def example(self, rng):
        return rng.standard_normal((3, 200))

    def init(self, rng):
        return {"W": rng.standard_normal((200, 5)), "b": rng.standard_normal(5)}

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        dparams["W"][137] *= 0.5
        return dparams, dx


@wrong
class OneInputRowOfManyIsWrong(Tanh):
    """One row of a batch of 200 has a gradient 1 % off."""

    def example(self, rng):
        return rng.standard_normal((200, 3))

    def backward(self, params, tape, dy):
        dx = dy * (1 - tape * tape)
        dx[88:89] *= 1.01
        return {}, dx


@wrong
class MissingBiasGradient(Dense):
    """The bias gets no gradient."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        return dparams | {"b": np.zeros_like(dparams["b"])}, dx


@wrong
class ForgottenParameter(Dense):
    """The gradient of the bias is not even returned."""

    def backward(self, params, tape, dy):
        return {"W": tape.T @ dy}, dy @ params["W"].T


@wrong
class BiasSummedOverTheWrongAxis(Dense):
    """The bias gradient is summed over features instead of rows; the layer is square, so the shape is right."""

    def example(self, rng):
        return rng.standard_normal((5, 4))

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        return dparams | {"b": np.resize(dy.sum(axis=1), 5).astype(dy.dtype)}, dx


@wrong
class MeanForSum(Dense):
    """The bias gradient is the mean over rows."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        return dparams | {"b": dy.mean(axis=0)}, dx


@wrong
class DividedByTheBatch(Dense):
    """The weight gradient is divided by the number of rows."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        return dparams | {"W": dparams["W"] / dy.dtype.type(max(1, len(dy)))}, dx


@wrong
class WeightGradientTransposed(Dense):
    """The gradient has the shape of the transposed weight."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        return dparams | {"W": dparams["W"].T}, dx


@wrong
class WeightNotTransposed(Dense):
    """A square layer multiplies by W where its transpose belongs."""

    def example(self, rng):
        return rng.standard_normal((3, 5))

    def init(self, rng):
        return {"W": rng.standard_normal((5, 5)), "b": rng.standard_normal(5)}

    def backward(self, params, tape, dy):
        dparams, _ = super().backward(params, tape, dy)
        return dparams, dy @ params["W"]


@wrong
class ReluOfTheOutput(Relu):
    """Leaky: the slope of negative inputs is 0.01 forward, 0 backward."""

    def forward(self, params, x):
        return np.where(x > 0, x, x * x.dtype.type(0.01)), x > 0


@wrong
class SlopeOfTanhOfTheInput(Tanh):
    """The slope is 1 − x² instead of 1 − y²."""

    def forward(self, params, x):
        return np.tanh(x), x


@wrong
class SlightlyWrongSlope(Tanh):
    """The slope is one part in 100,000 too steep."""

    def backward(self, params, tape, dy):
        return {}, dy * (1 - tape * tape) * dy.dtype.type(1.00001)


@wrong
class SoftmaxDiagonalOnly(Softmax):
    """Only the diagonal of the Jacobian is used."""

    def backward(self, params, tape, dy):
        return {}, dy * tape * (1 - tape)


@wrong
class LayerNormForgetsTheMean(LayerNorm):
    """The gradient through the mean is missing."""

    def backward(self, params, tape, dy):
        normal, scale = tape
        dparams, _ = super().backward(params, tape, dy)
        back = dy * params["g"]
        return dparams, (back - normal * (back * normal).mean(axis=-1, keepdims=True)) * scale


@wrong
class LayerNormForgetsTheVariance(LayerNorm):
    """The gradient through the variance is missing."""

    def backward(self, params, tape, dy):
        _, scale = tape
        dparams, _ = super().backward(params, tape, dy)
        back = dy * params["g"]
        return dparams, (back - back.mean(axis=-1, keepdims=True)) * scale


@wrong
class ScaleIsConstant(LayerNorm):
    """The gain's gradient lacks the normalised input."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        return dparams | {"g": dy.sum(axis=0)}, dx


@wrong
class TransposedKernel(Convolution):
    """Backward uses the kernel turned around."""

    def backward(self, params, tape, dy):
        dparams, _ = super().backward(params, tape, dy)
        _, dx = super().backward({"w": params["w"][::-1]}, tape, dy)
        return dparams, dx


@wrong
class ShiftedByOne(Convolution):
    """The input's gradient is shifted by one."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        return dparams, np.roll(dx, 1, axis=1)


@wrong
class CropOffByOne(Convolution):
    """The last window is left out of the kernel's gradient."""

    def backward(self, params, tape, dy):
        _, dx = super().backward(params, tape, dy)
        size = dy.shape[1] - 1
        w = np.stack([(dy[:, :size] * tape[:, k : k + size]).sum() for k in range(3)])
        return {"w": w}, dx


@wrong
class EdgeForgotten(Convolution):
    """The first entry of the input gets no gradient."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        dx[:, 0] = 0
        return dparams, dx


@wrong
class OverwritesWhereItShouldAdd(Convolution):
    """Overlapping windows overwrite each other's gradient."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        size = dy.shape[1]
        for k in range(3):
            dx[:, k : k + size] = params["w"][k] * dy
        return dparams, dx


@wrong
@dataclass
class StrideBeyondTheKernel:
    """Wrong only where the stride is larger than the kernel: the gradient is spread with the kernel's stride."""

    linear: ClassVar[bool] = True
    stride: int = 3
    kernel: int = 2

    def example(self, rng):
        return rng.standard_normal((2, 8))

    def init(self, rng):
        return {"w": rng.standard_normal(self.kernel)}

    def forward(self, params, x):
        count = (x.shape[1] - self.kernel) // self.stride + 1
        if x.shape[1] < self.kernel:
            raise ValueError(f"expected at least {self.kernel} entries, got {x.shape[1]}")
        taken = [x[:, k : k + self.stride * count : self.stride][:, :count] for k in range(self.kernel)]
        return sum(params["w"][k] * taken[k] for k in range(self.kernel)), (x.shape, taken)

    def backward(self, params, tape, dy):
        shape, taken = tape
        dx, step = np.zeros(shape, dy.dtype), min(self.stride, self.kernel)
        for k in range(self.kernel):
            for i in range(dy.shape[1]):
                dx[:, k + step * i] += params["w"][k] * dy[:, i]
        return {"w": np.stack([(dy * one).sum() for one in taken])}, dx


@wrong
class TruncatedInTime(Recurrence):
    """The gradient goes back one step only."""

    def backward(self, params, tape, dy):
        x, states = tape
        slope = 1 - np.stack(states, axis=1) ** 2 if states else np.zeros_like(x)
        dz = dy * slope
        before = np.concatenate([np.zeros_like(x[:, :1]), np.stack(states, axis=1)[:, :-1]], axis=1) if states else x
        return {"w": (dz * x).sum()[None], "u": (dz * before).sum()[None]}, dz * params["w"][0]


@wrong
class RecurrentWeightOfTheWrongState(Recurrence):
    """The recurrent weight's gradient pairs each step with its own state instead of the one before."""

    def backward(self, params, tape, dy):
        x, states = tape
        dparams, dx = super().backward(params, tape, dy)
        dh, du = np.zeros(len(x), dy.dtype), np.zeros(1, dy.dtype)
        for t in reversed(range(len(states))):
            dz = (dy[:, t] + dh) * (1 - states[t] ** 2)
            du += (dz * states[t]).sum()
            dh = dz * params["u"][0]
        return dparams | {"u": du}, dx


@wrong
class MaxPoolSharesWithTheLoser(MaxPool):
    """Each of a pair gets half of the gradient."""

    def backward(self, params, tape, dy):
        _, shape = tape
        return {}, np.repeat(dy / 2, 2, axis=1)[:, : shape[1]].astype(dy.dtype)


@wrong
class OddSizeLosesTheLast(MaxPool):
    """With an odd size the last entry, which has no partner, gets no gradient."""

    def backward(self, params, tape, dy):
        _, dx = super().backward(params, tape, dy)
        if tape[1][1] % 2:
            dx[:, -1] = 0
        return {}, dx


@wrong
class WrongForOneEntryOnly(Dense):
    """One entry of the weight's gradient is a thousandth off."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        dparams["W"][2, 1] *= 1.001
        return dparams, dx


@wrong
class SignOfTheBias(Dense):
    """The bias is subtracted backward."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        return dparams | {"b": -dparams["b"]}, dx


@wrong
class ClippedGradient(Dense):
    """Gradients are clipped to ±1 inside the layer."""

    def backward(self, params, tape, dy):
        dparams, dx = super().backward(params, tape, dy)
        return dparams, dx.clip(-1, 1)


@wrong
class NanGradient(Softmax):
    """The gradient divides zero by zero where the largest score is."""

    def forward(self, params, x):
        y, _ = super().forward(params, x)
        return y, (x, y)

    def backward(self, params, tape, dy):
        x, y = tape
        _, dx = super().backward(params, y, dy)
        top = x - x.max(axis=-1, keepdims=True)
        return {}, dx * (top / top)


@wrong
class OnlyTheFirstInputHasAGradient:
    """Of two inputs the second gets the first one's gradient."""

    def example(self, rng):
        return rng.standard_normal((3, 4)), rng.standard_normal((3, 4))

    def init(self, rng):
        return {}

    def forward(self, params, x):
        return x[0] * x[1], x

    def backward(self, params, tape, dy):
        return {}, (dy * tape[1], dy * tape[1])


@wrong
class NestedParameterWithoutGradient:
    """Of nested parameters the inner scale has its gradient doubled."""

    def example(self, rng):
        return rng.standard_normal((3, 4))

    def init(self, rng):
        return {"inner": {"scale": rng.standard_normal(4)}, "shifts": [rng.standard_normal(4)]}

    def forward(self, params, x):
        return x * params["inner"]["scale"] + params["shifts"][0], x

    def backward(self, params, tape, dy):
        scale = 2 * (dy * tape).sum(axis=0)
        return {"inner": {"scale": scale}, "shifts": [dy.sum(axis=0)]}, dy * params["inner"]["scale"]


@wrong
class EmbeddingCountsOnce:
    """A token that occurs twice gets the gradient of one of its places: fancy indexing assigns, it does not add."""

    def example(self, rng):
        return rng.integers(0, 3, (4, 3))

    def init(self, rng):
        return {"table": rng.standard_normal((3, 2))}

    def forward(self, params, x):
        return params["table"][x], x

    def backward(self, params, tape, dy):
        table = np.zeros_like(params["table"])
        table[tape] += dy
        return {"table": table}, None
