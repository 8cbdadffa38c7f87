"""The points of a sweep as numbers: what was swept, what came of it, how much each key decides, and the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean, pvariance
from typing import TYPE_CHECKING, Any

import msgspec

from a4eval.journal import query
from a4eval.journal.views import Row, number
from a4eval.statistics.mean import mean_value

if TYPE_CHECKING:
    from a4eval.contracts import Value

SEED = "seed"
"""The key whose values are repetitions, and no settings."""
FEWEST = 3
"""Points of which there is a best, and charts: two are told by their rows of the table."""
NOT_SET = "not set"
"""What stands for the value of a key that a point does not have."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point that is ok.

    Args:
        row: its record.
        settings: swept key to value.
        value: of the metric looked at; may be NaN.
        order: its place in the sweep.
    """

    row: Row
    settings: dict[str, Any]
    value: float
    order: int

    def without_seed(self) -> tuple[str, ...]:
        """Return its settings as a key that repetitions share."""
        return tuple(str(value) for key, value in self.settings.items() if key != SEED)


@dataclass(slots=True)
class Points:
    """The points of a sweep.

    Args:
        rows: all records.
        metric: the one looked at.
        keys: what was swept, the seed left out.
        points: those that are ok and have a number.
        seeds: the seeds, if there is more than one.
    """

    rows: Sequence[Row]
    metric: str | None
    keys: list[str] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    seeds: list[Any] = field(default_factory=list)

    @property
    def higher(self) -> bool:
        """Whether a higher number is the better one."""
        first = self.points[0].row.metrics[self.metric or ""] if self.points else None
        return first is None or first.higher_is_better is not False

    def best(self, points: Sequence[Point] | None = None) -> Point | None:
        """Return the best point."""
        known = self.points if points is None else points
        return max(known, key=lambda one: one.value if self.higher else -one.value, default=None)

    def values(self, key: str) -> list[Any]:
        """Return the values of a key: numbers in their order, others in that of the sweep; last that there is none."""
        found = {str(one.settings[key]): one.settings[key] for one in self.points}
        last = [found.pop(NOT_SET)] if NOT_SET in found else []
        return [*(sorted(found.values()) if numeric(found.values()) else found.values()), *last]

    def marginal(self, key: str, value: Any) -> tuple[float, Value | None]:
        """Return the mean at one value of a key over all else, and its interval over the seeds.

        A seed's number is the mean of its points there, so what is repeated is the whole sweep.
        """
        here = [one for one in self.points if one.settings.get(key) == value]
        if len(self.seeds) < 2:
            return fmean(one.value for one in here), None
        by_seed: dict[Any, list[float]] = {}
        for one in here:
            by_seed.setdefault(one.settings.get(SEED), []).append(one.value)
        means = [fmean(values) for values in by_seed.values()]
        return fmean(means), mean_value(means) if len(means) > 1 else None

    def settings(self) -> dict[tuple[str, ...], list[Point]]:
        """Return the points of each setting, the repetitions together."""
        found: dict[tuple[str, ...], list[Point]] = {}
        for one in self.points:
            found.setdefault(one.without_seed(), []).append(one)
        return found


def numeric(values: Any) -> bool:
    """Say whether all values are numbers, and no truth values."""
    return all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in values)


def points(rows: Sequence[Row], metric: str | None = None) -> Points:
    """Return the points of a sweep.

    Args:
        rows: its records.
        metric: the one to look at; by default what tells the best, else the first that has a direction, else the first.
    """
    good = [row for row in rows if row.status == "ok"]
    if metric is None:
        directed = (name for row in good[:1] for name, one in row.metrics.items() if one.higher_is_better is not None)
        metric = query.telling(good) or next(directed, next((name for row in good[:1] for name in row.metrics), None))
    found = Points(rows, metric)
    keys = [key for key in query.columns(rows) if not key.startswith("metrics.")]
    swept = [key for key in keys if key not in ("started", "status", "verdict", "path")]
    found.keys = [key for key in swept if key != SEED]
    for order, row in enumerate(good):
        value = number(row.metrics[metric].value) if metric in row.metrics else math.nan
        if isinstance(value, (int, float)) and math.isfinite(value):
            found.points.append(Point(row, _settings(row, swept), float(value), order))
    seeds = dict.fromkeys(one.settings.get(SEED) for one in found.points) if SEED in swept else {}
    found.seeds = list(seeds) if len(seeds) > 1 else []
    return found


def importance(found: Points) -> list[tuple[str, float]]:
    """Return how much each key decides: the share of the variance that lies between the means of its values.

    Of a whole grid these are the main effects of an analysis of variance; the rest are interactions and seeds.
    """
    whole = pvariance([one.value for one in found.points]) if len(found.points) > 1 else 0.0
    if whole <= 0:
        return []
    shares = []
    for key in found.keys:
        groups: dict[str, list[float]] = {}
        for one in found.points:
            groups.setdefault(str(one.settings.get(key)), []).append(one.value)
        middle = fmean(one.value for one in found.points)
        between = sum(len(group) * (fmean(group) - middle) ** 2 for group in groups.values()) / len(found.points)
        shares.append((key, between / whole))
    return sorted(shares, key=lambda one: -one[1])


@dataclass(frozen=True, slots=True)
class Honest:
    """The best setting, and what it is worth.

    Args:
        settings: of the best by its mean over the seeds.
        picked: that mean, which is too good: it was picked for it.
        honest: the mean of what the others' choice gives at each seed that was left out of choosing.
        out_of: how many settings it was picked from, those with every seed.
    """

    settings: dict[str, Any]
    picked: float
    honest: float
    out_of: int


def honest_best(found: Points) -> Honest | None:
    """Return the best of many without the luck of the choice; None unless two settings have every seed.

    Whoever takes the best of N by its mean takes its luck for skill.  So at each seed the best is chosen by the other
    seeds alone, and judged by this one.
    """
    settings = {name: {one.settings.get(SEED): one for one in of} for name, of in found.settings().items()}
    settings = {name: of for name, of in settings.items() if len(of) == len(found.seeds)}
    if len(found.seeds) < 2 or len(settings) < 2:
        return None
    sign = 1.0 if found.higher else -1.0
    sums = {name: sum(one.value for one in of.values()) for name, of in settings.items()}
    held = []
    for seed in found.seeds:
        chosen = max(settings, key=lambda name: sign * (sums[name] - settings[name][seed].value))
        held.append(settings[chosen][seed].value)
    best = max(settings, key=lambda name: sign * sums[name])
    first = settings[best][found.seeds[0]]
    kept = {key: value for key, value in first.settings.items() if key != SEED}
    return Honest(kept, sums[best] / len(found.seeds), fmean(held), len(settings))


def _settings(row: Row, keys: Sequence[str]) -> dict[str, Any]:
    """Return what was set, from what was typed where it was: the config is long."""
    typed = dict(one.lstrip("+~").partition("=")[::2] for one in row.overrides)
    found = {key: _value(typed[key]) if key in typed else _plain(row.get(key)) for key in keys}
    return {key: value if value is not None else "null" if key in typed else NOT_SET for key, value in found.items()}


def _value(text: str) -> Any:
    try:
        return _plain(msgspec.json.decode(text))
    except msgspec.DecodeError:
        return text


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float, str, bool)) or value is None else str(value)
