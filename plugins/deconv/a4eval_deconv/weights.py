"""Weights given as nested lists or in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.arrays import check_finite

if TYPE_CHECKING:
    from numpy.typing import NDArray


def weight_from_list(weight: list[Any], dimensions: int) -> NDArray[np.float64]:
    """Return nested lists as a weight (in_channels, out_channels / groups, *kernel_size).

    Args:
        weight: nested as the kernel alone, or as the whole weight.
        dimensions: how many spatial axes.

    Raises:
        ValueError: ragged, not numbers, NaN, or nested otherwise.

    >>> weight_from_list([[1, 2], [3, 4]], 2).shape
    (1, 1, 2, 2)
    """
    try:
        array = np.array(weight, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise ValueError(f"the weight must be equally long lists of numbers: {error}") from error
    if array.ndim == dimensions:
        array = array[None, None]
    if array.ndim != dimensions + 2 or not array.size:
        raise ValueError(
            f"the weight has shape {array.shape}, expected {dimensions} axes (*kernel_size) or "
            f"{dimensions + 2} axes (in_channels, out_channels / groups, *kernel_size)"
        )
    check_finite(array, "the weight")
    return array
