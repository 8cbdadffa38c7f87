"""Two records as a pair: every number of both, and the resamples of their difference."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from a4eval.contracts import Interval
from a4eval.errors import DataError
from a4eval.journal.views import number
from a4eval.plurals import counted
from a4eval.statistics.bootstrap import comparisons
from a4eval.statistics.decisions import Difference
from a4eval.statistics.resampled import Resampled, difference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval.comparisons.kept import Kept
    from a4eval.comparisons.opened import Opened
    from a4eval.statistics.bootstrap import Method
    from a4eval.statistics.comparison import Comparison

SHOWN = 3
"""How many unit ids an explanation names."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One number under both.

    Args:
        first: under the baseline.
        second: under the candidate.
        higher_is_better: None where neither direction is better.
        difference: second minus first with its resamples; None where none were kept.
        interval: of the difference.
        p_value: of no difference, by the bootstrap.
        repeated: what more of would decide it.
        relative: the difference is the logarithm of how many times the second is the first.
        why: what keeps it from having a difference.
        about: what else there is to say of it.
    """

    first: float
    second: float
    higher_is_better: bool | None
    difference: Difference | None = None
    interval: Interval | None = None
    p_value: float | None = None
    repeated: Literal["units", "seeds", "rounds"] = "units"
    relative: bool = False
    why: str = "there are no resamples to judge it by"
    about: str = ""


@dataclass(slots=True)
class Pair:
    """What two sets of predictions have to compare.

    Args:
        values: by name.
        parts: the label of a metric to its parts by name.
        costs: what the runs took, by name.
        notes: what keeps some of them from being a pair.
    """

    values: dict[str, Compared] = field(default_factory=dict)
    parts: dict[str, dict[str, Compared]] = field(default_factory=dict)
    costs: dict[str, Compared] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def pair(baseline: Opened, candidate: Opened, *, level: float = 0.95, method: Method = "expanded") -> Pair:
    """Return two records as a pair.

    With the same units and weights every interval and p-value is, bit for bit, what the task ``compare`` gives with the
    data; without, the intervals are of two independent samples, and say so.

    Args:
        baseline: the first.
        candidate: the second.
        level: of the intervals.
        method: of the intervals.

    Raises:
        DataError: they share no number, or their resamples cannot be read.
    """
    return pair_of(
        baseline.record.metrics,
        candidate.record.metrics,
        (baseline.kept(), candidate.kept()),
        level=level,
        method=method,
    )


class Number(Protocol):
    """A number of a record, or of a result that is not written yet."""

    @property
    def value(self) -> Any:
        """What it is."""

    @property
    def higher_is_better(self) -> bool | None:
        """Which direction is better."""


def pair_of(
    first: Mapping[str, Number],
    second: Mapping[str, Number],
    kept: tuple[Mapping[str, Kept], Mapping[str, Kept]],
    *,
    level: float = 0.95,
    method: Method = "expanded",
) -> Pair:
    """Return two sets of numbers as a pair, as :func:`pair` does.

    Args:
        first: of the baseline.
        second: of the candidate.
        kept: the resamples of both, by the label of the metric.
        level: of the intervals.
        method: of the intervals.

    Raises:
        DataError: they share no number.
    """
    shared = [name for name in first if name in second]
    if not shared:
        has = [", ".join(metrics) or "none" for metrics in (first, second)]
        raise DataError(f"the records share no metric: the baseline has {has[0]}; the candidate has {has[1]}")
    found = Pair(
        {
            name: Compared(number(first[name].value), number(second[name].value), first[name].higher_is_better)
            for name in shared
        }
    )
    for name in sorted(first.keys() ^ second.keys()):
        found.notes.append(f"{name} is in the {'baseline' if name in first else 'candidate'} only")
    for which, metrics in zip(("baseline", "candidate"), kept, strict=True):
        if not metrics:
            found.notes.append(f"the {which} keeps no resamples: evaluate does with task.interval.resamples=1000")
    for label, of_baseline in kept[0].items():
        if label in kept[1]:
            _add(found, label, of_baseline, kept[1][label], level, method)
        elif kept[1]:
            found.notes.append(f"the candidate keeps no resamples of {label}; it has {', '.join(kept[1])}")
    return found


def _add(found: Pair, label: str, one: Kept, other: Kept, level: float, method: Method) -> None:
    """Add what the resamples of one metric say."""
    reason = _unlike(one, other)
    if reason:
        found.notes.append(
            f"{label} is no pair: {reason}; its intervals are those of two independent samples, which are wider, "
            "and what the shared units have in common cannot be had from resamples: run both on the same units "
            "with the same seed, resamples and clusters"
        )
    differences = _differences(one.values, other.values, paired=not reason)
    found.values |= _compared(found.values, differences, level, method, paired=not reason)
    if one.parts and other.parts:
        direction = next(
            (found.values[name].higher_is_better for name in one.values.values if name in found.values), None
        )
        parts = {
            name: Compared(one.parts.observed[name], other.parts.observed[name], direction)
            for name in one.parts.values
            if name in other.parts.values
        }
        differences = _differences(one.parts, other.parts, paired=not reason)
        found.parts[label] = _compared(parts, differences, level, method, paired=not reason)


def with_differences(
    values: Mapping[str, Compared], differences: Resampled, tests: Mapping[str, Comparison]
) -> dict[str, Compared]:
    """Return *values* with the resamples of their differences, and the interval and p-value of each."""
    return {
        name: replace(
            one,
            difference=Difference(
                differences.observed[name], differences.values[name], differences.groups, one.higher_is_better
            ),
            interval=tests[name].interval,
            p_value=tests[name].p_value,
        )
        for name, one in values.items()
        if name in differences.values
    }


def _compared(
    values: Mapping[str, Compared], differences: Resampled, level: float, method: Method, *, paired: bool
) -> dict[str, Compared]:
    found = with_differences(values, differences, comparisons(differences, level, method))
    if paired:
        return found
    return {name: replace(one, interval=_unpaired(one.interval)) for name, one in found.items()}


def _unpaired(interval: Interval | None) -> Interval | None:
    return interval and replace(interval, method=f"un{interval.method}")


def _differences(one: Resampled, other: Resampled, *, paired: bool) -> Resampled:
    """Return the resamples of the difference.

    Of two that are no pair the first meets the last: so hardly one meets one that was drawn with the same numbers, and
    it is the same whichever is called the first.
    """
    if paired:
        return difference(one, other)
    size = min(one.resamples, other.resamples)
    turned = {name: values[:size][::-1] for name, values in other.values.items()}
    groups = min(one.groups, other.groups)
    cut = {name: values[:size] for name, values in one.values.items()}
    return difference(
        Resampled(one.observed, cut, {}, groups, one.clustered, ""),
        Resampled(other.observed, turned, {}, groups, other.clustered, ""),
    )


def _unlike(one: Kept, other: Kept) -> str:
    """Say what keeps two sets of resamples from being a pair; nothing if they are one."""
    drawn, again = one.values, other.values
    if not np.array_equal(one.units, other.units):
        return _other_units(set(one.units.tolist()), set(other.units.tolist()))
    if drawn.clustered != again.clustered or drawn.groups != again.groups:
        kinds = [counted(of.groups, "cluster" if of.clustered else "single unit") for of in (drawn, again)]
        return f"{kinds[0]} are drawn in the baseline and {kinds[1]} in the candidate"
    if drawn.resamples != again.resamples:
        return f"the baseline has {drawn.resamples} resamples and the candidate {again.resamples}"
    if drawn.weights_sha256 != again.weights_sha256:
        return "the units are the same, but other weights were drawn: the seeds or the clusters differ"
    return ""


def _other_units(first: set[Any], second: set[Any]) -> str:
    if first == second:
        return "the same units stand in another order"
    sides = [
        f"{len(only):,} of {counted(whole, 'unit')} are in the {which} only ({_some(only)})"
        for which, only, whole in (
            ("baseline", first - second, len(first)),
            ("candidate", second - first, len(second)),
        )
        if only
    ]
    return " and ".join([*sides, f"{len(first & second)} are shared"])


def _some(ids: set[Any]) -> str:
    named = [repr(one) for one in sorted(ids, key=str)[:SHOWN]]
    return ", ".join(named) + (", …" if len(ids) > SHOWN else "")
