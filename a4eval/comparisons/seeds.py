"""Two sweeps as a pair: every number over problems and on each of them, with the seed as what is repeated."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.comparisons.matched import Matched, match, matched
from a4eval.comparisons.pair import Compared, Pair
from a4eval.comparisons.points import problems
from a4eval.comparisons.rules import checked_names
from a4eval.plurals import counted
from a4eval.statistics import scores
from a4eval.statistics.bootstrap import comparisons, intervals
from a4eval.statistics.decisions import Difference
from a4eval.statistics.replicates import resample_runs

if TYPE_CHECKING:
    from a4eval.comparisons.opened import Opened
    from a4eval.contracts import Interval
    from a4eval.statistics.replicates import Drawn, Replicates
    from a4eval.statistics.resampled import Resampled

THRESHOLDS = 11
"""At how many scores a performance profile is taken."""


@dataclass(frozen=True)
class SweepOptions:
    """How two sweeps are compared.

    Args:
        by: the keys whose values make a problem; by default whatever varies and is not set differently by the two.
        metrics: the numbers to compare; by default all.
        independent: problems share nothing that a seed decides, so each has draws of its own.
        targets: metric to the score that is good enough; gives its optimality gap.
    """

    by: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    independent: bool = False
    targets: Mapping[str, float] = field(default_factory=dict)

    @property
    def only_for_sweeps(self) -> str:
        """An option that is given and means nothing for two single records; empty if none is."""
        given = {"--by": self.by, "--independent": self.independent, "--target": self.targets}
        return next((option for option, value in given.items() if value), "")


class SweepPair(Pair):
    """Two sweeps as a pair.

    ``METRIC`` is the mean over problems of the mean over seeds; ``METRIC/interquartile_mean``, ``METRIC/median``,
    ``METRIC/probability_of_improvement`` and, with a target, ``METRIC/optimality_gap`` stand beside it.
    The parts of a metric are its means over seeds on each problem.

    Args:
        baseline: the points of the first.
        candidate: those of the second.
        options: how.
        level: of the intervals.

    Raises:
        ConfigError: points cannot be told apart, or an option names what there is not.
        DataError: they have no problem or no metric in common, or their resamples cannot be read.
    """

    def __init__(
        self, baseline: Sequence[Opened], candidate: Sequence[Opened], options: SweepOptions, *, level: float = 0.95
    ) -> None:
        self.matched: Matched = match(baseline, candidate, options.by, independent=options.independent)
        super().__init__(notes=self.matched.notes)
        self._options, self._level = options, level
        known = self.matched.metrics()
        checked_names(dict.fromkeys([*options.metrics, *options.targets]), known, "metric in all points")
        self._runs = {name: self.matched.runs(name) for name in options.metrics or known}
        for name, runs in self._runs.items():
            self.values |= self._over_problems(name, runs, higher_is_better=known[name])
            if len(self.matched.problems) > 1:
                self.parts[name] = {
                    one.name: self._on_one(name, [[side[at]] for side in runs], higher_is_better=known[name])
                    for at, one in enumerate(self.matched.problems)
                }

    @property
    def metrics(self) -> list[str]:
        """The metrics that are compared."""
        return list(self._runs)

    def profile(self, metric: str) -> list[dict[str, float]]:
        """Return the performance profiles of both, and their difference with its interval at each threshold.

        Args:
            metric: one of those compared.
        """
        runs = self._runs[metric]
        every = np.concatenate([one.observed for side in runs for one in side])
        if np.isnan(every).any():
            return []
        taus = np.quantile(every, np.linspace(0, 1, THRESHOLDS)[:-1])

        def differences(drawn: Drawn) -> dict[str, Any]:
            # shares of few runs: what is not nought but for rounding is nought
            gaps = np.round(scores.performance_profile(drawn[1], taus) - scores.performance_profile(drawn[0], taus), 12)
            return {str(at): gaps[..., at] for at in range(len(taus))}

        drawn = resample_runs(runs, differences, _generator(), together=not self._options.independent)
        shares = [scores.performance_profile([one.observed for one in side], taus) for side in runs]
        found = []
        for at, tau in enumerate(taus.tolist()):
            interval = intervals(drawn[str(at)], self._level, "expanded")[str(at)]
            found.append(
                {
                    "above": tau,
                    "baseline": float(shares[0][at]),
                    "candidate": float(shares[1][at]),
                    "difference": drawn[str(at)].observed[str(at)],
                    "low": interval.low,
                    "high": interval.high,
                }
            )
        return found

    def _over_problems(
        self, name: str, runs: list[list[Replicates]], *, higher_is_better: bool | None
    ) -> dict[str, Compared]:
        sign = -1.0 if higher_is_better is False else 1.0
        aggregates: dict[str, tuple[Callable[[Any], Any], bool | None]] = {
            name: (scores.mean_score, higher_is_better),
            f"{name}/interquartile_mean": (scores.interquartile_mean, higher_is_better),
            f"{name}/median": (scores.median_score, higher_is_better),
        }
        if name in self._options.targets:
            target = sign * self._options.targets[name]
            aggregates[f"{name}/optimality_gap"] = (
                lambda rows: scores.optimality_gap([sign * row for row in rows], target),
                False,
            )
        improvement = f"{name}/probability_of_improvement"

        def improved(drawn: Drawn) -> Any:
            first, second = ([sign * row for row in rows] for rows in drawn)
            return scores.probability_of_improvement(first, second)

        def differences(drawn: Drawn) -> dict[str, Any]:
            found = {key: _difference(of, drawn) for key, (of, _) in aggregates.items()}
            return {**found, improvement: improved(drawn) - 0.5}

        drawn = resample_runs(runs, differences, _generator(), together=not self._options.independent)
        plain = [[one.observed for one in side] for side in runs]
        sides = {key: (float(of(plain[0])), float(of(plain[1])), better) for key, (of, better) in aggregates.items()}
        sides[improvement] = (0.5, float(improved(plain)), None if higher_is_better is None else True)
        return {key: self._compared(drawn[key], runs, key, *sides[key]) for key in sides}

    def _on_one(self, name: str, runs: list[list[Replicates]], *, higher_is_better: bool | None) -> Compared:
        drawn = resample_runs(runs, lambda drawn: {name: _difference(scores.mean_score, drawn)}, _generator())[name]
        one, other = (float(side[0].observed.mean()) for side in runs)
        return self._compared(drawn, runs, name, one, other, higher_is_better)

    def _compared(
        self,
        drawn: Resampled,
        runs: Sequence[Sequence[Replicates]],
        name: str,
        first: float,
        second: float,
        higher_is_better: bool | None,  # noqa: FBT001  (the last of what a Compared holds)
    ) -> Compared:
        difference = Difference(drawn.observed[name], drawn.values[name], drawn.groups, higher_is_better)
        tested = comparisons(drawn, self._level, "expanded")[name]
        pairs = all(one.seeds == other.seeds for one, other in zip(*runs, strict=True))
        interval = tested.interval and told(tested.interval, drawn, runs, "paired" if pairs else "unpaired")
        return Compared(first, second, higher_is_better, difference, interval, tested.p_value, "seeds")


def limits_of_sweep(points: Sequence[Opened], *, level: float = 0.95) -> dict[str, tuple[float, Interval | None]]:
    """Return the mean over problems and seeds of each number that all points have, with its interval.

    Args:
        points: of one sweep.
        level: of the intervals.
    """
    found, _ = problems(points, points, ())
    alone = matched([replace(one, candidates=one.candidates[:1]) for one in found], [], independent=False)
    values: dict[str, tuple[float, Interval | None]] = {}
    for name in alone.metrics():
        runs = alone.runs(name)
        drawn = resample_runs(runs, lambda of: {"mean": scores.mean_score(of[0])}, _generator())["mean"]
        interval = told(intervals(drawn, level, "expanded")["mean"], drawn, runs, "")
        values[name] = drawn.observed["mean"], None if math.isnan(interval.low) else interval
    return values


def _difference(of: Callable[[Any], Any], drawn: Any) -> Any:
    """Return what the second side has more than the first; between two infinite numbers that is NaN."""
    with np.errstate(invalid="ignore"):
        return of(drawn[1]) - of(drawn[0])


def _generator() -> np.random.Generator:
    """Return the random numbers of a comparison: the same each time, so that it says the same each time."""
    return np.random.default_rng(0)


def told(interval: Interval, drawn: Resampled, runs: Sequence[Sequence[Replicates]], what: str) -> Interval:
    """Return an interval that says what was drawn."""
    seeds = min(len(one.seeds) for side in runs for one in side)
    units = min(one.unit_groups for side in runs for one in side)
    also = f" and {counted(units, 'unit')}" if units else ""
    text = f"{what} expanded bootstrap, {drawn.resamples} resamples of {counted(seeds, 'seed')}{also}".strip()
    return replace(interval, method=text)
