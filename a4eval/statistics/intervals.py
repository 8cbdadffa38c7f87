"""Confidence intervals and paired tests of any number that is a function of its units' weights.

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
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from a4eval.contracts import Interval, Weighable, WeighableMany
from a4eval.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

BLOCK_BYTES = 32 << 20  # of weights held at a time

Statistic: TypeAlias = Callable[[NDArray[np.float64]], Mapping[str, NDArray[np.float64]]]
"""From weights (r, n_units) to values (r,) by name."""

Method: TypeAlias = Literal["percentile", "bca"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a number differs between two predictions on the same units.

    Args:
        difference: second minus first.
        interval: its confidence interval; None from a test.
        p_value: of no difference, two-sided.
    """

    difference: float
    interval: Interval | None
    p_value: float


def statistic_of(metric: Weighable) -> Statistic:
    """Return a metric as a function of weights: through its ``compute_many`` if it has one, else resample by resample.

    Args:
        metric: any; one that weighs many rows at a time does so.
    """
    if isinstance(metric, WeighableMany):
        return metric.compute_many

    def one_by_one(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        rows = [{name: value.value for name, value in metric.compute(one).items()} for one in weights]
        return {name: np.array([row[name] for row in rows]) for name in metric.names}

    return one_by_one


def bootstrap(
    statistic: Statistic,
    n_units: int,
    rng: np.random.Generator,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    method: Method = "percentile",
    clusters: ArrayLike | None = None,
    jackknife: int = 200,
) -> dict[str, Interval]:
    """Return a bootstrap confidence interval of each number.

    Args:
        statistic: from weights to values.
        n_units: how many units.
        rng: the random numbers.
        resamples: how often the units are drawn with replacement.
        level: the nominal coverage.
        method: ``percentile``, or ``bca``: corrected for bias and skewness.
        clusters: (n_units,) labels; units of one label (frames of a video) are drawn together.
        jackknife: for ``bca``, the most groups of units to leave out in turn; with no more units than that, each is
            left out alone.

    Returns:
        By name; NaN bounds where more than half of the resamples leave the number undefined.

    References: Efron 1987, *Better Bootstrap Confidence Intervals*; Davison & Hinkley 1997, sections 2.2 and 5.3.

    >>> values = np.array([1.0, 2, 3, 4, 5])
    >>> mean = lambda weights: {"mean": weights @ values / weights.sum(axis=1)}
    >>> interval = bootstrap(mean, 5, np.random.default_rng(0))["mean"]
    >>> interval.low, interval.high
    (1.8, 4.2)
    """
    _check(resamples, level)
    drawn, make = _resampled(statistic, n_units, rng, resamples, level, method, clusters, jackknife)
    return {name: make(name) for name in drawn}


def _resampled(
    statistic: Statistic,
    n_units: int,
    rng: np.random.Generator,
    resamples: int,
    level: float,
    method: Method,
    clusters: ArrayLike | None,
    jackknife: int,
) -> tuple[dict[str, NDArray[np.float64]], Callable[[str], Interval]]:
    """Return the values of all resamples by name, and what makes the interval of a name."""
    if method not in ("percentile", "bca"):
        raise ValueError(f"method: got {method!r}, expected 'percentile' or 'bca'")
    groups = _groups(clusters, n_units)
    drawn = _values(statistic, _drawn(rng, groups, resamples))
    text = f"{method} bootstrap, {resamples} resamples"
    if clusters is not None:
        text += f" of {groups.max(initial=-1) + 1} clusters"
    if method == "percentile":
        return drawn, lambda name: _interval(drawn[name], level, text)
    left_out = _values(statistic, _left_out(rng, groups, jackknife))
    whole = _values(statistic, iter([np.ones((1, n_units))]))

    def corrected(name: str) -> Interval:
        bias, skew = _bias(drawn[name], whole[name][0]), _acceleration(left_out[name])
        return _interval(drawn[name], level, text, bias=bias, skew=skew)

    return drawn, corrected


def paired_bootstrap(
    first: Statistic,
    second: Statistic,
    n_units: int,
    rng: np.random.Generator,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    method: Method = "percentile",
    clusters: ArrayLike | None = None,
    jackknife: int = 200,
) -> dict[str, Comparison]:
    """Return how two predictions on the same units differ: both are computed on the same resamples.

    Args:
        first: of the one prediction.
        second: of the other; the order of units is the same.
        n_units: how many units.
        rng: the random numbers.
        resamples: how often the units are drawn with replacement.
        level: the nominal coverage of the interval.
        method: ``percentile`` or ``bca``, as for :func:`bootstrap`.
        clusters: (n_units,) labels; units of one label are drawn together.
        jackknife: as for :func:`bootstrap`.

    Returns:
        By name; the p-value is twice the share of resamples on the rarer side of 0, at least 2 / (resamples + 1).
    """
    _check(resamples, level)

    def difference(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        one, other = first(weights), second(weights)
        return {name: np.asarray(other[name]) - np.asarray(one[name]) for name in one if name in other}

    observed = difference(np.ones((1, n_units)))
    drawn, make = _resampled(difference, n_units, rng, resamples, level, method, clusters, jackknife)
    return {
        name: Comparison(float(observed[name][0]), _paired(make(name)), _bootstrap_p_value(values))
        for name, values in drawn.items()
    }


def _paired(interval: Interval) -> Interval:
    return replace(interval, method=f"paired {interval.method}")


def paired_permutation(
    combined: Statistic,
    n_units: int,
    rng: np.random.Generator,
    *,
    permutations: int = 1000,
    clusters: ArrayLike | None = None,
) -> dict[str, Comparison]:
    """Test whether two predictions differ by swapping them unit by unit at random.

    Args:
        combined: over 2 · n_units units: unit i under the first prediction at 2 i, under the second at 2 i + 1.
            So AP, which ranks across images, is computed on each mixture as it is.
        n_units: how many units.
        rng: the random numbers.
        permutations: how many; the p-value is at least 1 / (permutations + 1).
        clusters: (n_units,) labels; units of one label are swapped together.

    References: Good 2005, *Permutation, Parametric and Bootstrap Tests of Hypotheses*, section 3.7.
    """
    _check(permutations, 0.5)
    groups = _groups(clusters, n_units)

    def difference(swapped: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        weights = np.empty((len(swapped), 2 * n_units))
        weights[:, 0::2], weights[:, 1::2] = 1 - swapped, swapped
        one = combined(weights)
        other = combined(1 - weights)
        return {name: np.asarray(other[name]) - np.asarray(one[name]) for name in one}

    observed = difference(np.zeros((1, n_units)))
    n_groups = int(groups.max(initial=-1)) + 1
    blocks = ((rng.random((rows, n_groups)) < 0.5)[:, groups] for rows in _block_sizes(permutations, 2 * n_units))
    swapped = _values(difference, (np.asarray(one, np.float64) for one in blocks))
    return {
        name: Comparison(float(observed[name][0]), None, _permutation_p_value(values, float(observed[name][0])))
        for name, values in swapped.items()
    }


def _check(resamples: int, level: float) -> None:
    if resamples < 1:
        raise ValueError(f"resamples: got {resamples}, expected at least 1")
    if not 0 < level < 1:
        raise ValueError(f"level: got {level}, expected a number between 0 and 1, such as 0.95")


def _groups(clusters: ArrayLike | None, n_units: int) -> NDArray[np.intp]:
    if n_units < 1:
        raise DataError("there are no units to resample: the data is empty")
    if clusters is None:
        return np.arange(n_units)
    labels = np.asarray(clusters)
    if labels.shape != (n_units,):
        raise ValueError(f"clusters: got shape {labels.shape}, expected ({n_units},), one label a unit")
    return np.unique(labels, return_inverse=True)[1]


def _block_sizes(rows: int, width: int) -> Iterator[int]:
    block = max(1, BLOCK_BYTES // (8 * width))
    for begin in range(0, rows, block):
        yield min(block, rows - begin)


def _drawn(rng: np.random.Generator, groups: NDArray[np.intp], resamples: int) -> Iterator[NDArray[np.float64]]:
    """Yield blocks of weights; what is drawn does not depend on the size of the blocks."""
    n_groups = int(groups.max()) + 1
    for rows in _block_sizes(resamples, len(groups)):
        counts = [np.bincount(rng.integers(n_groups, size=n_groups), minlength=n_groups) for _ in range(rows)]
        yield np.array(counts, np.float64)[:, groups]


def _left_out(rng: np.random.Generator, groups: NDArray[np.intp], most: int) -> Iterator[NDArray[np.float64]]:
    """Yield blocks of weights of 0 and 1 that leave out one group at a time, or one of *most* sets of groups."""
    n_groups = int(groups.max()) + 1
    folds = min(n_groups, most)
    fold = (np.arange(n_groups) if folds == n_groups else rng.permutation(n_groups) % folds)[groups]
    begin = 0
    for rows in _block_sizes(folds, len(groups)):
        yield (fold != np.arange(begin, begin + rows)[:, None]).astype(np.float64)
        begin += rows


def _values(statistic: Statistic, blocks: Iterator[NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    parts: dict[str, list[NDArray[np.float64]]] = {}
    for weights in blocks:
        for name, values in statistic(weights).items():
            parts.setdefault(name, []).append(np.asarray(values, np.float64))
    return {name: np.concatenate(values) for name, values in parts.items()}


def _interval(values: NDArray[np.float64], level: float, method: str, bias: float = 0, skew: float = 0) -> Interval:
    defined = values[~np.isnan(values)]
    if 2 * len(defined) < len(values) or not len(defined) or math.isnan(bias) or math.isnan(skew):
        return Interval(level, math.nan, math.nan, method)
    if len(defined) < len(values):
        method += f", {len(values) - len(defined)} of them undefined and left out"
    normal = NormalDist()
    shares = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        shifted = bias + normal.inv_cdf(tail)
        shares.append(normal.cdf(bias + shifted / (1 - skew * shifted)))
    low, high = np.quantile(defined, shares)
    return Interval(level, float(low), float(high), method)


def _bias(values: NDArray[np.float64], observed: float) -> float:
    defined = values[~np.isnan(values)]
    if not len(defined) or math.isnan(observed):
        return math.nan
    below = (np.count_nonzero(defined < observed) + np.count_nonzero(defined <= observed)) / (2 * len(defined))
    # when all resamples lie on one side the correction is without bounds: half a resample's worth is the most we know
    edge = 0.5 / len(defined)
    return NormalDist().inv_cdf(min(max(below, edge), 1 - edge))


def _acceleration(left_out: NDArray[np.float64]) -> float:
    defined = left_out[~np.isnan(left_out)]
    if not len(defined):
        return math.nan
    away = defined.mean() - defined
    spread = float(np.sum(away**2))
    return float(np.sum(away**3)) / (6 * spread**1.5) if spread > 0 else 0.0


def _bootstrap_p_value(values: NDArray[np.float64]) -> float:
    defined = values[~np.isnan(values)]
    if not len(defined):
        return math.nan
    rarer = min(np.count_nonzero(defined <= 0), np.count_nonzero(defined >= 0))
    return float(min(1.0, 2 * (rarer + 1) / (len(defined) + 1)))


def _permutation_p_value(values: NDArray[np.float64], observed: float) -> float:
    defined = values[~np.isnan(values)]
    if math.isnan(observed) or not len(defined):
        return math.nan
    # a mixture that is the observed one but for rounding is as extreme as it
    extreme = np.count_nonzero(np.abs(defined) >= abs(observed) - 1e-12)
    return float((extreme + 1) / (len(defined) + 1))
