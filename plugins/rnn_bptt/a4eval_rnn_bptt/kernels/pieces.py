"""How a gated kernel takes a long sequence: in pieces whose gradients are summed, in chunks that fit the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array

_CHUNK_BYTES = 1 << 20  # what is made for a chunk of steps stays in the second-level cache until they are done
_CHUNK_STEPS = 64  # a vanished gradient is looked for at the start of each chunk
_PIECE_ROWS = 2048  # of gradients that are kept until they are summed: enough for a fast product


def forward_chunk(product: Array) -> int:
    """Return how many steps to project at once, by what the gates of one step take."""
    return max(1, _CHUNK_BYTES // (product.nbytes * 2))


def backward_chunk(dh: Array, arrays: int) -> int:
    """Return for how many steps to make slopes at once, by how many arrays like *dh* a step takes."""
    return max(1, min(_CHUNK_STEPS, _CHUNK_BYTES // (dh.nbytes * arrays)))


def piece_length(steps: int, batch: int) -> int:
    """Return for how many steps to keep gradients until they are summed."""
    return max(1, min(steps, -(-_PIECE_ROWS // batch)))


def add_up(sums: tuple[Array, ...], found: tuple[Array, ...]) -> tuple[Array, ...]:
    """Add what a piece gave to the sums so far, in their memory; none so far is an empty tuple."""
    return tuple(np.add(one, more, out=one) for one, more in zip(sums, found, strict=True)) if sums else found
