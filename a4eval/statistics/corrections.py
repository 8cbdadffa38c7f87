"""Corrections of p-values for many tests at once, such as one a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return p-values adjusted so that the chance of any false rejection stays below the level.

    Args:
        p_values: (n,); NaN ones are no tests and stay NaN.

    References: Holm 1979, *A Simple Sequentially Rejective Multiple Test Procedure*.

    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    return _adjusted(p_values, lambda p, n: np.maximum.accumulate(p * np.arange(n, 0, -1)))


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return p-values adjusted so that the share of false rejections stays below the level.

    Args:
        p_values: (n,); NaN ones are no tests and stay NaN.

    References: Benjamini & Hochberg 1995, *Controlling the False Discovery Rate*.

    >>> benjamini_hochberg([0.01, 0.04, 0.03])
    array([0.03, 0.04, 0.04])
    """
    return _adjusted(p_values, lambda p, n: np.minimum.accumulate((p * n / np.arange(1, n + 1))[::-1])[::-1])


def _adjusted(
    p_values: ArrayLike, adjust: Callable[[NDArray[np.float64], int], NDArray[np.float64]]
) -> NDArray[np.float64]:
    given = np.asarray(p_values, np.float64)
    adjusted = np.full(given.shape, np.nan)
    tests = np.flatnonzero(~np.isnan(given))
    if len(tests):
        order = tests[np.argsort(given[tests], kind="stable")]
        adjusted[order] = np.minimum(adjust(given[order], len(order)), 1)
    return adjusted
