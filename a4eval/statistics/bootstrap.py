"""Bootstrap intervals of any number that is a function of its units' weights, and of the difference of two."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from a4eval.contracts import Interval
from a4eval.statistics.comparison import Comparison
from a4eval.statistics.few_units import FEW, FEWEST, one_sided_p, shape_of, shares, student
from a4eval.statistics.resampled import resample
from a4eval.statistics.weights import JACKKNIFE, check_options

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from a4eval.statistics.resampled import Resampled
    from a4eval.statistics.weights import Statistic

Method: TypeAlias = Literal["percentile", "expanded", "bca"]


def bootstrap(
    statistic: Statistic,
    n_units: int,
    rng: np.random.Generator,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    method: Method = "percentile",
    clusters: ArrayLike | None = None,
    jackknife: int = JACKKNIFE,
) -> dict[str, Interval]:
    """Return a bootstrap confidence interval of each number.

    Args:
        statistic: from weights to values.
        n_units: how many units.
        rng: the random numbers.
        resamples: how often the units are drawn with replacement.
        level: the nominal coverage.
        method: ``percentile``; ``expanded``: corrected for few units, bias and skewness, from the resamples
            alone (of three to five units it is Student's t with their spread, of two there is none); or ``bca``:
            corrected for bias and skewness, with groups of units left out in turn.
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
    kept = jackknife if check_method(method) == "bca" else 0
    return intervals(
        resample(statistic, n_units, rng, resamples=resamples, clusters=clusters, jackknife=kept), level, method
    )


def intervals(resampled: Resampled, level: float, method: Method) -> dict[str, Interval]:
    """Return the interval of each number from its resamples, as :func:`bootstrap` does.

    Raises:
        ValueError: ``bca`` of resamples that were made without leaving groups out.
    """
    if check_method(method) == "bca" and resampled.values and not resampled.left_out:
        raise ValueError("method: bca needs the values with groups of units left out, which were not kept")
    text = f"{method} bootstrap, {resampled.resamples} resamples"
    if resampled.clustered:
        text += f" of {resampled.groups} clusters"
    found = {}
    for name, values in resampled.values.items():
        bias, skew = 0.0, 0.0
        if method == "bca":
            bias, skew = _bias(values, resampled.observed[name]), _acceleration(resampled.left_out[name])
        if method == "expanded" and not np.isnan(values).all():
            found[name] = _expanded(values, resampled.observed[name], resampled.groups, level, text)
        else:
            found[name] = _interval(values, level, text, _shares(level, bias, skew))
    return found


def _expanded(values: NDArray[np.float64], observed: float, groups: int, level: float, text: str) -> Interval:
    """Return the interval that was measured best of so many groups."""
    shape = shape_of(values, observed, groups)
    if shape.groups < FEW and np.nanmin(values) == np.nanmax(values):
        return Interval(level, math.nan, math.nan, f"none: {text} of {shape.groups} units do not vary")
    if shape.groups >= FEWEST:
        return _interval(values, level, text, shares(level, shape))
    by_shares = _interval(values, level, text, (0.0, 1.0))  # says what is undefined
    if math.isnan(by_shares.low):
        return by_shares
    low, high = student(level, values, observed, shape.groups)
    if math.isnan(low):
        return Interval(level, low, high, f"none: {text} of {shape.groups} units tell too little of their spread")
    return Interval(level, low, high, by_shares.method.replace("expanded", "student's t from an expanded", 1))


def comparisons(differences: Resampled, level: float, method: Method) -> dict[str, Comparison]:
    """Return how two predictions differ from the resamples of their differences, as :func:`paired_bootstrap` does."""
    found = {}
    for name, interval in intervals(differences, level, method).items():
        observed, values = differences.observed[name], differences.values[name]
        if observed == 0 and not np.any(values):  # one and the same, whatever the units weigh
            told = Interval(level, 0.0, 0.0, f"paired {method} bootstrap, {differences.resamples} resamples, all alike")
        else:
            told = replace(interval, method=f"paired {interval.method}")
        found[name] = Comparison(observed, told, _p_value(differences, name, method))
    return found


def check_method(method: Method) -> Method:
    """Return *method*, if there is such a one.

    Raises:
        ValueError: there is none.
    """
    if method not in get_args(Method):
        raise ValueError(f"method: got {method!r}, expected 'percentile', 'expanded' or 'bca'")
    return method


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
    jackknife: int = JACKKNIFE,
) -> dict[str, Comparison]:
    """Return how two predictions on the same units differ: both are computed on the same resamples.

    Args:
        first: of the one prediction.
        second: of the other; the order of units is the same.
        n_units: how many units.
        rng: the random numbers.
        resamples: how often the units are drawn with replacement.
        level: the nominal coverage of the interval.
        method: as for :func:`bootstrap`.
        clusters: (n_units,) labels; units of one label are drawn together.
        jackknife: as for :func:`bootstrap`.

    Returns:
        By name; the p-value is twice the share of resamples on the rarer side of 0, at least 2 / (resamples + 1);
        with ``expanded`` it is corrected for few units as the interval is.
    """
    check_options(resamples, level)
    kept = jackknife if check_method(method) == "bca" else 0
    difference = difference_of(first, second)
    drawn = resample(difference, n_units, rng, resamples=resamples, clusters=clusters, jackknife=kept)
    return comparisons(drawn, level, method)


def difference_of(first: Statistic, second: Statistic) -> Statistic:
    """Return second minus first as a statistic, of the names in both."""

    def difference(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        one, other = first(weights), second(weights)
        return {name: np.asarray(other[name]) - np.asarray(one[name]) for name in one if name in other}

    return difference


def _interval(values: NDArray[np.float64], level: float, method: str, ends: tuple[float, float]) -> Interval:
    defined = values[~np.isnan(values)]
    if 2 * len(defined) < len(values) or not len(defined) or math.isnan(sum(ends)):
        return Interval(level, math.nan, math.nan, method)
    if len(defined) < len(values):
        method += f", {len(values) - len(defined)} of them undefined and left out"
    low, high = np.quantile(defined, ends)
    return Interval(level, float(low), float(high), method)


def _shares(level: float, bias: float, skew: float) -> tuple[float, float]:
    """Return the shares of the resamples below which an interval begins and ends."""
    if math.isnan(bias + skew):
        return math.nan, math.nan
    normal = NormalDist()
    low, high = (bias + normal.inv_cdf(tail) for tail in ((1 - level) / 2, (1 + level) / 2))
    return normal.cdf(bias + low / (1 - skew * low)), normal.cdf(bias + high / (1 - skew * high))


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


def _p_value(differences: Resampled, name: str, method: Method) -> float:
    values = differences.values[name]
    defined = values[~np.isnan(values)]
    if not len(defined):
        return math.nan
    sides = [float((np.count_nonzero(side) + 1) / (len(defined) + 1)) for side in (defined <= 0, defined >= 0)]
    if method == "expanded" and max(sides) < 1:
        shape = shape_of(values, differences.observed[name], differences.groups)
        sides = [one_sided_p(sides[0], shape), one_sided_p(sides[1], shape.mirrored())]
    elif method == "expanded":
        shape = shape_of(values, differences.observed[name], differences.groups)
        turned = shape if sides[0] < sides[1] else shape.mirrored()
        sides = [1.0 if min(sides) >= 1 else one_sided_p(min(sides), turned)]
    return min(1.0, 2 * min(sides))
