"""A search: trials that are asked for one after the other, told from the journal, which alone knows what they came to.

So whatever ends the program, the same command tells a new study what is recorded, and goes on with what is left.
"""

from __future__ import annotations

import os
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING

from a4eval.apps.study import Study, Told, Watch
from a4eval.apps.trial import Came, Trial
from a4eval.executors.contract import Job, Jobs
from a4eval.journal.journal import Journal
from a4eval.plurals import counted
from a4eval.sweeps.carry_out import is_done

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from a4eval.apps.plan import AppPlan
    from a4eval.apps.space import Space
    from a4eval.apps.study import Aim
    from a4eval.executors.contract import Runner
    from a4eval.experiment import Conduct

BEST_SHOWN = 5


class Trials(Jobs):
    """The points of a search: those that were asked for, of as many as there may be."""

    def __init__(self, search: Search, conduct: Conduct, runner: Runner) -> None:
        super().__init__((), search.job, conduct, runner)
        self._search = search

    def __len__(self) -> int:
        """How many there will be; a trial that ends early has fewer than it may."""
        return self._search.expected


class Search:
    """Hands out the points of a sweep trial by trial, as Optuna picks them; a guide of :func:`carry_out`.

    Args:
        aim: what is searched for.
        space: where.
        plan: makes points.
        conduct: how they are run.
        runner: what runs them.
        sweep_id: that of the records that are its own.
        done: the statuses that make a point done; others are run again.
        folder: the sweep's folder; what its journal knows of this search is told to the study again.

    Raises:
        MissingExtraError, ConfigError: as :class:`Study`.
    """

    def __init__(
        self,
        aim: Aim,
        space: Space,
        plan: AppPlan,
        conduct: Conduct,
        runner: Runner,
        sweep_id: str,
        done: Collection[str],
        folder: Path,
    ) -> None:
        self.aim, self.space, self.plan = aim, space, plan
        self.points = Trials(self, conduct, runner)
        self._trials: dict[int, Trial] = {}
        self._owner: dict[int, Trial] = {}
        self._waiting: list[int] = []
        self._fresh = 0
        self._stale: dict[str, int] = {}
        """Of points that are run again, where in the journal the record begins that does not count."""
        self._watch: Watch | None = None
        self._journal = Journal(folder)
        self._take_up(sweep_id, done if conduct.resume else ())
        self._in_study = [one for one in self._trials.values() if one.told]
        self._study = Study(aim, space, [one.told for one in self._in_study if one.told])
        for trial in self._trials.values():
            if trial.told is None:
                self._ask_again(trial)

    @property
    def seeds(self) -> int:
        """How many points a trial may have."""
        return self.aim.seeds or 1

    @property
    def expected(self) -> int:
        """How many points there will be."""
        begun = sum(len(one.points) if one.told else self.seeds for one in self._trials.values())
        return begun + self.seeds * self._left

    @property
    def _left(self) -> int:
        """How many trials there will be beside those that have begun."""
        return 0 if self._study.exhausted else max(0, self.aim.trials - len(self._trials))

    @property
    def unfinished(self) -> bool:
        """Are some of its points done, and some of its trials not; or has nothing in its folder a record?"""
        begun = any(one.told is None for one in self._trials.values())
        some = any(one.came for one in self._trials.values()) or not self._journal.standing
        return some and (begun or self._left > 0)

    def job(self, point: int) -> Job:
        """Return a point, ready to run."""
        made = self.plan.point(point)._replace(trial=self._owner[point].number, watch=self._watch)
        conduct = self.points.conduct
        return Job(self.plan.run_id(point), made, conduct.timeout, conduct.retries)

    def begin(self, journal: Journal, todo: Iterable[int]) -> None:
        """Go on from what is done."""
        del journal  # it is followed by others, and gives each record once
        self._waiting += todo

    def more(self, slots: int, running: int) -> list[int]:
        """Return the next points to run: of trials that have begun, and of as many new ones as keep *slots* busy."""
        self.look()
        for trial in self._trials.values():
            if trial.between:
                self._waiting.append(self._add_point(trial))
        while running + len(self._waiting) < slots and self._left:
            asked, texts = self._study.ask()
            free = next(number for number in count() if number not in self._trials)  # one killed early left its own
            trial = Trial(free, texts, asked)
            self._trials[trial.number] = trial
            self._in_study.append(trial)
            self._waiting.append(self._add_point(trial))
        if self.aim.watched:
            told = tuple(one.told for one in self._trials.values() if one.told)
            self._watch = Watch(self.aim, self.space, told)
        handed, self._waiting = self._waiting, []
        return handed

    def look(self) -> None:
        """Tell the study what has ended since."""
        standing = self._journal.catch_up()
        for trial in self._trials.values():
            if trial.told is not None or trial.between:
                continue
            run_id = self.plan.run_id(trial.points[-1])
            entry = standing.current(run_id)
            if entry is None or entry.offset == self._stale.get(run_id):
                continue
            if is_done(entry, ("ok", "failed"), self.points.conduct.retries):
                trial.came += self._journal.read([entry], Came)
                self._judge(trial)

    def sentences(self) -> list[str]:
        """Say which trials are the best."""
        states = Counter(one.told.state if one.told else "not ended" for one in self._trials.values())
        counts = ", ".join(f"{number} {state}" for state, number in states.items())
        best = [self._in_study[place] for place in self._study.best()]
        total = f"{counted(len(self._trials), 'trial')} ({counts})"
        if not best:
            return [f"{total}: none is complete"]
        lines = []
        for trial in best[:BEST_SHOWN]:
            came = zip(self.aim.objective, trial.told.objectives if trial.told else (), strict=True)
            lines.append(f"  {', '.join(f'{name}={value:.6g}' for name, value in came)}: {' '.join(trial.texts)}")
        if len(best) > BEST_SHOWN:
            lines.append(f"  … and {len(best) - BEST_SHOWN} more")
        return [f"the best of {total}:", *lines]

    def _take_up(self, sweep_id: str, done: Collection[str]) -> None:
        """Find the trials that the journal knows."""
        standing = self._journal.catch_up()
        entries = {run_id: entry for run_id in standing if (entry := standing.current(run_id)) is not None}
        found = [(one.app, one) for one in self._journal.read(list(entries.values()), Came) if one.app is not None]
        self._fresh = max((app.number + 1 for app, _ in found), default=0)
        for app, one in sorted(found, key=lambda pair: pair[0].number):
            texts = tuple(one.overrides)
            of_trial = texts[:-1] if self.aim.seeds else texts
            if app.trial is None or one.sweep_id != sweep_id or not self._searched(of_trial):
                continue
            if self.plan.add(app.number, texts, in_search=True) != one.run_id:
                continue  # of an app, or a config, that has changed since
            trial = self._trials.setdefault(app.trial, Trial(app.trial, of_trial))
            self._add(trial, app.number)
            if is_done(entries[one.run_id], done, self.points.conduct.retries):
                trial.came.append(one)
            else:
                self._stale[one.run_id] = entries[one.run_id].offset
        for trial in self._trials.values():
            trial.told = trial.plainly(self.aim, self.space)

    def _ask_again(self, trial: Trial) -> None:
        """Let a trial that has begun be one of the study, and the pruner judge it as far as it is."""
        trial.asked = self._study.again(self.space.read(trial.texts))
        self._in_study.append(trial)
        came, trial.came = trial.came, []
        for one in came:
            trial.came.append(one)
            self._judge(trial)

    def _searched(self, texts: tuple[str, ...]) -> bool:
        try:
            self.space.read(texts)
        except ValueError:
            return False
        return True

    def _add_point(self, trial: Trial) -> int:
        """Return the next point of a trial; its folder is one that nothing was left in."""
        texts, before = trial.texts, ""
        if self.aim.seeds:
            texts = (*texts, self.plan.setting(self.aim.seed_key, len(trial.points)))
        while True:
            point = self._fresh
            self._fresh += 1
            self.plan.add(point, texts, in_search=True)
            directory = self.plan.point(point).directory
            if directory == before or not os.path.lexists(directory):
                self._add(trial, point)
                return point
            before = directory

    def _add(self, trial: Trial, point: int) -> None:
        trial.points.append(point)
        self._owner[point] = trial
        self.points.run_ids[self.plan.run_id(point)] = point

    def _judge(self, trial: Trial) -> None:
        """Take in the last point of a trial that has ended, and tell the study if the trial ends with it."""
        trial.told = trial.plainly(self.aim, self.space)
        if trial.told is None and self.aim.pruner is not None:
            steps = trial.steps(self.aim)
            if self._study.prunes(trial.asked, *steps[-1]):
                trial.told = Told(self.space.read(trial.texts), "pruned", steps=steps)
        if trial.told is not None:
            self._study.tell(trial.asked, trial.told)
