"""Resamples are weights of units: how they are drawn, and the values of a statistic under them.

A unit (image, query, sequence) that is drawn twice counts twice: a resample is a vector of counts, and a metric that
can weigh its units gives the number for it without looking at the data again.
The functions here know nothing else of a metric.  They take ``statistic(weights) -> {name: values}`` with weights
(r, n_units) and values (r,), draw the weights from the generator they are given, and work in blocks of resamples, so
that memory stays at ``BLOCK_BYTES`` for the weights and what the statistic itself needs, however many resamples.

The same generator state gives the same numbers, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from a4eval.contracts import Weighable, WeighableMany
from a4eval.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

BLOCK_BYTES = 32 << 20  # of weights held at a time
JACKKNIFE = 200  # groups of units to leave out in turn, at most
_ROUNDING = 1e-9  # 1 − 0.95 is no 0.05

Statistic: TypeAlias = Callable[[NDArray[np.float64]], Mapping[str, NDArray[np.float64]]]
"""From weights (r, n_units) to values (r,) by name."""


def statistic_of(metric: Weighable) -> Statistic:
    """Return a metric as a function of weights: through its ``compute_many`` if it has one, else resample by resample.

    Args:
        metric: any; one that weighs many rows at a time does so.
    """
    if isinstance(metric, WeighableMany):
        return metric.compute_many

    def one_by_one(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        rows = [{name: value.value for name, value in metric.compute(one).items()} for one in weights]
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}

    return one_by_one


def check_resamples(resamples: int) -> None:
    """Refuse less than one resample.

    Raises:
        ValueError: there are none.
    """
    if resamples < 1:
        raise ValueError(f"resamples: got {resamples}, expected at least 1")


def check_options(resamples: int, level: float) -> None:
    """Refuse a number of resamples or a level that cannot be.

    Raises:
        ValueError: it is one, or so few resamples cannot have an interval of that level.

    >>> check_options(20, 0.95)
    Traceback (most recent call last):
    ValueError: resamples: 20 are too few for level 0.95, of which 1 in 40 should lie beyond each end; give 39 or more
    """
    check_resamples(resamples)
    if not 0 < level < 1:
        raise ValueError(f"level: got {level}, expected a number between 0 and 1, such as 0.95")
    if resamples < resamples_for(1, level):
        raise ValueError(
            f"resamples: {resamples} are too few for level {level:g}, of which 1 in {2 / (1 - level):.0f} should lie "
            f"beyond each end; give {resamples_for(1, level)} or more"
        )


def beyond_each_end(resamples: int, level: float) -> float:
    """Return how many resamples lie beyond each end of an interval; the resamples cut the line into one part more.

    >>> round(beyond_each_end(999, 0.95), 9)
    25.0
    """
    return (resamples + 1) * (1 - level) / 2


def resamples_for(beyond: float, level: float) -> int:
    """Return the fewest resamples of which so many lie beyond each end.

    >>> resamples_for(1, 0.95), resamples_for(5, 0.99)
    (39, 999)
    """
    return math.ceil(2 * beyond / (1 - level) * (1 - _ROUNDING)) - 1


def groups_of(clusters: ArrayLike | None, n_units: int) -> NDArray[np.intp]:
    """Return the group of each unit, (n_units,) from 0: units of one group are drawn together.

    Raises:
        DataError: there is no unit.
        ValueError: there is not one label a unit.
    """
    if n_units < 1:
        raise DataError("there are no units to resample: the data is empty")
    if clusters is None:
        return np.arange(n_units)
    labels = np.asarray(clusters)
    if labels.shape != (n_units,):
        raise ValueError(f"clusters: got shape {labels.shape}, expected ({n_units},), one label a unit")
    return np.unique(labels, return_inverse=True)[1]


def block_sizes(rows: int, width: int) -> Iterator[int]:
    """Yield how many of *rows* rows of *width* float64 to work on at a time."""
    block = max(1, BLOCK_BYTES // (8 * width))
    for begin in range(0, rows, block):
        yield min(block, rows - begin)


def drawn_weights(rng: np.random.Generator, groups: NDArray[np.intp], resamples: int) -> Iterator[NDArray[np.float64]]:
    """Yield blocks of weights; what is drawn does not depend on the size of the blocks."""
    n_groups = int(groups.max()) + 1
    for rows in block_sizes(resamples, len(groups)):
        counts = [np.bincount(rng.integers(n_groups, size=n_groups), minlength=n_groups) for _ in range(rows)]
        yield np.array(counts, np.float64)[:, groups]


def left_out_weights(rng: np.random.Generator, groups: NDArray[np.intp], most: int) -> Iterator[NDArray[np.float64]]:
    """Yield blocks of weights of 0 and 1 that leave out one group at a time, or one of *most* sets of groups."""
    n_groups = int(groups.max()) + 1
    folds = min(n_groups, most)
    fold = (np.arange(n_groups) if folds == n_groups else rng.permutation(n_groups) % folds)[groups]
    begin = 0
    for rows in block_sizes(folds, len(groups)):
        yield (fold != np.arange(begin, begin + rows)[:, None]).astype(np.float64)
        begin += rows


def values_under(statistic: Statistic, blocks: Iterator[NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Return the values of *statistic* under all rows of *blocks*, (r,) by name."""
    parts: dict[str, list[NDArray[np.float64]]] = {}
    for weights in blocks:
        for name, values in statistic(weights).items():
            parts.setdefault(name, []).append(np.asarray(values, np.float64))
    return {name: np.concatenate(values) for name, values in parts.items()}
