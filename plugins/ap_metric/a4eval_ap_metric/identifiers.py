"""Ids of images and classes, whatever they are, to dense indices from 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SPAN = 1 << 22  # integers this close together are looked up in a table


def distinct(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return the distinct ids of all *columns*, ascending.

    Raises:
        ValueError: some ids are numbers and others are text.

    >>> distinct([np.array([5, 3]), np.array([3, 9])])
    array([3, 5, 9])
    """
    columns = [one for one in columns if len(one)]
    if not columns:
        return np.empty(0, np.int64)
    if len({one.dtype.kind in "iub" for one in columns}) > 1:
        raise ValueError(f"ids must be all integers or all text, got {sorted({str(one.dtype) for one in columns})}")
    if columns[0].dtype.kind in "iub":
        low = min(int(one.min()) for one in columns)
        span = max(int(one.max()) for one in columns) - low + 1
        if span <= _SPAN:
            present = np.zeros(span, bool)
            for one in columns:
                present[one - low] = True
            return np.flatnonzero(present) + low
    return np.unique(np.concatenate([np.unique(one) for one in columns]))


def dense(ids: NDArray[Any], known: NDArray[Any]) -> NDArray[np.int32]:
    """Return the index of each of *ids* in *known*, −1 for an id that is not there.

    Args:
        ids: (n,) integers or text.
        known: (k,) distinct ids, ascending.

    >>> dense(np.array([9, 3, 4]), np.array([3, 5, 9]))
    array([ 2,  0, -1], dtype=int32)
    """
    if not len(known) or not len(ids):
        return np.full(len(ids), -1, np.int32)
    if ids.dtype.kind in "iub" and known.dtype.kind in "iub":
        low = min(int(known[0]), int(ids.min()))
        span = max(int(known[-1]), int(ids.max())) - low + 1
        if span <= _SPAN:
            table = np.full(span, -1, np.int32)
            table[known - low] = np.arange(len(known), dtype=np.int32)
            return table.take(ids - low)
    place = np.searchsorted(known, ids).astype(np.int32)
    place[place == len(known)] = 0
    place[known[place] != ids] = -1
    return place
