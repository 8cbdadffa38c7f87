"""What runs took, as a pair: time and memory of repeated runs, which were measured in turns.

A single measurement says nothing of its own noise, and a machine has slow spells that last longer than a run.
So both sides are run again and again, in turns; a baseline's run and the candidate's next to it are a *round*, which a
slow spell strikes as a whole, and rounds are what is drawn.
Whatever does not allow this leaves a cost undecided, and says so.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from a4eval.comparisons.pair import Compared
from a4eval.errors import DataError
from a4eval.statistics.bootstrap import comparisons
from a4eval.statistics.decisions import Difference, least_units_for_holm
from a4eval.statistics.replicates import RESAMPLES
from a4eval.statistics.resampled import resample

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from a4eval.comparisons.opened import Opened
    from a4eval.runs.record import TimingRecord
    from a4eval.statistics.weights import Statistic

_MEMORY = "peak_memory_bytes"


def costs(
    baseline: Sequence[Opened], candidate: Sequence[Opened], names: Iterable[str], *, level: float = 0.95
) -> dict[str, Compared]:
    """Return how many times what the baseline took the candidate takes, as logarithms.

    Args:
        baseline: every run of it.
        candidate: every run of the other.
        names: of what a record's ``timing`` holds.
        level: of the intervals.

    Raises:
        DataError: a record does not say when it was made.
    """
    rounds = _rounds(baseline, candidate)
    found = {}
    for name in names:
        taken = [[float(getattr(one.record.timing, name)) for one in side] for side in (baseline, candidate)]
        first, second = (_geometric_mean(side) for side in taken)
        why = rounds if isinstance(rounds, str) else _why_not(name, baseline, candidate)
        if why or isinstance(rounds, str):
            found[name] = Compared(first, second, False, relative=True, repeated="rounds", why=why)
            continue
        ratios = np.array([math.log(getattr(two, name)) - math.log(getattr(one, name)) for one, two in rounds])
        drawn = resample(_mean_of(ratios), len(ratios), np.random.default_rng(0), resamples=RESAMPLES)
        tested = comparisons(drawn, level, "expanded")["ratio"]
        found[name] = Compared(
            first,
            second,
            False,
            Difference(drawn.observed["ratio"], drawn.values["ratio"], drawn.groups, higher_is_better=False),
            tested.interval,
            tested.p_value,
            "rounds",
            relative=True,
            about=f"{len(ratios)} rounds, which scatter by {math.expm1(float(ratios.std(ddof=1))):.1%}",
        )
    return found


def _rounds(baseline: Sequence[Opened], candidate: Sequence[Opened]) -> list[tuple[TimingRecord, TimingRecord]] | str:
    """Return what each round took, the baseline first, or why there are none."""
    least = least_units_for_holm(0.05, 1)
    if min(len(baseline), len(candidate)) < 2:
        return f"one run does not tell its noise; run both at least {least} times, in turns"
    every = [*baseline, *candidate]
    machines = {(one.record.executor.node, one.record.environment.processors) for one in every}
    if len(machines) > 1:
        named = " and ".join(f"{node} ({processors} processors)" for node, processors in sorted(machines, key=str)[:2])
        return f"the runs were on different machines, such as {named}"
    if any(one.record.environment.threads != every[0].record.environment.threads for one in every):
        return "the runs had other numbers of threads"
    of_baseline = {id(one) for one in baseline}
    in_time = sorted(every, key=lambda one: _time(one, one.record.started))
    for one, after in pairwise(in_time):
        if _time(after, after.record.started) < _time(one, one.record.finished):
            return f"runs went on at the same time, as those of {one.path.parent} and {after.path.parent}"
    rounds = []
    for one, after in zip(in_time[::2], in_time[1::2], strict=False):
        first, second = (one, after) if id(one) in of_baseline else (after, one)
        if id(first) not in of_baseline or id(second) in of_baseline:
            return f"the runs were not made in turns: {after.path.parent} follows {one.path.parent} of the same side"
        rounds.append((first.record.timing, second.record.timing))
    return rounds


def _why_not(name: str, baseline: Sequence[Opened], candidate: Sequence[Opened]) -> str:
    """Say why a cost cannot be compared; nothing if it can."""
    every = [one.record for one in [*baseline, *candidate]]
    if name == _MEMORY and any(one.sweep_id is not None for one in every):
        return "the process of a sweep's point has run other points before, and the peak is that of all"
    if any(getattr(one.timing, name) <= 0 for one in every):
        return "a run took nothing at all"
    return ""


def _mean_of(ratios: NDArray[np.float64]) -> Statistic:
    return lambda weights: {"ratio": weights @ ratios / weights.sum(axis=1)}


def _geometric_mean(values: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values)) if min(values) > 0 else math.nan


def _time(one: Opened, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise DataError(f"{one.path}: {text!r} is no time, such as {datetime.now(UTC).isoformat()}") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
