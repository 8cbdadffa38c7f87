"""Which shapes of boxes go together."""

from __future__ import annotations

import numpy as np


def matched(predicted: tuple[int, ...], truth: tuple[int, ...], numbers: int) -> tuple[int, ...]:
    """Return the shape of matched pairs.

    Args:
        predicted: the leading axes of the predicted boxes.
        truth: the leading axes of the true boxes.
        numbers: how many numbers a box has.

    Raises:
        ValueError: they do not broadcast.

    >>> matched((5, 1), (3,), 4)
    (5, 3)
    """
    try:
        return np.broadcast_shapes(predicted, truth)
    except ValueError as error:
        got = f"got predicted {(*predicted, numbers)} and truth {(*truth, numbers)}"
        raise ValueError(f"not matched pairs: {got}, expected leading axes that broadcast") from error


def table(predicted: tuple[int, ...], truth: tuple[int, ...], numbers: int) -> tuple[int, ...]:
    """Return the shape of the table of all pairs; arguments as :func:`matched`.

    Raises:
        ValueError: an axis of boxes is missing, or the axes before it differ.

    >>> table((2, 5), (2, 3), 4)
    (2, 5, 3)
    """
    if not predicted or not truth or predicted[:-1] != truth[:-1]:
        got = f"got predicted {(*predicted, numbers)} and truth {(*truth, numbers)}"
        raise ValueError(f"not all pairs: {got}, expected (…, n, {numbers}) and (…, m, {numbers})")
    return (*predicted, truth[-1])
