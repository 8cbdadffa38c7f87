"""Singular values of a transposed convolution: all with periodic boundary, the largest with the real, zero one."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.geometry import check_memory, frozen, per_axis, transposed_geometry
from a4eval_deconv.operands import check_divides, check_finite
from a4eval_deconv.operators.convolution import conv_input_gradient
from a4eval_deconv.operators.transpose import conv_transpose
from a4eval_deconv.products import inner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from a4eval_deconv.geometry import Padding, PerAxis

_CHUNK = 2**24  # complex entries of the matrices decomposed at a time


def polyphase_singular_values(
    weight: NDArray[Any], size: Sequence[int], *, stride: PerAxis = 1, dilation: PerAxis = 1, groups: int = 1
) -> NDArray[np.float64]:
    """Return all singular values of the transposed convolution with periodic boundary, in falling order.

    With periodic boundary the operator splits into one small matrix per frequency of the input,
    (out_channels · Π stride) × in_channels: the Fourier transforms of the kernel's phases
    (Sedghi et al., arXiv 1805.10408, for stride 1).

    Args:
        weight: (in_channels, out_channels / groups, *kernel_size).
        size: spatial size of the input, one per axis; the output is stride times as large.
        stride: for all axes or one per axis.
        dilation: likewise.
        groups: independent groups of channels.

    Returns:
        (Π size · groups · min(in_channels / groups, out_channels / groups · Π stride),) float64.

    Raises:
        ValueError: weight with NaN, sizes that do not fit, or more than the memory holds.

    >>> import numpy as np
    >>> polyphase_singular_values(np.array([[[3.0, 4.0]]]), (2,), stride=2)
    array([5., 5.])
    """
    weight = np.asarray(weight, np.float64)
    check_finite(weight, "the weight")
    dims = weight.ndim - 2
    size = per_axis(tuple(size), dims, "size", 1)
    steps, spacing = per_axis(stride, dims, "stride", 1), per_axis(dilation, dims, "dilation", 1)
    c, o = weight.shape[:2]
    check_divides(groups, c, "input channels")
    phases, frequencies = math.prod(steps), math.prod(size)
    check_memory(2 * frequencies * c * o * phases, 16, "the polyphase matrices")
    kernels = np.zeros((c, o, *steps, *size))
    for tap in product(*(range(k) for k in weight.shape[2:])):
        shifts = [divmod(a * d, s) for a, d, s in zip(tap, spacing, steps, strict=True)]
        place = [shift % n for (shift, _), n in zip(shifts, size, strict=True)]
        kernels[inner(2, [*(phase for _, phase in shifts), *place])] += weight[inner(2, tap)]
    axes = tuple(range(2 + dims, 2 + 2 * dims))
    spectra = np.fft.fftn(kernels, axes=axes).reshape(groups, c // groups, o * phases, frequencies)
    matrices = spectra.transpose(3, 0, 2, 1).reshape(frequencies * groups, o * phases, c // groups)
    chunk = max(1, _CHUNK // (o * phases * (c // groups)))
    values = [
        np.linalg.svd(matrices[start : start + chunk], compute_uv=False) for start in range(0, len(matrices), chunk)
    ]
    return np.sort(np.concatenate(values).ravel())[::-1]


def lipschitz_constant(
    weight: NDArray[Any],
    size: Sequence[int],
    rng: np.random.Generator,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> float:
    """Return the largest singular value of the transposed convolution as it is, with zero boundary and crops.

    It is the smallest L with ‖f(x) − f(x')‖ ≤ L ‖x − x'‖ for inputs of this size, by Golub–Kahan–Lanczos
    bidiagonalisation with full reorthogonalisation (Golub & Van Loan, Matrix Computations, §10.4).

    Args:
        weight: (in_channels, out_channels / groups, *kernel_size).
        size: spatial size of the input, one per axis.
        rng: draws the starting vector.
        stride: as in :func:`a4eval_deconv.conv_transpose`.
        padding: likewise.
        output_padding: likewise.
        dilation: likewise.
        groups: likewise.

    Raises:
        ValueError: weight with NaN, or an impossible configuration.

    >>> import numpy as np
    >>> round(lipschitz_constant(np.array([[[3.0, 4.0]]]), (5,), np.random.default_rng(0), stride=2), 12)
    5.0
    """
    weight = np.asarray(weight, np.float64)
    check_finite(weight, "the weight")
    options = {"stride": frozen(stride), "padding": frozen(padding), "dilation": frozen(dilation)}
    geometry = transposed_geometry(size, weight.shape[2:], output_padding=frozen(output_padding), **options)
    shape = (1, weight.shape[0], *geometry.size)

    def forward(x: NDArray[np.float64]) -> NDArray[np.float64]:
        y = conv_transpose(
            x.reshape(shape),
            weight,
            output_padding=output_padding,
            groups=groups,
            algorithm="column_to_image",
            **options,
        )
        return y.ravel()

    def adjoint(y: NDArray[np.float64]) -> NDArray[np.float64]:
        return conv_input_gradient(geometry, y, weight, groups).ravel()

    return largest_singular_value(forward, adjoint, rng.standard_normal(math.prod(shape)))


def largest_singular_value(
    forward: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    adjoint: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    start: NDArray[np.float64],
    *,
    steps: int = 300,
    tolerance: float = 1e-14,
) -> float:
    """Return the largest singular value of a linear map given by itself and its adjoint.

    Args:
        forward: (n,) to (m,).
        adjoint: (m,) to (n,).
        start: (n,), a random vector.
        steps: at most so many applications of each.
        tolerance: stop when the residual is below this part of the value; the value's own error is its square.

    >>> import numpy as np
    >>> matrix = np.diag([3.0, 2.0, 1.0])
    >>> round(largest_singular_value(lambda x: matrix @ x, lambda y: matrix.T @ y, np.ones(3)), 12)
    3.0
    """
    right = [start / np.linalg.norm(start)]
    left: list[NDArray[np.float64]] = []
    diagonal: list[float] = []
    beside: list[float] = []
    largest = 0.0
    for _ in range(min(steps, start.size)):
        u = _orthogonal(forward(right[-1]), left)
        diagonal.append(float(np.linalg.norm(u)))
        left.append(u / diagonal[-1] if diagonal[-1] else u)
        v = _orthogonal(adjoint(left[-1]), right)
        beside.append(float(np.linalg.norm(v)))
        bidiagonal = np.diag(diagonal) + np.diag(beside[:-1], 1)
        vectors, values, _ = np.linalg.svd(bidiagonal)
        largest = float(values[0])
        if not diagonal[-1] or beside[-1] * abs(vectors[-1, 0]) <= tolerance * largest:
            break
        right.append(v / beside[-1])
    return largest


def _orthogonal(vector: NDArray[np.float64], basis: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Remove from *vector* what lies in the basis; twice is enough (Kahan)."""
    if basis:
        rows = np.stack(basis)
        for _ in range(2):
            vector = vector - rows.T @ (rows @ vector)
    return vector
