"""The candidates within one sweep, ranked: who may have which rank, and how good the best really is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.comparisons.matched import matched
from a4eval.comparisons.points import Problem, by_seed, check_keys, grouped, named, values_of
from a4eval.comparisons.rules import checked_names
from a4eval.comparisons.seeds import told
from a4eval.contracts import Interval, Value
from a4eval.errors import ConfigError, DataError
from a4eval.plurals import counted
from a4eval.statistics import scores
from a4eval.statistics.bootstrap import comparisons, intervals
from a4eval.statistics.corrections import holm
from a4eval.statistics.decisions import Difference, decide
from a4eval.statistics.mean import mean_value
from a4eval.statistics.ranks import chance_of_best, held_out_best, ranks_between
from a4eval.statistics.replicates import RESAMPLES, resample_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval.comparisons.opened import Opened
    from a4eval.statistics.replicates import Drawn

FEWEST_GROUPS = 3
"""From how many seeds, or units, on an interval is given and a chance told."""
MOST_VALUES = 10_000_000
"""How many differences, of all pairs under all resamples, are held at a time."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One candidate.

    Args:
        name: what it sets.
        mean: over problems and seeds.
        interval: of the mean.
        ranks: the first and the last that it may have.
        best: in which share of the resamples it is the best; None where too little is drawn to tell.
        behind: its mean minus that of the best.
        p_holm: that it is not another than the best, corrected for how many are compared with that; None of the best.
    """

    name: str
    mean: float
    interval: Interval
    ranks: tuple[int, int]
    best: float | None
    behind: float
    p_holm: float | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """All candidates.

    Args:
        metric: what they are ranked by.
        candidates: the best first.
        held_out: what choosing the best of so many gives, on seeds that had no part in choosing it; None where there
            are too few seeds.
        notes: what was left out, and what is drawn.
    """

    metric: str
    candidates: list[Ranked]
    held_out: Value | None
    notes: list[str]


def rank(
    points: Sequence[Opened],
    over: Sequence[str],
    metric: str,
    *,
    by: Sequence[str] = (),
    independent: bool = False,
    alpha: float = 0.05,
) -> Ranking:
    """Rank the candidates of a sweep.

    Args:
        points: of the sweep.
        over: the keys whose values make a candidate.
        metric: by which.
        by: the keys whose values make a problem; by default all that vary within a candidate.
        independent: problems share nothing that a seed decides.
        alpha: of the ranks; intervals are those of level 1 − alpha.

    Raises:
        ConfigError: there is no such key or metric, or points cannot be told apart.
        DataError: the candidates have no problem in common.
    """
    check_keys(over, points, "--over")
    check_keys(by, points, "--by")
    sides = grouped(points, over)
    if len(sides) == 1:
        raise ConfigError(f"all points have {named(over, next(iter(sides)))}: there is nothing to rank", path="--over")
    names = [named(over, key) or "unset" for key in sides]
    found, notes = _problems(list(sides.values()), names, over, by)
    together = matched(found, notes, independent=independent)
    known = together.metrics()
    checked_names({metric: None}, known, "metric in all points")
    better = known[metric]
    if better is None:
        raise ConfigError(f"{metric} does not say which direction is better", path="--metric")
    sign = 1 if better else -1
    runs = together.runs(metric)
    pairs = list(combinations(range(len(runs)), 2))

    def statistic(drawn: Drawn) -> dict[str, Any]:
        means = [scores.mean_score(rows) for rows in drawn]
        gaps = {f"{one} {other}": means[one] - means[other] for one, other in pairs}
        return {**{str(place): mean for place, mean in enumerate(means)}, **gaps}

    resamples = max(999, min(RESAMPLES, MOST_VALUES // len(pairs)))
    drawn = resample_runs(runs, statistic, np.random.default_rng(0), together=not independent, resamples=resamples)
    means = np.array([drawn[str(place)].observed[str(place)] for place in range(len(runs))])
    differences = {
        key: Difference(drawn[key].observed[key], drawn[key].values[key], drawn[key].groups, better)
        for key in (f"{one} {other}" for one, other in pairs)
    }
    decided = decide(differences, alpha=alpha)
    shown = np.zeros((len(runs), len(runs)), bool)
    for one, other in pairs:
        verdict = decided[f"{one} {other}"].verdict
        shown[one, other], shown[other, one] = verdict == "better", verdict == "worse"
    order = np.argsort(-sign * means, kind="stable")  # NaN stands last
    best = int(order[0])
    against = [place for place in range(len(runs)) if place != best]
    keys = [f"{min(one, best)} {max(one, best)}" for one in against]
    p_values = [comparisons(drawn[key], 1 - alpha, "expanded")[key].p_value for key in keys]
    p_holm = dict(zip(against, holm(p_values).tolist(), strict=True))
    chances = chance_of_best(sign * np.stack([drawn[str(place)].values[str(place)] for place in range(len(runs))]))
    ranks = ranks_between(shown)
    groups = min(one.groups for one in drawn.values())
    told_apart = groups >= FEWEST_GROUPS
    if not told_apart:
        together.notes.append(
            f"which is best is undecided: {counted(groups, 'seed')} of each tell nothing of chance, {FEWEST_GROUPS} do"
        )
    ranked = [
        Ranked(
            names[place],
            float(means[place]),
            told(intervals(drawn[str(place)], 1 - alpha, "expanded")[str(place)], drawn[str(place)], runs, ""),
            (int(ranks[place, 0]), int(ranks[place, 1])),
            float(chances[place]) if told_apart else None,
            float(means[place] - means[best]),
            p_holm.get(place),
        )
        for place in order.tolist()
    ]
    return Ranking(metric, ranked, _held_out(runs, sign, 1 - alpha), together.notes)


def _problems(
    sides: Sequence[Sequence[Opened]], names: Sequence[str], over: Sequence[str], by: Sequence[str]
) -> tuple[list[Problem], list[str]]:
    """Return the problems that all candidates have: by what varies within one of them."""
    keys = list(by)
    if not keys:
        within = [values_of(points) for points in sides]
        every = dict.fromkeys(key for one in within for key in one)
        keys = [key for key in every if key not in over and any(len(one.get(key, ())) > 1 for one in within)]
    groups = [grouped(points, keys) for points in sides]
    shared = [key for key in groups[0] if all(key in one for one in groups)]
    if not shared:
        raise DataError(f"the candidates have no problem in common; they differ in {', '.join(keys)}: give --by KEY")
    left = len(dict.fromkeys(key for one in groups for key in one)) - len(shared)
    notes = [f"left out: {counted(left, 'problem')} that not every candidate was run on"] if left else []
    return [
        Problem(
            named(keys, key),
            tuple(by_seed(one[key], name, "--over or --by") for one, name in zip(groups, names, strict=True)),
        )
        for key in shared
    ], notes


def _held_out(runs: Sequence[Sequence[Any]], sign: int, level: float) -> Value | None:
    """Return what choosing the best gives on seeds that had no part in it, where all candidates have the same seeds."""
    seeds = {one.seeds for side in runs for one in side}
    if len(seeds) > 1 or len(next(iter(seeds))) < 2:
        return None
    means = np.array([np.mean([one.observed for one in side], axis=0) for side in runs])
    held = sign * held_out_best(sign * means)
    return None if np.isnan(held).any() else mean_value(held.tolist(), level=level)
