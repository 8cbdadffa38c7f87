"""What the plain percentile bootstrap of few units leaves out, and how it is put back.

The resamples of n units spread as if their variance were a sum over n, not n − 1, know nothing of Student's t, and lean
too little where units are skewed: at n = 10 an interval is too narrow by a fifth, and one that lies wholly on the wrong
side of the truth comes three times as often as it should.
So the resamples are read at other shares: further out, so that for the mean of normal units it is Student's interval,
and moved for bias and skewness, as BCa moves them, with the skewness of the resamples themselves.
A p-value is corrected by the same rule, read backwards.
Of fewer than six units no share of the resamples lies far enough out, and an interval is Student's with their spread.
Of two there is none, nor of fewer than ten that do not vary at all: eight hits of eight would make one without width.
What was measured of all this stands in docs/benchmarks.md.

References: Efron 1987, *Better Bootstrap Confidence Intervals* (the acceleration is a sixth of the skewness);
Hesterberg 2015, *What Teachers Should Know About the Bootstrap*, section 5.3 (expanded percentiles).
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from a4eval.statistics.mean import t_outside, t_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NORMAL = NormalDist()
ROUNDING = 1e-12
"""A resample that differs from the observed value by less, relatively, is equal to it."""


FEWEST, FEW = 6, 10
"""Below the first an interval is Student's; below the second there is none of resamples that do not vary."""


class Shape(NamedTuple):
    """How resamples lie around the observed value.

    Args:
        bias: in standard deviations, from the share of the resamples below the observed value.
        skew: a sixth of their skewness.
        groups: how many units, or clusters, matter.
    """

    bias: float
    skew: float
    groups: int

    def mirrored(self) -> Shape:
        """Return the shape of the same resamples with their signs changed."""
        return Shape(-self.bias, -self.skew, self.groups)


def shape_of(values: NDArray[np.float64], observed: float, groups: int) -> Shape:
    """Return the shape of resamples.

    Args:
        values: (resamples,) float64; at least one is not NaN.
        observed: the value with each unit once.
        groups: how many units, or clusters, were drawn.
    """
    defined = values[~np.isnan(values)]
    away = defined - observed
    away[np.abs(away) <= ROUNDING * max(abs(observed), float(np.abs(defined).max()))] = 0
    below, above = int(np.count_nonzero(away < 0)), int(np.count_nonzero(away > 0))
    tilt = (below - above) / 2
    edge = (len(away) - 1) / 2  # of resamples that all lie on one side, half a one's worth is the most we know
    tilt = max(-edge, min(edge, tilt))
    bias = math.copysign(-_NORMAL.inv_cdf(0.5 - abs(tilt) / len(away)), tilt) if tilt else 0.0
    spread = float(away.std())
    centred = away - away.mean()
    # a product, for a power is not to the last bit minus that of the opposite
    skew = float(np.mean(centred * centred * centred)) / spread**3 / 6 if spread > 0 else 0.0
    return Shape(bias, skew, effective_groups(values, groups))


def effective_groups(values: NDArray[np.float64], groups: int) -> int:
    """Return how many groups matter to a number that is undefined where none of them is drawn.

    A class that stands in one image of a hundred is undefined in more than a third of the resamples: k groups of n are
    all left out with a probability of (1 − k/n)^n, so the share of undefined ones tells k.

    Args:
        values: (resamples,) float64, NaN where undefined.
        groups: how many were drawn.

    >>> effective_groups(np.array([1.0, 2.0, np.nan, 1.0, 1.0, np.nan, 2.0, 1.0]), 100)
    1
    """
    undefined = float(np.isnan(values).mean())
    if not 0 < undefined < 1:
        return groups
    return max(1, min(groups, round(groups * -math.expm1(math.log(undefined) / groups))))


def shares(level: float, shape: Shape) -> tuple[float, float]:
    """Return the shares of the resamples below which an interval of *level* begins and ends; NaN for a single group.

    >>> [round(share, 5) for share in shares(0.95, Shape(0.0, 0.0, 10))]
    [0.00855, 0.99145]
    >>> [round(share, 5) for share in shares(0.95, Shape(0.1, 0.05, 10**6))]
    [0.05461, 0.99172]
    """
    if shape.groups < 2:
        return math.nan, math.nan
    reach = math.sqrt(shape.groups / (shape.groups - 1)) * t_quantile(level, shape.groups - 1)

    def share(normal: float) -> float:
        moved = shape.bias + normal
        left = 1 - shape.skew * moved
        return _NORMAL.cdf(shape.bias + moved / left) if left > 0 else float(moved > 0)

    return share(-reach), share(reach)


def student(level: float, values: NDArray[np.float64], observed: float, groups: int) -> tuple[float, float]:
    """Return Student's interval around *observed* with the spread of its resamples; NaN for fewer than three groups.

    >>> drawn = np.random.default_rng(0).choice([1.0, 2.0, 6.0], (100_000, 3)).mean(axis=1)
    >>> [round(end) for end in student(0.95, drawn, 3.0, 3)]
    [-4, 10]
    """
    if groups < 3:
        return math.nan, math.nan
    reach = t_quantile(level, groups - 1) * math.sqrt(groups / (groups - 1)) * float(np.nanstd(values))
    return observed - reach, observed + reach


def one_sided_p(share: float, shape: Shape) -> float:
    """Return the p-value of the hypothesis that a share of the resamples, those at its side of an edge, speaks for.

    Args:
        share: of the resamples that lie at or below the edge, between 0 and 1, neither included.
        shape: of the resamples.

    Returns:
        At least 2^−groups: the smallest that swapping the signs of so many groups can give.

    >>> normal = Shape(0.0, 0.0, 10)
    >>> round(one_sided_p(shares(0.95, normal)[0], normal), 9), one_sided_p(0.001, Shape(0.0, 0.0, 3))
    (0.025, 0.125)
    """
    smallest = 0.5**shape.groups
    if shape.groups < 2:
        return max(share, smallest)
    away = _NORMAL.inv_cdf(share) - shape.bias
    left = 1 + shape.skew * away
    if left <= 0:
        return 1.0 if away > 0 else smallest
    t = (away / left - shape.bias) * math.sqrt((shape.groups - 1) / shape.groups)
    beyond = t_outside(abs(t), shape.groups - 1) / 2
    return max(beyond if t <= 0 else 1 - beyond, smallest)
