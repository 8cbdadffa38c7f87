"""A mean over seeds and how well it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval import Interval, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

# 97.5 % quantiles of Student's t for 1 … 30 degrees of freedom; beyond, the series around the normal quantile
_T975 = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
    2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
    2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
)  # fmt: skip


def t_quantile(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t distribution.

    >>> t_quantile(2), round(t_quantile(100), 3)
    (4.3027, 1.984)
    """
    z = 1.959964
    if freedom <= len(_T975):
        return _T975[freedom - 1]
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def mean_value(
    samples: Sequence[float],
    *,
    unit: str = "1",
    higher_is_better: bool | None = None,
    bounds: tuple[float, float] | None = None,
) -> Value:
    """Return the mean as a :class:`a4eval.Value` with its 95 % interval of Student's t (none for one sample).

    Args:
        samples: one number a seed.
        unit: of the samples.
        higher_is_better: passed on.
        bounds: what the mean cannot leave, such as (0, 1) for an accuracy.

    >>> value = mean_value([1.0, 2.0, 3.0])
    >>> value.value, round(value.interval.low, 3), value.n
    (2.0, -0.484, 3)
    """
    drawn = np.asarray(samples, np.float64)
    mean = float(drawn.mean())
    interval = None
    if len(drawn) > 1 and np.isfinite(drawn).all():
        reach = t_quantile(len(drawn) - 1) * float(drawn.std(ddof=1)) / len(drawn) ** 0.5
        low, high = (mean - reach, mean + reach) if bounds is None else np.clip((mean - reach, mean + reach), *bounds)
        interval = Interval(0.95, float(low), float(high), "student_t")
    return Value(mean, unit, higher_is_better, len(drawn), interval)
