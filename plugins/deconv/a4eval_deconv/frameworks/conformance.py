"""One configuration through a framework, held against ours: equal, or shifted by how much and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.algorithms.phases import taps
from a4eval_deconv.frameworks.all_axes import translated
from a4eval_deconv.frameworks.conventions import Crop
from a4eval_deconv.frameworks.peers import SINGLE_PRECISION, run
from a4eval_deconv.geometry import padding_pairs, per_axis, transposed_geometry
from a4eval_deconv.operators.transpose import conv_transpose, conv_transpose_gradients
from a4eval_deconv.products import inner

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from numpy.typing import NDArray

    from a4eval_deconv.geometry import Geometry

    Gradients: TypeAlias = Callable[[NDArray[Any]], tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]


@dataclass(frozen=True, slots=True)
class Case:
    """One configuration of a transposed convolution; one entry per axis."""

    n: int
    in_channels: int
    out_channels: int
    size: tuple[int, ...]
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    output_padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        self._geometry()

    def _geometry(self) -> Geometry:
        return transposed_geometry(
            self.size, self.kernel_size, self.stride, self.padding, self.output_padding, self.dilation
        )

    @property
    def reached(self) -> bool:
        """Does any tap reach the output?  Otherwise it is the bias alone, and agreeing in it says nothing."""
        return all(taps(self._geometry()))

    @property
    def options(self) -> dict[str, Any]:
        """The keywords of :func:`conv_transpose`."""
        names = ("stride", "padding", "output_padding", "dilation", "groups")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a framework's answer compares with ours.

    ``value_error`` and ``gradient_error`` are relative to the largest entry; None where there is nothing to compare.
    ``empty``: no tap reaches the output, which is zero (or the bias) whatever the input: agreeing in it says nothing.
    """

    same_size: bool
    value_error: float
    gradient_error: float | None
    remedies: list[str] = field(default_factory=list)
    empty: bool = False


def compare(case: Case, framework: str, rng: np.random.Generator) -> Agreement:
    """Run *case* in *framework*, translated into its words, and hold value and gradients against ours.

    Where no call of the framework does the same, the remedy that the translation names is carried out on its result.

    Args:
        case: the configuration.
        framework: an installed one.
        rng: draws input, weight, bias and the gradient of the output.

    Raises:
        MissingExtraError: the framework is not installed.
    """
    dtype = np.float32 if framework in SINGLE_PRECISION else np.float64
    x = rng.standard_normal((case.n, case.in_channels, *case.size)).astype(dtype)
    shape = (case.in_channels, case.out_channels // case.groups, *case.kernel_size)
    weight = rng.standard_normal(shape).astype(dtype)
    bias = (rng.standard_normal(case.out_channels) * case.bias).astype(dtype)
    ours = conv_transpose(*(array.astype(np.float64) for array in (x, weight, bias)), **case.options)
    dy = rng.standard_normal(ours.shape).astype(dtype)
    translations, filters = translated(case, _crops(case), framework, weight)
    cut = _Cut([one.crop for one in translations], _crops(case), ours.shape[2:])
    arguments = [one.arguments for one in translations]
    outputs: list[NDArray[Any]] = []
    found: list[tuple[NDArray[Any], ...]] = []
    for ins, outs in _parts(case):
        theirs, gradients = run(framework, (x[:, ins], filters[ins], bias[outs]), case.stride, case.dilation, arguments)
        outputs.append(cut.carry_out(theirs, bias[outs]))
        if gradients is not None:
            found.append(cut.through(gradients, dy[:, outs], theirs.shape[2:]))
    y = np.concatenate(outputs, axis=1)
    gradient_error = None
    if found:
        dx, dweight, dbias = (
            np.concatenate(parts, axis) for parts, axis in zip(zip(*found, strict=True), (1, 0, 0), strict=True)
        )
        expected = conv_transpose_gradients(dy, x, weight, **case.options)
        if dweight.shape != expected[1].shape:  # the kernel had been spread out: only its taps count
            dweight = dweight[inner(2, (slice(None, None, d) for d in case.dilation))]
        gradient_error = max(map(_relative, (dx, dweight, dbias), expected))
    remedies = list(dict.fromkeys(one.remedy for one in translations if one.remedy))
    return Agreement(y.shape == ours.shape, _relative(y, ours), gradient_error, remedies, not case.reached)


def _parts(case: Case) -> list[tuple[slice, slice]]:
    """Return the input and output channels of each group."""
    ins, outs = case.in_channels // case.groups, case.out_channels // case.groups
    return [(slice(g * ins, (g + 1) * ins), slice(g * outs, (g + 1) * outs)) for g in range(case.groups)]


def _crops(case: Case) -> list[Crop]:
    dims = len(case.size)
    extra = per_axis(case.output_padding, dims, "output_padding", 0)
    return [Crop(b, a - e) for (b, a), e in zip(padding_pairs(case.padding, dims), extra, strict=True)]


@dataclass(frozen=True, slots=True)
class _Cut:
    """The remedy: what is cut off, and what was wanted, with the bias alone where they have nothing."""

    crops: list[Crop]
    wanted: list[Crop]
    shape: tuple[int, ...]

    def carry_out(self, theirs: NDArray[Any], bias: NDArray[Any]) -> NDArray[Any]:
        """Cut their output to ours."""
        source, target = self._slices(theirs.shape[2:])
        y = np.empty((*theirs.shape[:2], *self.shape), theirs.dtype)
        y[...] = bias.reshape(-1, *(1,) * len(self.shape))
        y[target] = theirs[source]
        return y

    def through(self, gradients: Gradients, dy: NDArray[Any], size: tuple[int, ...]) -> tuple[NDArray[Any], ...]:
        """Return their gradients for our *dy*, by the adjoint of :meth:`carry_out`; *size* is that of their output."""
        source, target = self._slices(size)
        back = np.zeros((*dy.shape[:2], *size), dy.dtype)
        back[source] = dy[target]
        dx, dweight, dbias = gradients(back)
        axes = (0, *range(2, dy.ndim))
        return dx, dweight, dbias + dy.sum(axis=axes) - back.sum(axis=axes)  # the bias alone gets the rest

    def _slices(self, available: tuple[int, ...]) -> Any:
        """Return which part of their output is which part of ours."""
        source, target = [slice(None)] * 2, [slice(None)] * 2
        for crop, wish, theirs, ours in zip(self.crops, self.wanted, available, self.shape, strict=True):
            offset = wish.before - crop.before
            count = max(0, min(theirs - max(offset, 0), ours - max(-offset, 0)))
            source.append(slice(max(offset, 0), max(offset, 0) + count))
            target.append(slice(max(-offset, 0), max(-offset, 0) + count))
        return tuple(source), tuple(target)


def _relative(found: NDArray[Any], expected: NDArray[Any]) -> float:
    if found.shape != expected.shape or not np.isfinite(found).all():
        return float("inf")
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), np.finfo(float).tiny))
