"""The explicit matrix of a transposed convolution: ``conv_transpose(x).ravel() == matrix @ x.ravel()``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from a4eval import require
from a4eval_deconv.geometry import check_memory, transposed_geometry
from a4eval_deconv.operands import as_numbers, check_divides

if TYPE_CHECKING:
    from a4eval_deconv.geometry import Padding, PerAxis


@dataclass(frozen=True, slots=True)
class Coordinates:
    """A sparse matrix by its entries.

    Args:
        row, column: (entries,) int64, the flattened output (channel, *position) and input (channel, *position).
        tap: (entries,) int64, the index into the flattened weight that gives the entry's value.
        value: (entries,) that value.
        shape: (out_channels · Π output, in_channels · Π size).
        output: the output's spatial size.
    """

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    tap: NDArray[np.int64]
    value: NDArray[Any]
    shape: tuple[int, int]
    output: tuple[int, ...]

    def dense(self) -> NDArray[Any]:
        """Return the matrix as a dense array.

        Raises:
            ValueError: it would not fit into memory.
        """
        check_memory(math.prod(self.shape), self.value.itemsize, f"a dense matrix of {self.shape}")
        matrix = np.zeros(self.shape, self.value.dtype)
        matrix[self.row, self.column] = self.value  # an entry belongs to one tap: nothing to add up
        return matrix

    def sparse(self) -> Any:
        """Return the matrix as a ``scipy.sparse.csr_array``.

        Raises:
            MissingExtraError: scipy is not installed.
        """
        sparse = require("scipy.sparse", "a4eval-deconv[sparse]")
        return sparse.csr_array((self.value, (self.row, self.column)), shape=self.shape)

    def apply(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return matrix · x for x (columns,)."""
        x = as_numbers(x, "x")
        return _scatter(self.row, self.value * x[self.column], self.shape[0])

    def apply_transpose(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return matrixᵀ · y for y (rows,)."""
        y = as_numbers(y, "y")
        return _scatter(self.column, self.value * y[self.row], self.shape[1])


def _scatter(index: NDArray[np.int64], values: NDArray[Any], length: int) -> NDArray[Any]:
    total = np.zeros(length, values.dtype)
    np.add.at(total, index, values)
    return total


def conv_transpose_matrix(
    weight: NDArray[Any],
    size: tuple[int, ...],
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Coordinates:
    """Return the matrix that a transposed convolution is.

    Args:
        weight: (in_channels, out_channels / groups, *kernel_size).
        size: spatial size of the input, one per axis.
        stride: as in :func:`a4eval_deconv.conv_transpose`.
        padding: likewise.
        output_padding: likewise.
        dilation: likewise.
        groups: likewise.

    Raises:
        ValueError: an impossible configuration, or one whose entries would not fit into memory.

    >>> import numpy as np
    >>> conv_transpose_matrix(np.array([[[1.0, 2.0]]]), (2,)).dense()
    array([[1., 0.],
           [2., 1.],
           [0., 2.]])
    """
    weight = as_numbers(weight, "the weight")
    geometry = transposed_geometry(size, weight.shape[2:], stride, padding, output_padding, dilation)
    c, o = weight.shape[:2]
    check_divides(groups, c, "input channels")
    check_memory(weight.size * geometry.pixels, 40, "the matrix's entries")
    dims = len(size)
    # axes: input channel, output channel within its group, taps, input positions
    lengths = (c, o, *geometry.kernel, *geometry.size)
    grids = np.meshgrid(*(np.arange(n, dtype=np.int64) for n in lengths), indexing="ij", sparse=True)
    source, target, taps, inputs = grids[0], grids[1], grids[2 : 2 + dims], grids[2 + dims :]
    row = source // (c // groups) * o + target
    column, tap = source, source * o + target
    inside = np.ones((1,) * len(lengths), bool)
    for axis in range(dims):
        position = inputs[axis] * geometry.stride[axis] + taps[axis] * geometry.dilation[axis] - geometry.before[axis]
        inside = inside & (position >= 0) & (position < geometry.output[axis])
        row = row * geometry.output[axis] + position
        column = column * geometry.size[axis] + inputs[axis]
        tap = tap * geometry.kernel[axis] + taps[axis]
    inside = np.broadcast_to(inside, lengths)
    row, column, tap = (np.broadcast_to(index, lengths)[inside] for index in (row, column, tap))
    shape = (groups * o * math.prod(geometry.output), c * geometry.pixels)
    return Coordinates(row, column, tap, weight.ravel()[tap], shape, geometry.output)


def adjoint_error(matrix: Coordinates, x: NDArray[Any], y: NDArray[Any]) -> float:
    """Return ``|⟨Ax, y⟩ − ⟨x, Aᵀy⟩| / (‖Ax‖ ‖y‖)``: zero but for rounding if the transpose is the adjoint.

    Args:
        matrix: A.
        x: (columns,).
        y: (rows,).

    >>> import numpy as np
    >>> matrix = conv_transpose_matrix(np.ones((1, 1, 3)), (4,), stride=2)
    >>> adjoint_error(matrix, np.arange(4.0), np.arange(9.0))
    0.0
    """
    forward, backward = matrix.apply(x), matrix.apply_transpose(y)
    scale = float(np.linalg.norm(forward) * np.linalg.norm(y))
    return float(abs(np.dot(forward, y) - np.dot(x, backward))) / scale if scale else 0.0
