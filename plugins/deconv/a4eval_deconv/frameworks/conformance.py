"""One configuration through a framework, held against ours: equal, or shifted by how much and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.frameworks.conventions import CONVENTIONS, Crop, convention_crop
from a4eval_deconv.frameworks.translation import Translation, translate
from a4eval_deconv.geometry import padding_pairs, per_axis, transposed_geometry
from a4eval_deconv.operators.transpose import conv_transpose, conv_transpose_gradients
from a4eval_deconv.products import inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MODULES = {"torch": ["torch"], "jax": ["jax"], "onnx": ["onnxruntime", "onnx"], "tensorflow": ["tensorflow"]}
_NAMED_ARGUMENTS: dict[str, dict[str, Any]] = {
    "tensorflow_same": {"padding": "SAME"},
    "tensorflow_valid": {"padding": "VALID"},
    "jax_same": {"padding": "SAME", "transpose_kernel": True},
    "jax_valid": {"padding": "VALID", "transpose_kernel": True},
    "jax_same_default": {"padding": "SAME", "transpose_kernel": False},
    "onnx_same_upper": {"auto_pad": "SAME_UPPER"},
    "onnx_same_lower": {"auto_pad": "SAME_LOWER"},
    "onnx_valid": {"auto_pad": "VALID"},
}


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

    def __post_init__(self) -> None:
        transposed_geometry(self.size, self.kernel_size, self.stride, self.padding, self.output_padding, self.dilation)

    @property
    def options(self) -> dict[str, Any]:
        """The keywords of :func:`conv_transpose`."""
        names = ("stride", "padding", "output_padding", "dilation", "groups")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a framework's answer compares with ours.

    ``value_error`` and ``gradient_error`` are relative to the largest entry; None where there is nothing to compare.
    """

    same_size: bool
    value_error: float
    gradient_error: float | None
    remedies: list[str] = field(default_factory=list)


def installed_frameworks() -> list[str]:
    """Return the names of the frameworks that can be imported.

    >>> set(installed_frameworks()) <= {"torch", "jax", "onnx", "tensorflow"}
    True
    """
    return [name for name, modules in _MODULES.items() if all(find_spec(module) for module in modules)]


def compare(case: Case, framework: str, rng: np.random.Generator) -> Agreement:
    """Run *case* in *framework*, translated into its words, and hold value and gradients against ours.

    Where no call of the framework does the same, the remedy that the translation names is carried out on its result.

    Args:
        case: the configuration.
        framework: an installed one.
        rng: draws input, weight and the gradient of the output.

    Raises:
        MissingExtraError: the framework is not installed.
    """
    dtype = np.float32 if framework == "onnx" else np.float64
    x = rng.standard_normal((case.n, case.in_channels, *case.size)).astype(dtype)
    shape = (case.in_channels, case.out_channels // case.groups, *case.kernel_size)
    weight = rng.standard_normal(shape).astype(dtype)
    ours = conv_transpose(x.astype(np.float64), weight.astype(np.float64), **case.options)
    dy = rng.standard_normal(ours.shape).astype(dtype)
    translations = [_along_axis(case, framework, axis) for axis in range(len(case.size))]
    translations, filters = _for_all_axes(case, framework, translations, weight)
    crops = [one.crop for one in translations]
    wanted = _crops(case)
    outputs, dxs, dweights = [], [], []
    per = case.in_channels // case.groups
    for group in range(case.groups):
        part = slice(group * per, (group + 1) * per)
        theirs, gradients = _run(framework, x[:, part], filters[part], case, [one.arguments for one in translations])
        outputs.append(_cut(theirs, crops, wanted, ours.shape[2:]))
        if gradients is not None:
            per_out = case.out_channels // case.groups
            back = _uncut(dy[:, group * per_out : (group + 1) * per_out], crops, wanted, theirs.shape[2:])
            dx, dweight = gradients(back)
            dxs.append(dx)
            dweights.append(dweight)
    y = np.concatenate(outputs, axis=1)
    gradient_error = None
    if dxs:
        dx, dweight, _ = conv_transpose_gradients(dy, x, weight, **case.options)
        found = np.concatenate(dweights)
        if found.shape != dweight.shape:  # the kernel had been spread out: only its taps count
            found = found[inner(2, (slice(None, None, d) for d in case.dilation))]
        gradient_error = max(_relative(np.concatenate(dxs, axis=1), dx), _relative(found, dweight))
    remedies = list(dict.fromkeys(one.remedy for one in translations if one.remedy))
    return Agreement(y.shape == ours.shape, _relative(y, ours), gradient_error, remedies)


def measured_crop(convention: str, size: int, kernel_size: int, stride: int, dilation: int = 1) -> Crop | None:
    """Run a named convention in its framework, along one axis, and find out what it cuts off the full output.

    Args:
        convention: a key of ``CONVENTIONS``.
        size: input size, in elements.
        kernel_size: filter size, in taps.
        stride: distance between the outputs of neighbouring inputs.
        dilation: distance between the taps.

    Returns:
        The crop, or None if the framework's output is no crop of the full output.

    Raises:
        MissingExtraError: the framework is not installed.
    """
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((1, 1, size)), rng.standard_normal((1, 1, kernel_size))
    framework = CONVENTIONS[convention].framework
    predicted = convention_crop(convention, kernel_size, stride, dilation)
    if framework == "torch":
        arguments = translate(
            predicted, "torch", size=size, kernel_size=kernel_size, stride=stride, dilation=dilation
        ).arguments
    else:
        arguments = dict(_NAMED_ARGUMENTS[convention])
    if framework == "tensorflow":
        arguments["output_shape"] = predicted.output(size, kernel_size, stride, dilation)
    case = Case(1, 1, 1, (size,), (kernel_size,), (stride,), ((0, 0),), (0,), (dilation,))
    y, _ = _run(framework, x, weight, case, [arguments])
    for flipped in (False, True):
        full = conv_transpose(x, weight[..., ::-1] if flipped else weight, stride=stride, dilation=dilation)[0, 0]
        for before in range(-full.size, full.size):
            after = full.size - before - y.size
            expected = np.pad(full, (max(-before, 0), max(-after, 0)))[max(before, 0) :][: y.size]
            if expected.size == y.size and np.abs(expected - y[0, 0]).max() <= 1e-4 * np.abs(full).max():
                return Crop(before, after, flipped)
    return None


def _crops(case: Case) -> list[Crop]:
    dims = len(case.size)
    extra = per_axis(case.output_padding, dims, "output_padding", 0)
    return [Crop(b, a - e) for (b, a), e in zip(padding_pairs(case.padding, dims), extra, strict=True)]


def _along_axis(case: Case, framework: str, axis: int) -> Translation:
    crop = _crops(case)[axis]
    size, kernel, stride = case.size[axis], case.kernel_size[axis], case.stride[axis]
    return translate(crop, framework, size=size, kernel_size=kernel, stride=stride, dilation=case.dilation[axis])


def _for_all_axes(
    case: Case, framework: str, translations: list[Translation], weight: NDArray[Any]
) -> tuple[list[Translation], NDArray[Any]]:
    """Meet TensorFlow's demands on all axes together: one padding for all, and no dilation."""
    if framework != "tensorflow":
        return translations, weight
    if any(d > 1 for d in case.dilation):
        reach = tuple(d * (k - 1) + 1 for k, d in zip(case.kernel_size, case.dilation, strict=True))
        spread = np.zeros((*weight.shape[:2], *reach), weight.dtype)
        spread[inner(2, (slice(None, None, d) for d in case.dilation))] = weight
        weight = spread
    paddings = [one.arguments["padding"] for one in translations]
    if all(padding == paddings[0] for padding in paddings) and isinstance(paddings[0], str):
        return translations, weight
    rewritten = []
    for one, size, kernel, stride in zip(translations, case.size, weight.shape[2:], case.stride, strict=True):
        if len(case.size) == 3 or one.crop.before < 0:  # three dimensions know SAME and VALID only
            valid = convention_crop("tensorflow_valid", kernel, stride)
            padding: Any = "VALID"
        else:
            valid, padding = one.crop, (one.crop.before, max(one.crop.after, 0))
        arguments = {"padding": padding, "output_shape": valid.output(size, kernel, stride)}
        remedy = one.remedy if padding != "VALID" else "three axes know SAME and VALID only: take VALID and cut"
        rewritten.append(Translation(framework, one.possible, arguments, valid, remedy))
    return rewritten, weight


def _run(framework: str, x: Any, weight: Any, case: Case, arguments: list[dict[str, Any]]) -> Any:
    peer = import_module(f"a4eval_deconv.frameworks.with_{framework}")
    # TensorFlow gets a kernel that has been spread out already
    dilation = (1,) * len(case.size) if framework == "tensorflow" else case.dilation
    return peer.run(x, weight, case.stride, dilation, arguments)


def _slices(crops: list[Crop], wanted: list[Crop], theirs: tuple[int, ...], ours: tuple[int, ...]) -> Any:
    """Return which part of their output is which part of ours."""
    source, target = [slice(None)] * 2, [slice(None)] * 2
    for crop, wish, available, length in zip(crops, wanted, theirs, ours, strict=True):
        offset = wish.before - crop.before
        count = max(0, min(available - max(offset, 0), length - max(-offset, 0)))
        source.append(slice(max(offset, 0), max(offset, 0) + count))
        target.append(slice(max(-offset, 0), max(-offset, 0) + count))
    return tuple(source), tuple(target)


def _cut(theirs: NDArray[Any], crops: list[Crop], wanted: list[Crop], shape: tuple[int, ...]) -> NDArray[Any]:
    """Carry out the remedy: cut their output to ours, with zeros where they have none."""
    source, target = _slices(crops, wanted, theirs.shape[2:], shape)
    y = np.zeros((*theirs.shape[:2], *shape), theirs.dtype)
    y[target] = theirs[source]
    return y


def _uncut(dy: NDArray[Any], crops: list[Crop], wanted: list[Crop], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the gradient with respect to their output: the adjoint of :func:`_cut`."""
    source, target = _slices(crops, wanted, shape, dy.shape[2:])
    back = np.zeros((*dy.shape[:2], *shape), dy.dtype)
    back[source] = dy[target]
    return back


def _relative(found: NDArray[Any], expected: NDArray[Any]) -> float:
    if found.shape != expected.shape:
        return float("inf")
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), np.finfo(float).tiny))
