"""The gradient with respect to the weight, summed over samples and parts of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.products import matrix_product

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SWAP = 16  # times as many positions as rows


class WeightSum:
    """Sums ``values @ windowsᵀ`` into *total*, (g, rows, columns), whatever that held before.

    BLAS takes up to twice as long for few rows as for few columns, so the transposed sum is made where the many
    *positions* that are summed over pay for transposing that.
    """

    def __init__(self, total: NDArray[Any], positions: int) -> None:
        self._total = total
        self._swapped = positions > _SWAP * total.shape[1]
        self._sum = np.empty(total.transpose(0, 2, 1).shape, total.dtype) if self._swapped else total
        self._fresh = True

    def add(self, values: NDArray[Any], windows: NDArray[Any]) -> None:
        """Add the products of (n, g, rows, m) values and (n, g, columns, m) windows."""
        for one, other in zip(values, windows, strict=True):
            first, second = (other, one) if self._swapped else (one, other)
            second = second.transpose(0, 2, 1)
            if self._fresh:  # nothing to add to yet: save a pass over the weight
                matrix_product(first, second, out=self._sum)
                self._fresh = False
            else:
                self._sum += matrix_product(first, second)

    def finish(self) -> None:
        """Write the total."""
        if self._fresh:
            self._total[...] = 0  # an empty batch
        elif self._swapped:
            self._total[...] = self._sum.transpose(0, 2, 1)
