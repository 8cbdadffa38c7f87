"""Two sweeps matched problem by problem and seed by seed, and what each run of them gives for a metric."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.comparisons.kept import Kept
from a4eval.comparisons.points import Problem, problems
from a4eval.errors import DataError
from a4eval.journal.views import number
from a4eval.plurals import counted
from a4eval.statistics.replicates import Replicates

if TYPE_CHECKING:
    from a4eval.comparisons.opened import Opened
    from a4eval.comparisons.points import Seeds


@dataclass(frozen=True, slots=True)
class Matched:
    """Candidates on the same problems.

    Args:
        problems: each with the points of every candidate, cut to the seeds that are used.
        notes: what was left out, and what is drawn.
        kept: by the ``id`` of a point, what it keeps of its resamples.
    """

    problems: list[Problem]
    notes: list[str]
    kept: Mapping[int, Mapping[str, Kept]]

    @property
    def points(self) -> list[Opened]:
        """All points."""
        return [run for one in self.problems for seeds in one.candidates for run in seeds.values()]

    def metrics(self) -> dict[str, bool | None]:
        """Return the metrics that all points have, and whether higher is better.

        Raises:
            DataError: there is none.
        """
        points = self.points
        first = points[0].record.metrics
        shared = {name: one.higher_is_better for name, one in first.items() if _in_all(name, points)}
        if not shared:
            raise DataError("the points share no metric")
        return shared

    def runs(self, metric: str) -> list[list[Replicates]]:
        """Return the runs of each candidate on each problem; with units where all runs of a problem have the same ones.

        Why there are none is noted.

        Args:
            metric: one that all points have.
        """
        found = [[self._replicates(seeds, metric) for seeds in one.candidates] for one in self.problems]
        reasons = [self._unlike(one, metric) for one in self.problems]
        if any(reason is not None for reason in reasons):
            if note := next(filter(None, reasons), ""):
                self.notes.append(f"{metric}: seeds are drawn, units are not: {note}")
            found = [[replace(one, under_units=None, unit_groups=0) for one in of] for of in found]
        else:
            # other units, though drawn with the same numbers, have nothing to do with each other
            ids = [self._units(one, metric)[0].units.tobytes() for one in self.problems]
            turns = {one: turn for turn, one in enumerate(dict.fromkeys(ids))}
            found = [[_turned(one, turns[key]) for one in of] for of, key in zip(found, ids, strict=True)]
            drawn = min(one.unit_groups for of in found for one in of)
            self.notes.append(f"{metric}: the {counted(drawn, 'unit')} of every point are drawn too")
        return [[of[side] for of in found] for side in range(len(found[0]))]

    def _replicates(self, seeds: Seeds, metric: str) -> Replicates:
        runs = list(seeds.values())
        observed = np.array([_number(run.record.metrics[metric].value) for run in runs])
        units = [one for run in runs if (one := _of(self.kept.get(id(run), {}), metric))]
        if len(units) < len(runs):
            return Replicates(tuple(seeds), observed)
        size = min(one.values.resamples for one in units)
        drawn = np.stack([one.values.values[metric][:size] for one in units])
        return Replicates(tuple(seeds), observed, drawn, min(one.values.groups for one in units))

    def _units(self, problem: Problem, metric: str) -> list[Kept]:
        runs = [run for seeds in problem.candidates for run in seeds.values()]
        return [one for run in runs if (one := _of(self.kept.get(id(run), {}), metric))]

    def _unlike(self, problem: Problem, metric: str) -> str | None:
        """Say what keeps the units of a problem's runs from being drawn together; None if nothing does."""
        units, runs = self._units(problem, metric), sum(map(len, problem.candidates))
        if len(units) < runs:
            return "not all points keep resamples" if units else ""
        if any(not np.array_equal(one.units, units[0].units) for one in units):
            return "they differ between points"
        if len({one.values.weights_sha256 for one in units}) > 1:
            return "points have other resamples of them (task.interval's seed, resamples and clusters must be the same)"
        return None


def match(baseline: Sequence[Opened], candidate: Sequence[Opened], by: Sequence[str], *, independent: bool) -> Matched:
    """Match two sweeps.

    Args:
        baseline: the points of the first.
        candidate: those of the second.
        by: the keys whose values make a problem; by default whatever varies and is not set differently by the two.
        independent: problems share nothing that a seed decides.

    Raises:
        ConfigError: points cannot be told apart, or there is no such key.
        DataError: they have no problem in common, or their resamples cannot be read.
    """
    found, notes = problems(baseline, candidate, by)
    return matched(found, notes, independent=independent)


def matched(found: Sequence[Problem], notes: Sequence[str], *, independent: bool) -> Matched:
    """Return problems cut to the seeds that can be used, with what their points keep.

    Raises:
        DataError: there is none, or the resamples cannot be read.
    """
    cut, more = _cut(found, independent=independent)
    kept = {id(run): run.kept() for one in cut for seeds in one.candidates for run in seeds.values()}
    return Matched(cut, [*notes, *more], kept)


def _cut(found: Sequence[Problem], *, independent: bool) -> tuple[list[Problem], list[str]]:
    """Cut problems to the seeds that all candidates share; unless they are independent, to those that all share.

    A candidate with seeds of its own alone keeps these, and is no pair with the others.
    """
    notes: list[str] = []
    together = [found] if not independent else [[one] for one in found]
    cut: list[Problem] = []
    for group in together:
        every = [set(seeds) for one in group for seeds in one.candidates]
        sides = [every] * len(group[0].candidates)
        if not set.intersection(*every):
            sides = [[set(one.candidates[side]) for one in group] for side in range(len(group[0].candidates))]
        shared = [set.intersection(*sets) for sets in sides]
        if not all(shared):
            raise DataError("no seed was run on all problems; give --independent if problems share nothing of a seed")
        left = set().union(*(set().union(*sets) - some for sets, some in zip(sides, shared, strict=True)))
        if left:
            where = f" of {group[0].name}" if independent and group[0].name else ""
            notes.append(
                f"left out{where}: seed {', '.join(map(str, sorted(left)))}, with which not every point was run"
            )
        cut += [
            replace(
                one,
                candidates=tuple(
                    {seed: run for seed, run in seeds.items() if seed in some}
                    for seeds, some in zip(one.candidates, shared, strict=True)
                ),
            )
            for one in group
        ]
    return cut, [*notes, *_counted(cut, independent=independent)]


def _counted(found: Sequence[Problem], *, independent: bool) -> list[str]:
    notes = []
    if any(one.candidates[0].keys() != other.keys() for one in found for other in one.candidates[1:]):
        notes.append("the seeds are others: runs are no pairs, and the intervals those of independent samples")
    counts = sorted({len(seeds) for one in found for seeds in one.candidates})
    fewest = "" if counts[0] == counts[-1] else f"{counts[0]}–"
    seeds = f"{fewest}{counted(counts[-1], 'seed')}"
    if len(found) == 1:
        return [*notes, seeds]
    how = "each problem with draws of its own" if independent else "each drawn with all problems together"
    return [*notes, f"{counted(len(found), 'problem')}, {seeds}, {how}"]


def _in_all(name: str, points: Sequence[Opened]) -> bool:
    return all(name in one.record.metrics for one in points)


def _number(value: Any) -> float:
    found = number(value)
    return math.nan if found is None else float(found)


def _of(kept: Mapping[str, Kept], metric: str) -> Kept | None:
    return next((one for one in kept.values() if metric in one.values.values), None)


def _turned(one: Replicates, turn: int) -> Replicates:
    under = one.under_units
    return replace(one, under_units=None if under is None else np.roll(under, turn, axis=1))
