"""The mean of independent samples, such as one number a seed, and how well it is known."""

from __future__ import annotations

import itertools
import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from a4eval.contracts import Interval, Value

if TYPE_CHECKING:
    from collections.abc import Sequence


def mean_value(
    samples: Sequence[float],
    *,
    level: float = 0.95,
    unit: str = "1",
    higher_is_better: bool | None = None,
    bounds: tuple[float, float] | None = None,
) -> Value:
    """Return the mean of independent samples with its confidence interval of Student's t.

    Args:
        samples: (n,) float64, at least one, such as one number a seed.
        level: the nominal coverage.
        unit: of the samples.
        higher_is_better: passed on.
        bounds: what the mean cannot leave, such as (0, 1) for an accuracy.

    Returns:
        The mean, ``n`` samples, and mean ± t·s/√n with t the two-sided quantile for n − 1 degrees of freedom and s the
        standard deviation; no interval for one sample, or where one is not finite.

    Raises:
        ValueError: no sample, or a level that is not between 0 and 1.

    References: Student 1908, *The probable error of a mean*.

    >>> value = mean_value([1.0, 2.0, 3.0])
    >>> value.value, round(value.interval.low, 6), round(value.interval.high, 6), value.n
    (2.0, -0.484138, 4.484138, 3)
    """
    drawn = np.asarray(samples, np.float64)
    if drawn.ndim != 1 or not len(drawn):
        raise ValueError(f"samples: got shape {drawn.shape}, expected (n,) with n at least 1")
    if not 0 < level < 1:
        raise ValueError(f"level: got {level}, expected a number between 0 and 1, such as 0.95")
    mean = float(drawn.mean())
    interval = None
    if len(drawn) > 1 and np.isfinite(drawn).all():
        reach = t_quantile(level, len(drawn) - 1) * float(drawn.std(ddof=1)) / len(drawn) ** 0.5
        low, high = (mean - reach, mean + reach) if bounds is None else np.clip((mean - reach, mean + reach), *bounds)
        interval = Interval(level, float(low), float(high), "student_t")
    return Value(mean, unit, higher_is_better, len(drawn), interval)


@cache
def t_quantile(level: float, freedom: int) -> float:
    """Return the t that Student's distribution stays within, ±t, with probability *level*.

    Args:
        level: between 0 and 1.
        freedom: degrees of freedom, at least 1.

    >>> round(t_quantile(0.95, 2), 9), round(t_quantile(0.5, 1), 9)
    (4.30265273, 1.0)
    """
    low, high = 0.0, 1.0
    while t_outside(high, freedom) > 1 - level:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if t_outside(middle, freedom) > 1 - level else (low, middle)
    return high


def t_outside(t: float, freedom: int) -> float:
    """Return P(|T| > t) of Student's distribution: the incomplete beta function I_x(ν/2, ½) at x = ν/(ν + t²).

    Args:
        t: at least 0.
        freedom: degrees of freedom ν, at least 1.

    >>> round(t_outside(1.0, 1), 12)
    0.5
    """
    a, b = freedom / 2, 0.5
    x, y = freedom / (freedom + t * t), t * t / (freedom + t * t)
    if x < (a + 1) / (a + b + 2):
        return _incomplete_beta(a, b, x, y)
    return 1 - (_incomplete_beta(b, a, y, x) if y else 0.0)


def _incomplete_beta(a: float, b: float, x: float, y: float) -> float:
    """Sum the continued fraction of I_x(a, b), DLMF 8.17.22, by Lentz's method; y = 1 − x, and x is small enough."""
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(y)) / a
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    result = d
    for m in itertools.count(1):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / (1 + term * d)
            c = 1 + term / c
            result *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front * result
