"""Runs repeated with other seeds: the seed is what is drawn, and the units too where every run kept its resamples.

Resample r draws seeds with replacement; of each run drawn it takes the value under resample r of the units, the same
units for all runs: the pigeonhole bootstrap of two crossed causes of chance, right for either of them alone and too
wide where they interact (Owen 2007, *The Pigeonhole Bootstrap*).
How many groups that amounts to, for Student's t, is Satterthwaite's rule of the two variances.

Where a seed's runs on several problems may share what the seed decides (a split, a data set), seeds are drawn together
for all problems.  Where problems are known to be independent, each has its own draws, as in rliable; then one seed less
is drawn than a problem has, which makes the variance of a mean right however few they are (Rao & Wu 1988, *Resampling
Inference With Complex Survey Data*).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from a4eval.statistics.resampled import Resampled

if TYPE_CHECKING:
    from collections.abc import Iterator

RESAMPLES = 9_999
BLOCK = 1 << 22
"""How many scores are drawn at a time."""

Drawn: TypeAlias = Sequence[Sequence[NDArray[np.float64]]]
"""Of each candidate, of each problem, the scores of runs: (…, runs) float64."""
OfCandidates: TypeAlias = Callable[[Drawn], Mapping[str, Any]]
"""From scores to values (…) by name."""


@dataclass(frozen=True, slots=True)
class Replicates:
    """The runs of one candidate on one problem.

    Args:
        seeds: (runs,) what tells them apart; runs of two candidates with the same seeds are pairs.
        observed: (runs,) float64, the score of each.
        under_units: (runs, resamples) float64, the score of each under resamples of its units, the same ones for all
            runs; None where that was not kept.
        unit_groups: how many units, or clusters, those drew.
    """

    seeds: tuple[Hashable, ...]
    observed: NDArray[np.float64]
    under_units: NDArray[np.float64] | None = None
    unit_groups: int = 0

    def of(self, seeds: Sequence[Hashable]) -> Replicates:
        """Return the runs of these seeds alone."""
        places = [self.seeds.index(one) for one in seeds]
        under = None if self.under_units is None else self.under_units[places]
        return Replicates(tuple(seeds), self.observed[places], under, self.unit_groups)


def resample_runs(
    candidates: Sequence[Sequence[Replicates]],
    statistic: OfCandidates,
    rng: np.random.Generator,
    *,
    together: bool = True,
    resamples: int = RESAMPLES,
) -> dict[str, Resampled]:
    """Return the values of *statistic* under resamples of seeds, and of units where all runs have them.

    Args:
        candidates: of each, its runs on each problem; the same problems in the same order.
        statistic: from the scores drawn to values by name.
        rng: the random numbers.
        together: draw a seed with all problems that have it; else each problem by itself.
        resamples: how often seeds are drawn; as often as units were, where they are drawn too.

    Returns:
        By name, a :class:`Resampled` of that name alone: how many groups were drawn may differ between names.
    """
    every = [runs for candidate in candidates for runs in candidate]
    of_units = all(runs.under_units is not None for runs in every)
    if of_units:
        resamples = min(runs.under_units.shape[1] for runs in every if runs.under_units is not None)
    seed_groups = _seed_groups(candidates, together=together)
    observed = statistic([[runs.observed for runs in candidate] for candidate in candidates])

    def values(*, seeds: bool, units: bool) -> dict[str, NDArray[np.float64]]:
        parts: dict[str, list[NDArray[np.float64]]] = {}
        for begin, rows in _blocks(resamples, sum(len(runs.seeds) for runs in every)):
            drawn = _drawn(candidates, rng, begin, rows, together=together, seeds=seeds, units=units)
            for name, found in statistic(drawn).items():
                parts.setdefault(name, []).append(np.asarray(found, np.float64))
        return {name: np.concatenate(found) for name, found in parts.items()}

    repeated = seed_groups > 1
    found = values(seeds=repeated or not of_units, units=of_units)
    groups = dict.fromkeys(found, seed_groups)
    if of_units:
        unit_groups = min(runs.unit_groups for runs in every)
        groups = dict.fromkeys(found, unit_groups)
        if repeated:
            apart = values(seeds=True, units=False), values(seeds=False, units=True)
            groups = {
                name: _satterthwaite(
                    [(float(np.nanvar(apart[0][name])), seed_groups), (float(np.nanvar(apart[1][name])), unit_groups)]
                )
                for name in found
            }
    return {
        name: Resampled({name: float(observed[name])}, {name: found[name]}, {}, groups[name], True, "")
        for name in found
    }


def _seed_groups(candidates: Sequence[Sequence[Replicates]], *, together: bool) -> int:
    """Return how many groups the seeds are: of the candidate that has the fewest."""
    counts = [[len(runs.seeds) for runs in candidate] for candidate in candidates]
    if together or len(candidates[0]) == 1 or min(map(min, counts)) == 1:
        return min(map(min, counts))
    return min(sum(count - 1 for count in of_candidate) for of_candidate in counts) + 1


def _blocks(resamples: int, runs: int) -> Iterator[tuple[int, int]]:
    size = max(1, BLOCK // runs)
    for begin in range(0, resamples, size):
        yield begin, min(size, resamples - begin)


def _drawn(
    candidates: Sequence[Sequence[Replicates]],
    rng: np.random.Generator,
    begin: int,
    rows: int,
    *,
    together: bool,
    seeds: bool,
    units: bool,
) -> list[list[NDArray[np.float64]]]:
    """Return the scores of *rows* resamples, (rows, runs); runs of the same seeds are drawn alike.

    What is drawn for seeds does not depend on the order of the candidates.
    """
    alone = together or len(candidates[0]) == 1

    def key(problem: int, runs: Replicates) -> tuple[int, tuple[Hashable, ...]]:
        return 0 if together else problem, runs.seeds

    keys = {key(problem, runs) for candidate in candidates for problem, runs in enumerate(candidate)}
    known: dict[Any, NDArray[np.intp]] = {}
    for one in sorted(keys, key=lambda one: (one[0], repr(one[1]))):
        n = len(one[1])
        size = rows, n if alone or n == 1 else n - 1
        known[one] = rng.integers(n, size=size) if seeds else np.broadcast_to(np.arange(n), (rows, n))

    def scores(runs: Replicates, chosen: NDArray[np.intp]) -> NDArray[np.float64]:
        if not units or runs.under_units is None:
            return runs.observed[chosen]
        return runs.under_units[chosen, np.arange(begin, begin + rows)[:, None]]

    return [
        [scores(runs, known[key(problem, runs)]) for problem, runs in enumerate(candidate)] for candidate in candidates
    ]


def _satterthwaite(variances: Sequence[tuple[float, int]]) -> int:
    """Return how many groups a sum of independent parts amounts to, each a variance and how many groups it is from.

    >>> _satterthwaite([(1.0, 5), (0.0, 1000)]), _satterthwaite([(1.0, 5), (1.0, 5)])
    (5, 9)
    """
    total = sum(variance for variance, _ in variances)
    if not total > 0:
        return min(groups for _, groups in variances)
    parts = [variance**2 / (groups - 1) for variance, groups in variances if groups > 1 and variance > 0]
    return int(total**2 / sum(parts) + 1e-9) + 1 if parts else 1
