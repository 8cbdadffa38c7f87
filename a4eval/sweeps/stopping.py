"""``stop='METRIC decided margin 0.005 baseline PATH'``: seeds are added until it is decided, and no more.

Points are taken seed by seed.  Of each seed whose points are all ok, the difference is the mean over its points of the
candidate minus the baseline's point with the same settings and seed; a confidence sequence looks at the differences
after every batch, which is what the executor runs at a time.
"""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from a4eval.errors import ConfigError, DataError, did_you_mean
from a4eval.experiment import leaves
from a4eval.journal import query
from a4eval.journal.views import Row, number
from a4eval.statistics.sequences import look

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from a4eval.contracts import Outcome
    from a4eval.executors.contract import Jobs
    from a4eval.journal.journal import Journal

FORM = "METRIC decided [margin NUMBER] [alpha NUMBER] baseline PATH"
OUTCOMES: dict[str, Outcome] = {"worse": "failed", "undecided": "undecided", "better": "passed", "equivalent": "passed"}


@dataclass(frozen=True)
class Rule:
    """When to stop.

    Args:
        metric: what is compared.
        baseline: the sweep, or the record, that it is compared with.
        margin: how large a difference is none that matters.
        alpha: the chance of ever deciding wrongly.
    """

    metric: str
    baseline: Path
    margin: float = 0.0
    alpha: float = 0.05


def rule(text: str) -> Rule:
    """Read a rule.

    Raises:
        ConfigError: it cannot be read.

    >>> found = rule("AP decided margin 0.005 baseline runs/old")
    >>> found.metric, found.margin, str(found.baseline)
    ('AP', 0.005, 'runs/old')
    """
    try:
        metric, decided, *rest = shlex.split(text)
        given = dict(zip(rest[::2], rest[1::2], strict=True))
        if decided != "decided" or len(rest) != 2 * len(given) or given.keys() - {"margin", "alpha", "baseline"}:
            raise ValueError
        numbers = {key: float(value) for key, value in given.items() if key != "baseline"}
        found = Rule(metric, Path(given["baseline"]), **numbers)
    except (ValueError, KeyError) as error:
        raise ConfigError(f"got {text!r}, expected {FORM!r}", path="stop") from error
    if not (0 <= found.margin < math.inf and 0 < found.alpha < 1):
        raise ConfigError(f"got {text!r}, expected a margin of at least 0 and an alpha between 0 and 1", path="stop")
    return found


class Stop:
    """Hands out the points of a sweep seed by seed until its rule is decided.

    Args:
        rule: the rule.
        points: of the sweep.

    Raises:
        ConfigError: the baseline has other points, or its metric no direction.
        DataError: it cannot be read.
    """

    def __init__(self, rule: Rule, points: Jobs) -> None:
        self.rule = rule
        self.looked = look([], higher_is_better=True)
        self.seeds = 0
        """How many seeds the last look had."""
        self._baseline = _Baseline(rule)
        self._of_seed: dict[int, dict[str, float]] = {}
        """Seed to its runs, and the baseline's value of each."""
        self._numbers: dict[int, list[int]] = {}
        """Seed to the numbers of its points."""
        for run_id, place in points.run_ids.items():
            config = points[place].point.config
            seed = config.get("seed", 0)
            value = self._baseline.value(config, seed)
            if value is not None:  # else the baseline lacks the seed: it could not be compared
                self._of_seed.setdefault(seed, {})[run_id] = value
                self._numbers.setdefault(seed, []).append(place)
        if not self._of_seed:
            raise ConfigError(f"{rule.baseline} has no seed of this sweep", path="stop")

    def begin(self, journal: Journal, todo: Iterable[int]) -> None:
        """Go on from what is done.

        Args:
            journal: of the sweep.
            todo: the numbers of the points that are yet to run.
        """
        self._journal = journal
        wanted = set(todo)
        self._left = {seed: left for seed, of in self._numbers.items() if (left := [at for at in of if at in wanted])}

    def more(self, slots: int, running: int) -> list[int]:
        """Return the next points to run: whole seeds, as many as keep *slots* busy; none once it is decided."""
        if running:
            return []  # it looks at what all of them came to
        self.look()
        found: list[int] = []
        while self.looked.verdict == "undecided" and self._left and len(found) < slots:
            found += self._left.pop(next(iter(self._left)))
        return found

    def look(self) -> None:
        """Look at all seeds whose points are ok."""
        standing = self._journal.catch_up()
        entries = {run_id: standing.current(run_id) for of in self._of_seed.values() for run_id in of}
        ok = [entry for entry in entries.values() if entry is not None and entry.status == "ok"]
        values = {row.run_id: self._value(row) for row in self._journal.read(ok, Row)}
        differences = [
            float(np.mean([values[run_id] - baseline for run_id, baseline in of.items()]))
            for of in self._of_seed.values()
            if all(run_id in values for run_id in of)
        ]
        self.seeds = len(differences)
        self.looked = look(
            differences,
            higher_is_better=self._baseline.higher_is_better,
            margin=self.rule.margin,
            alpha=self.rule.alpha,
        )

    def _value(self, row: Row) -> float:
        if self.rule.metric not in row.metrics:
            raise ConfigError(
                f"there is no metric {self.rule.metric!r}{did_you_mean(self.rule.metric, row.metrics)}", path="stop"
            )
        return _float(row.metrics[self.rule.metric].value)

    @property
    def outcome(self) -> Outcome:
        """The verdict: failed when the candidate is worse."""
        return OUTCOMES[self.looked.verdict]

    def sentence(self) -> str:
        """Say what was decided, from how many seeds."""
        found = self.looked
        interval = f" [{found.low:+.4g}, {found.high:+.4g}]" if math.isfinite(found.low) else ""
        by = f" (margin {self.rule.margin:g})" if self.rule.margin else ""
        of = f"{self.seeds} of {len(self._of_seed)} seeds"
        return f"{self.rule.metric} is {found.verdict}{by} after {of}: {found.mean:+.4g}{interval}"


class _Baseline:
    """The values of the baseline, by seed and settings."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        rows = [row for row in query.read(rule.baseline).rows if row.status == "ok"]
        self._configs = [(row.seed, row.settings) for row in rows]
        for row in rows:
            if rule.metric not in row.metrics:
                known = did_you_mean(rule.metric, row.metrics)
                raise ConfigError(f"{rule.baseline} has no metric {rule.metric!r}{known}", path="stop")
        directions = {row.metrics[rule.metric].higher_is_better for row in rows}
        if len(directions) != 1 or None in directions:
            raise ConfigError(f"{rule.metric} does not say which direction is better", path="stop")
        self.higher_is_better = directions == {True}
        self._values = [_float(row.metrics[rule.metric].value) for row in rows]
        self._keys = _varied(config for _, config in self._configs)
        self._known = {
            (seed, _chosen(config, self._keys)): value
            for (seed, config), value in zip(self._configs, self._values, strict=True)
        }
        if len(self._known) < len(rows):
            raise ConfigError(f"{rule.baseline} has two points of one seed and the same settings", path="stop")
        self._seeds = {seed for seed, _ in self._configs}

    def value(self, config: Mapping[str, Any], seed: int) -> float | None:
        """Return the value of the point with the settings of *config*; None where the baseline lacks the seed.

        A baseline of a single record is a number that every point is held against.

        Raises:
            ConfigError: it has the seed, but no such point.
        """
        if len(self._values) == 1:
            return self._values[0]
        if seed not in self._seeds:
            return None
        settings = _chosen(config, self._keys)
        if (seed, settings) not in self._known:
            named = ", ".join(self._keys)
            raise ConfigError(f"{self.rule.baseline} has no point of seed {seed} with the same {named}", path="stop")
        return self._known[seed, settings]


def _varied(configs: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the keys of the task that vary."""
    every = [_settings(config) for config in configs]
    keys = dict.fromkeys(key for one in every for key in one)
    return [key for key in keys if len({one.get(key) for one in every}) > 1]


def _chosen(config: Mapping[str, Any], keys: Sequence[str]) -> tuple[bytes | None, ...]:
    settings = _settings(config)
    return tuple(settings.get(key) for key in keys)


def _settings(config: Mapping[str, Any]) -> dict[str, bytes]:
    return {key: msgspec.json.encode(value) for key, value in leaves("task", config.get("task"))}


def _float(value: Any) -> float:
    found = number(value)
    if found is None or not math.isfinite(found):
        raise DataError(f"stop: a value is {value}, expected a number")
    return float(found)
