"""Whatever two paths hold, as a pair: two records, or two sweeps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from a4eval.comparisons.differing import Differing, differing
from a4eval.comparisons.opened import Finished, finished
from a4eval.comparisons.pair import Pair, pair
from a4eval.comparisons.rules import checked_names
from a4eval.comparisons.seeds import SweepOptions, SweepPair
from a4eval.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Sides:
    """A baseline and a candidate.

    Args:
        baseline: the record's file, or the sweep's folder as it was given.
        candidate: the same of the candidate.
        pair: their numbers.
        differing: what else differs; of sweeps, between the first two points that are held against each other.
    """

    baseline: Path
    candidate: Path
    pair: Pair
    differing: list[Differing]


def sides(baseline: Path, candidate: Path, options: SweepOptions, *, level: float = 0.95) -> Sides:
    """Open both and hold them against each other: as sweeps if either holds more than one run.

    Args:
        baseline: a record, a folder that holds one, or one that holds many.
        candidate: the same.
        options: how sweeps are compared; of two records, which metrics.
        level: of the intervals.

    Raises:
        ConfigError: an option names what there is not.
        DataError: there is no record, or they cannot be compared.
    """
    return held(baseline, finished(baseline), candidate, finished(candidate), options, level=level)


def held(
    baseline: Path, first: Finished, candidate: Path, second: Finished, options: SweepOptions, *, level: float = 0.95
) -> Sides:
    """Hold what was opened at two paths against each other, as :func:`sides` does.

    Raises:
        ConfigError: an option names what there is not.
        DataError: they cannot be compared.
    """
    notes = [*first.left_out("baseline"), *second.left_out("candidate")]
    if len(first.runs) == len(second.runs) == 1:
        if options.only_for_sweeps:
            raise ConfigError("is for sweeps; each of these holds one run", path=options.only_for_sweeps)
        one, other = first.runs[0], second.runs[0]
        both = pair(one, other, level=level)
        checked_names(dict.fromkeys(options.metrics), both.values, "metric")
        if options.metrics:
            both.values = {name: both.values[name] for name in options.metrics}
        both.notes += notes
        return Sides(one.path, other.path, both, differing(one.record, other.record))
    of_sweeps = SweepPair(first.runs, second.runs, options, level=level)
    of_sweeps.notes += notes
    seeds = of_sweeps.matched.problems[0].candidates
    one, other = (next(iter(points.values())) for points in seeds)
    return Sides(baseline, candidate, of_sweeps, differing(one.record, other.record))
