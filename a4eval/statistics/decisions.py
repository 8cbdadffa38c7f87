"""Is the second one better, worse, equivalent, or is that undecided?  Decisions from the resamples of a difference.

Four one-sided bootstrap tests a number, two at either edge of the margin, each doubled because there are two sides and
held against alpha: so a verdict is what the *expanded* interval of level 1 − alpha says.

- *worse*: the difference lies below −margin; *better*: above it.
- *equivalent*: it lies within ±margin, by two one-sided tests; it cannot be said without a margin.
- *undecided*: none of them.

That one of many is worse or better is corrected by Holm for how many there are.  *Not worse* and *equivalent* need no
correction: a gate passes only if each one does, which many tests make harder, not easier.

References: Schuirmann 1987, *A Comparison of the Two One-Sided Tests Procedure*; Berger 1982, *Multiparameter
Hypothesis Testing and Acceptance Sampling* (intersection and union); Holm 1979.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from a4eval.contracts import Outcome
from a4eval.statistics.corrections import holm
from a4eval.statistics.few_units import Shape, effective_groups, one_sided_p, shape_of
from a4eval.statistics.mean import t_quantile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VerdictOfTwo: TypeAlias = Literal["better", "worse", "equivalent", "undecided"]
POWER = 0.8
"""The chance with which a detectable effect is detected."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is known of one number of the second minus that of the first.

    Args:
        observed: the difference.
        values: (resamples,) float64, the difference under each resample; NaN where it is undefined, as an infinite
            one is taken to be.
        groups: how many units, or clusters, were drawn.
        higher_is_better: None where neither direction is better.
        margin: how large a difference is none that matters; at least 0.
    """

    observed: float
    values: NDArray[np.float64]
    groups: int
    higher_is_better: bool | None
    margin: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.margin) and self.margin >= 0):
            raise ValueError(f"margin: got {self.margin}, expected a number that is not negative")
        object.__setattr__(self, "values", np.where(np.isfinite(self.values), self.values, np.nan))


@dataclass(frozen=True, slots=True)
class Decision:
    """What the resamples say of a difference.

    Args:
        verdict: of the second against the first.
        not_worse: ``passed`` when the second is not worse by more than the margin, ``failed`` when it is, else
            ``undecided``.
        p_different: of no difference, two-sided; NaN where it is undefined.
        p_worse: of being no worse than the margin, doubled and corrected by Holm: small when the second is worse.
        p_better: the same of being better.
        p_equivalent: of a difference beyond the margin, doubled: small when they are equivalent.
        smallest_p: the smallest p, corrected, that so many units, resamples and tests can give.
        detectable: the smallest difference that would be found with a chance of 80 %; NaN if that is unknown.
        more_units: how many more would decide it with a chance of 80 %, if the difference stays; 0 when it is decided,
            None when none would, or that is unknown, or it is resamples that are lacking.
        unresolvable: undecided, and no data of this size could have told better or worse.
        more_resamples: unresolvable, but the units would do: only more resamples can tell so small a p.
    """

    verdict: VerdictOfTwo
    not_worse: Outcome
    p_different: float
    p_worse: float
    p_better: float
    p_equivalent: float
    smallest_p: float
    detectable: float
    more_units: int | None
    unresolvable: bool
    more_resamples: bool


def decide(differences: Mapping[str, Difference], *, alpha: float = 0.05) -> dict[str, Decision]:
    """Decide on each difference; *worse* and *better* are corrected for how many there are.

    Args:
        differences: by name.
        alpha: the chance of a wrong *worse* or *better* anywhere, where there is no difference beyond the margins.

    Raises:
        ValueError: alpha is not between 0 and 1.

    >>> drawn = np.linspace(0.01, 0.03, 1000)
    >>> found = decide({"AP": Difference(0.02, drawn, 50, True), "AP50": Difference(0.02, drawn, 50, True, 0.04)})
    >>> found["AP"].verdict, found["AP50"].verdict
    ('better', 'equivalent')
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha: got {alpha}, expected a number between 0 and 1, such as 0.05")
    tested = {name: _tested(one) for name, one in differences.items()}
    by_holm = {
        side: dict(zip(tested, holm([getattr(one, side) for one in tested.values()]).tolist(), strict=True))
        for side in ("worse", "better")
    }
    tests = sum(not math.isnan(one.worse) for one in tested.values())
    return {
        name: _decision(one, tested[name], by_holm["worse"][name], by_holm["better"][name], tests, alpha)
        for name, one in differences.items()
    }


def least_units_for_holm(alpha: float, tests: int) -> int:
    """Return how many units swapping their signs needs for a corrected p of *alpha*: below, no test can reject.

    >>> least_units_for_holm(0.05, 1), least_units_for_holm(0.05, 80)
    (6, 12)
    """
    return math.ceil(math.log2(2 * tests / alpha))


@dataclass(frozen=True, slots=True)
class _Tested:
    """One-sided p-values, doubled; *smallest* is the smallest that could have come out."""

    different: float
    worse: float
    better: float
    below: float
    """Of a difference at or below −margin: small when the second is not worse."""
    above: float
    """Of a difference at or above the margin: small when the second is not better."""
    smallest: float


def _tested(one: Difference) -> _Tested:
    if undefined(one):
        return _Tested(*[math.nan] * 6)
    values = one.values[~np.isnan(one.values)] * _sign(one)
    margin = one.margin

    shape = shape_of(one.values * _sign(one), one.observed * _sign(one), one.groups)

    def p(on_the_side: NDArray[np.bool_], shape: Shape) -> float:
        share = (np.count_nonzero(on_the_side) + 1) / (len(values) + 1)
        # a correction of so many resamples tells no rarer chance than they do
        return min(1.0, max(least, 2 * one_sided_p(float(share), shape))) if share < 1 else 1.0

    other, none = shape.mirrored(), np.zeros(len(values), bool)
    least = min(1.0, 2 * one_sided_p(1 / (len(values) + 1), Shape(0.0, 0.0, shape.groups)))
    ahead = one.observed * _sign(one)
    smallest = min(p(none, side) for side, there in ((shape, ahead >= 0), (other, ahead <= 0)) if there)
    if same(one):  # no unit could make a difference: there is nothing to be uncertain of
        return _Tested(1.0, 1.0, 1.0, 0.0, 0.0, smallest)
    return _Tested(
        min(p(values <= 0, shape), p(values >= 0, other)),
        p(values >= -margin, other),
        p(values <= margin, shape),
        p(values <= -margin, shape),
        p(values >= margin, other),
        smallest,
    )


def _decision(one: Difference, tested: _Tested, worse: float, better: float, tests: int, alpha: float) -> Decision:
    equivalent = max(tested.below, tested.above) if one.margin > 0 else 1.0
    verdict: VerdictOfTwo = "undecided"
    not_worse: Outcome = "undecided"
    if one.higher_is_better is not None and worse <= alpha:
        verdict, not_worse = "worse", "failed"
    elif one.higher_is_better is not None and better <= alpha:
        verdict, not_worse = "better", "passed"
    elif equivalent <= alpha:
        verdict, not_worse = "equivalent", "passed"
    elif one.higher_is_better is not None and tested.below <= alpha:
        not_worse = "passed"
    smallest = min(1.0, tested.smallest * tests) if tests else math.nan
    unresolvable = verdict == "undecided" and smallest > alpha
    effective = effective_groups(one.values, one.groups)
    lacking = max(0, least_units_for_holm(alpha, max(1, tests)) - effective)
    more: int | None = 0
    if verdict == "undecided":
        more = more_units(one, alpha, (-one.margin, one.margin))
        if unresolvable:
            # of units that do not all matter so many more bring as many that do
            more = max(more or 0, math.ceil(lacking * one.groups / effective)) if lacking else None
    return Decision(
        verdict,
        not_worse,
        tested.different,
        worse,
        better,
        math.nan if math.isnan(tested.below) else equivalent,
        smallest,
        detectable(one, alpha),
        more,
        unresolvable,
        unresolvable and not lacking,
    )


def undefined(one: Difference) -> bool:
    """Say whether too little of a difference is defined: itself, or half of its resamples."""
    return not math.isfinite(one.observed) or 2 * int(np.count_nonzero(~np.isnan(one.values))) <= len(one.values)


def same(one: Difference) -> bool:
    """Say whether both are one and the same number, whatever the units weigh."""
    return one.observed == 0 and not bool(np.any(one.values[~np.isnan(one.values)]))


def detectable(one: Difference, alpha: float = 0.05) -> float:
    """Return the smallest difference that a test at *alpha* finds with a chance of 80 %; NaN if that is unknown.

    References: Miller 2024, *Adding Error Bars to Evals*, section 5.

    >>> drawn = np.random.default_rng(0).normal(0, 0.01, 100_000)
    >>> round(detectable(Difference(0.0, drawn, 10_000, True)), 4)
    0.028
    """
    groups = 1 if undefined(one) else effective_groups(one.values, one.groups)
    if groups < 2:
        return math.nan
    error = float(np.nanstd(one.values)) * math.sqrt(groups / (groups - 1))
    return (t_quantile(1 - alpha, groups - 1) + NormalDist().inv_cdf(POWER)) * error


def more_units(one: Difference, alpha: float, edges: Sequence[float]) -> int | None:
    """Return how many more units would tell the difference from the nearest of *edges*, if it stays what it is.

    Args:
        one: the difference.
        alpha: of the test.
        edges: what it is to be told from, higher being better.

    Returns:
        At least 1; None when no number would, or that is unknown.
    """
    reach = detectable(one, alpha)
    distance = min(abs(one.observed * _sign(one) - edge) for edge in edges)
    if math.isnan(reach) or distance <= 1e-12 * abs(one.observed):
        return None
    return max(1, math.ceil(one.groups * ((reach / distance) ** 2 - 1)))


def _sign(one: Difference) -> int:
    return -1 if one.higher_is_better is False else 1
