"""The images of batches, which are whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def all_apart(given: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return the ids of the images of all batches, ascending.

    Args:
        given: those of each batch, without repetition.

    Raises:
        DataError: one is in two of them.

    >>> all_apart([np.array([7, 3]), np.array([5])])
    array([3, 5, 7])
    """
    some = [one for one in given if len(one)]
    units, count = np.unique(np.concatenate(some or [np.empty(0, np.int64)]), return_counts=True)
    if (count > 1).any():
        raise DataError(f"image {units[count > 1][0].item()!r} is in two batches: a batch is of whole images")
    return units
