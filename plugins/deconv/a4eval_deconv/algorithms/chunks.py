"""How much is worked on at a time: what the caches hold, and never more than the workspace that is allowed."""

from __future__ import annotations

CHUNK = 2**19
"""Elements of workspace at a time: what the caches hold, so that each copy is read back from there."""

_SMALL = 16_384


def workspace(outputs: int, inputs: int) -> int:
    """Return how many elements of workspace are allowed: as many as twice the output and the input, or a few.

    >>> workspace(100_000, 50_000)
    250000
    """
    return max(2 * outputs + inputs, _SMALL)


def samples_and_rows(n: int, rows: int, per_row: int, budget: int) -> tuple[int, int]:
    """Return how many of *n* samples, and how many of a sample's *rows*, are worked on at a time.

    Args:
        n: samples.
        rows: of one sample.
        per_row: elements of workspace that one row of one sample needs.
        budget: elements of workspace that are allowed.

    >>> samples_and_rows(8, 32, per_row=4096, budget=2**20), samples_and_rows(8, 32, per_row=2**18, budget=2**20)
    ((4, 32), (1, 2))
    """
    limit = max(1, min(budget, CHUNK))
    fit = min(rows, max(1, limit // per_row))
    if fit < rows and per_row * rows <= min(budget, 4 * CHUNK):
        fit = rows  # a whole sample is better than parts, unless it is far too large
    return max(1, min(n, limit // (per_row * rows))), fit
