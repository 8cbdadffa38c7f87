"""Sums of weights along a list, up to given places, for a block of weights at once.

``np.cumsum`` waits for each sum before the next and reads the list anew for each set of weights.
Here the list is cut into short pieces and the pieces are added up side by side, all sets of weights in one row: one
vector addition a slot. Only the sums of the pieces are then summed one after another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.sorting import ragged_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PIECE = 16  # slots
_GROUP = 2048  # pieces that are added up side by side: their sums and weights stay in the cache


class RunningSums:
    """A list of slots, and the places in it up to which the weights are to be summed.

    Args:
        slots: (n,) places in the table of weights.
        ends: (m,) how many of the first slots each sum has, in any order.
        signs: (n,) 1 or −1, the factor of each; 1 by default.

    >>> RunningSums(np.array([0, 1, 1]), np.array([3, 0, 2]))(np.array([[10, 20], [1, 2]], np.int16))
    array([[12,  0, 11],
           [24,  0, 22]], dtype=int32)
    """

    def __init__(self, slots: NDArray[Any], ends: NDArray[np.intp], signs: NDArray[Any] | None = None) -> None:
        distinct, at = np.unique(ends, return_inverse=True)
        lengths = np.diff(distinct, prepend=0)
        pieces = -(-lengths // _PIECE)
        self._at = np.cumsum(pieces).take(at)  # how many pieces each sum has
        self._n_slots = int(lengths.sum())
        begins = _PIECE * ragged_ranges(np.zeros(len(pieces), np.intp), pieces)
        length = np.minimum(_PIECE, np.repeat(lengths, pieces) - begins)
        begins += np.repeat(distinct - lengths, pieces)
        self._groups = [
            _Group(slots, begins[start : start + _GROUP], length[start : start + _GROUP], signs)
            for start in range(0, len(begins), _GROUP)
        ]

    def __call__(self, weights: NDArray[np.signedinteger[Any]]) -> NDArray[np.signedinteger[Any]]:
        """Return the sums.

        Args:
            weights: (n_slots, r): of each slot, for r resamples; of a type that holds any sum of 16.

        Returns:
            (r, m) int32, or int64 where sums could pass that.
        """
        most = int(weights.max(initial=0)) * self._n_slots
        kind = np.int32 if most < 2**31 else np.int64
        total = np.zeros((weights.shape[1], 1 + sum(one.size for one in self._groups)), kind)
        start = 1
        for one in self._groups:
            total[:, start : start + one.size] = one.sums(weights).T
            start += one.size
        for row in total:
            np.cumsum(row, out=row)
        return total.take(self._at, axis=1, mode="clip")


class _Group:
    """Pieces in the order of their length, the longest first: then those that have an n-th slot are the first few."""

    def __init__(
        self, slots: NDArray[Any], begins: NDArray[np.intp], lengths: NDArray[np.intp], signs: NDArray[Any] | None
    ) -> None:
        self.size = len(begins)
        order = np.argsort(-lengths, kind="stable")
        self._place = np.empty_like(order)
        self._place[order] = np.arange(self.size)
        begins, lengths = begins.take(order), lengths.take(order)
        places = [begins[: np.count_nonzero(lengths > step)] + step for step in range(int(lengths.max()))]
        self._slots = [slots.take(one) for one in places]
        self._signs = None if signs is None else [signs.take(one)[:, None] for one in places]

    def sums(self, weights: NDArray[np.signedinteger[Any]]) -> NDArray[np.signedinteger[Any]]:
        """Return the (pieces, r) sums."""
        total = np.zeros((self.size, weights.shape[1]), weights.dtype)
        for step, slots in enumerate(self._slots):
            found = weights.take(slots, axis=0, mode="clip")  # as in ``taken``
            if self._signs is not None:
                found *= self._signs[step]
            total[: len(slots)] += found
        return total.take(self._place, axis=0)


def smallest_type(most: int) -> type[np.signedinteger[Any]]:
    """Return the smallest type of weights up to *most* that holds the sums of pieces.

    >>> smallest_type(5)
    <class 'numpy.int8'>
    """
    for kind in (np.int8, np.int16, np.int32):
        if most * _PIECE <= np.iinfo(kind).max:
            return kind
    return np.int64
