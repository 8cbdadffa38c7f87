"""Bootstrap intervals of any number that is a function of its units' weights, and of the difference of two."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from a4eval.contracts import Interval
from a4eval.statistics.comparison import Comparison
from a4eval.statistics.weights import check_options, drawn_weights, groups_of, left_out_weights, values_under

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from a4eval.statistics.weights import Statistic

Method: TypeAlias = Literal["percentile", "bca"]


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
    check_options(resamples, level)
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
    groups = groups_of(clusters, n_units)
    drawn = values_under(statistic, drawn_weights(rng, groups, resamples))
    text = f"{method} bootstrap, {resamples} resamples"
    if clusters is not None:
        text += f" of {groups.max(initial=-1) + 1} clusters"
    if method == "percentile":
        return drawn, lambda name: _interval(drawn[name], level, text)
    left_out = values_under(statistic, left_out_weights(rng, groups, jackknife))
    whole = values_under(statistic, iter([np.ones((1, n_units))]))

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
    check_options(resamples, level)

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
