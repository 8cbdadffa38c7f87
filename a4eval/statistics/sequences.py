"""Confidence sequences: intervals that hold however often they are looked at, and whenever one stops.

An interval of fixed size that is looked at after every further sample misses the truth at some look far more often than
its level says; the sequence holds at all looks together.
It is the set of means that a test with *e*-values has never rejected: Student's t in favour of an effect of some size
against none, that size being drawn from a normal distribution, the scale of the samples being anything.  By Ville's
inequality the chance that its *e*-value ever exceeds 1 / alpha is at most alpha, for normal samples exactly; symmetric
ones, as differences of pairs are where there is no effect, stay below it in simulations.
Skewed ones would by far not, and now nearly do: the sequence is the hull of that set and of the same set for Hall's
transformation of t, which takes the skewness out, and it looks at nothing before the tenth sample.
What was measured stands in docs/benchmarks.md; what happens in less than one sample in ten may not have been seen when
it decides.

References: Wang & Ramdas 2024, *Anytime-Valid t-Tests and Confidence Sequences for Gaussian Means With Unknown
Variance*; Pérez-Ortiz, Lardy, de Heide & Grünwald 2024, *E-Statistics, Group Invariance and Anytime-Valid Testing*;
Hall 1992, *On the Removal of Skewness by Transformation*.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from a4eval.statistics.decisions import VerdictOfTwo

SCALE = 1.0
"""The standard deviation of the effect sizes that the test is in favour of, in those of the samples."""
LEAST = 10
"""From how many samples on it is looked at all: fewer tell too little of how they scatter."""
ALIKE = 30
"""From how many on samples that are all alike say anything: what comes one time in ten is seen by then."""
ROUNDING = 1e-12


class Looked(NamedTuple):
    """What the samples so far say of a difference.

    Args:
        mean: of the samples.
        low: where the sequence begins now.
        high: where it ends.
        verdict: of the second against the first.
    """

    mean: float
    low: float
    high: float
    verdict: VerdictOfTwo


def log_e_value(samples: ArrayLike, mean: float = 0.0, scale: float = SCALE) -> float:
    """Return the logarithm of the evidence, an *e*-value, that normal samples have another mean than *mean*.

    Args:
        samples: (n,) float64.
        mean: the hypothesis.
        scale: standard deviation of the effect size under the alternative, in those of the samples.

    Returns:
        0, no evidence, of fewer than two samples; infinity of samples that are all alike and not *mean*.

    >>> round(math.exp(log_e_value([1.0, 1.2, 0.8, 1.1])), 1)
    9.6
    """
    given = np.asarray(samples, np.float64) - mean
    n = len(given)
    if n < 2:
        return 0.0
    spread = float(given.std(ddof=1))
    if spread == 0:
        return math.inf if given[0] else 0.0
    t_squared = n * (float(given.mean()) / spread) ** 2 / (n - 1)
    grown = 1 + n * scale**2
    return n / 2 * (math.log1p(t_squared) - math.log1p(t_squared / grown)) - math.log(grown) / 2


def confidence_sequence(samples: ArrayLike, *, alpha: float = 0.05, scale: float = SCALE) -> tuple[float, float]:
    """Return where a confidence sequence of the mean stands after *samples*.

    Args:
        samples: (n,) float64.
        alpha: the chance that it ever misses the mean.
        scale: as for :func:`log_e_value`; it says at which sizes of effect the sequence is narrow, never whether it
            holds.

    Returns:
        Infinite bounds while nothing can be said: of fewer than two, and of fewer than 30 that are all alike.

    Raises:
        ValueError: alpha is not between 0 and 1.

    >>> [round(end, 2) for end in confidence_sequence([1.0, 1.2, 0.8, 1.1, 0.9, 1.0])]
    [0.69, 1.31]
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha: got {alpha}, expected a number between 0 and 1, such as 0.05")
    given = np.asarray(samples, np.float64)
    n = len(given)
    if n < 2 or not np.isfinite(given).all():
        return -math.inf, math.inf
    mean, spread = float(given.mean()), float(given.std(ddof=1))
    if spread <= ROUNDING * abs(mean):
        return (mean, mean) if n >= ALIKE else (-math.inf, math.inf)
    grown = 1 + n * scale**2
    bound = math.exp(2 / n * (math.log(grown) / 2 - math.log(alpha)))
    if bound >= grown:
        return -math.inf, math.inf
    reach = math.sqrt((n - 1) / n * (bound - 1) / (1 - bound / grown))
    below, above = (_skewed(end, given, mean, spread) for end in (-reach, reach))
    return mean - spread * max(reach, above), mean - spread * min(-reach, below)


def _skewed(transformed: float, samples: NDArray[np.float64], mean: float, spread: float) -> float:
    """Return the distance of a mean, in standard deviations, whose transformation by Hall is *transformed*."""
    n = len(samples)
    if n < 3:
        return transformed
    third = float(np.mean((samples - mean) * (samples - mean) * (samples - mean)))
    skew = third / spread**3 * n * n / ((n - 1) * (n - 2))
    if abs(skew) < ROUNDING:
        return transformed
    bend = skew / 3
    return float(np.cbrt(1 + 3 * bend * (transformed - skew / (6 * n))) - 1) / bend


def look(differences: ArrayLike, *, higher_is_better: bool, margin: float = 0.0, alpha: float = 0.05) -> Looked:
    """Say what differences, such as one a seed, have decided by now; it may be asked after each of them.

    Args:
        differences: (n,) float64, second minus first.
        higher_is_better: of what they are differences of.
        margin: how large a difference is none that matters.
        alpha: the chance that it ever says *better*, *worse* or *equivalent* wrongly.

    >>> look([0.5, 0.6, 0.4, 0.5, 0.55, 0.45, 0.5, 0.6, 0.5, 0.4], higher_is_better=True, margin=0.1).verdict
    'better'
    """
    given = np.asarray(differences, np.float64)
    low, high = confidence_sequence(given, alpha=alpha) if len(given) >= LEAST else (-math.inf, math.inf)
    worst, best = (low, high) if higher_is_better else (-high, -low)
    verdict: VerdictOfTwo = "undecided"
    if worst > margin:
        verdict = "better"
    elif best < -margin:
        verdict = "worse"
    elif -margin < worst and best < margin:
        verdict = "equivalent"
    return Looked(float(given.mean()) if len(given) else math.nan, low, high, verdict)
