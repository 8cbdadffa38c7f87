"""A trial of a search: one choice of all that is searched over, and what its points came to."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from a4eval.apps.study import PATH, Told
from a4eval.errors import ConfigError, did_you_mean
from a4eval.journal.views import Metric, number
from a4eval.runs.record import AppRecord

if TYPE_CHECKING:
    from a4eval.apps.space import Space
    from a4eval.apps.study import Aim


class _Curves(Struct, frozen=True):
    tracked: list[dict[str, Any]] = []


class Came(Struct):
    """What a search reads of a record."""

    run_id: str
    status: str
    overrides: list[str] = []
    metrics: dict[str, Metric] = {}
    tables: _Curves = _Curves()
    app: AppRecord | None = None
    sweep_id: str | None = None

    def objectives(self, aim: Aim) -> list[float]:
        """Return what is to be optimised.

        Raises:
            ConfigError: the function returned no such metric.
        """
        for name in aim.objective:
            if name not in self.metrics:
                message = f"the function returned no metric {name!r}{did_you_mean(name, self.metrics)}"
                raise ConfigError(message, path=f"{PATH}.objective")
        return [float(number(self.metrics[name].value)) for name in aim.objective]


@dataclass
class Trial:
    """One choice of all that is searched over, and its points: a single one, or one for each seed.

    Args:
        number: its place in the search, as its records have it.
        texts: its overrides, but for the seed's.
        asked: Optuna's trial.
        points: the numbers of its points so far.
        came: what those came to that have ended.
        told: what it came to, once it has ended.
    """

    number: int
    texts: tuple[str, ...]
    asked: Any = None
    points: list[int] = field(default_factory=list)
    came: list[Came] = field(default_factory=list)
    told: Told | None = None

    @property
    def between(self) -> bool:
        """Has it not ended, and is none of its points yet to run?"""
        return self.told is None and len(self.came) == len(self.points)

    def plainly(self, aim: Aim, space: Space) -> Told | None:
        """Return what it came to, if its points alone say so: NaN says nothing, and it has failed.

        Raises:
            ConfigError: as :meth:`Came.objectives`.
        """
        values = space.read(self.texts)
        for one in self.came:
            if one.status != "ok":
                return Told(values, "failed")
            if one.app is not None and one.app.pruned is not None:
                return Told(values, "pruned", steps=self.steps(aim))
        if len(self.came) < (aim.seeds or 1):
            return None
        every = [one.objectives(aim) for one in self.came[: aim.seeds]]
        means = tuple(map(fmean, zip(*every, strict=True)))
        if any(map(math.isnan, means)):
            return Told(values, "failed")
        return Told(values, "complete", means, self.steps(aim))

    def steps(self, aim: Aim) -> tuple[tuple[int, float], ...]:
        """Return what the pruner sees of it: the curve of its run, or what its seeds come to so far."""
        if aim.pruner is None:
            return ()
        if aim.watched:
            curve = (row for one in self.came for row in one.tables.tracked if row["name"] == aim.curve)
            return tuple({row["step"]: float(number(row["value"])) for row in curve if row["step"] >= 0}.items())
        values = [one.objectives(aim)[0] for one in self.came]
        if aim.seed_by_seed:
            return tuple(enumerate(values))
        return tuple((place, fmean(values[: place + 1])) for place in range(len(values)))
