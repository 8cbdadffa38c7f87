"""What a bootstrap of few units leaves out, and how it is put back.

The resamples of n units spread as if their variance were a sum over n, not n − 1, and know nothing of Student's t: at
n = 10 a percentile interval is too narrow by a fifth.
The expanded percentile interval reads the resamples at shares further out, so that for the mean of normal units it is
Student's; a p-value is corrected by the same rule, read backwards.

References: Hesterberg 2015, *What Teachers Should Know About the Bootstrap*, section 5.3.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from a4eval.statistics.mean import t_outside, t_quantile

_NORMAL = NormalDist()


def expanded_tail(level: float, groups: int) -> float:
    """Return the share of resamples to leave out on each side for an interval of *level*; NaN for a single group.

    Args:
        level: the nominal coverage.
        groups: how many units, or clusters, are drawn.

    >>> round(expanded_tail(0.95, 10), 5), round(expanded_tail(0.95, 10**6), 5)
    (0.00855, 0.025)
    """
    if groups < 2:
        return math.nan
    return _NORMAL.cdf(-math.sqrt(groups / (groups - 1)) * t_quantile(level, groups - 1))


def one_sided_p(share: float, groups: int) -> float:
    """Return the p-value of a hypothesis that a share of the resamples speaks for.

    Args:
        share: of the resamples, between 0 and 1, neither included.
        groups: how many units, or clusters, were drawn.

    Returns:
        At least 2^−groups: the smallest that swapping the signs of so many groups can give.

    >>> round(one_sided_p(expanded_tail(0.95, 10), 10), 9), one_sided_p(0.001, 3), one_sided_p(0.5, 10)
    (0.025, 0.125, 0.5)
    """
    smallest = 0.5**groups
    if groups < 2:
        return max(share, smallest)
    t = -_NORMAL.inv_cdf(share) * math.sqrt((groups - 1) / groups)
    beyond = t_outside(abs(t), groups - 1) / 2
    return max(beyond if t >= 0 else 1 - beyond, smallest)
