"""Carry out a sweep: one folder, what is missing in it, and what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from a4eval.config.builder import build
from a4eval.contracts import lacking
from a4eval.environment import filled
from a4eval.errors import PluginError
from a4eval.executors.contract import DetachedError, Executor, Jobs, Sweep
from a4eval.executors.dispatch import Dispatcher, Tally
from a4eval.experiment import LOCAL, Root
from a4eval.journal.journal import Journal
from a4eval.journal.lock import FolderLock
from a4eval.registry import registry
from a4eval.runs import installed
from a4eval.runs.folder import make_folder
from a4eval.runs.interrupts import sigterm_as_interrupt
from a4eval.sweeps import command as commands
from a4eval.sweeps.meter import meter, tell_where
from a4eval.sweeps.reuse import take
from a4eval.trackers.feeds import feeding, trackers_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from a4eval.experiment import Conduct
    from a4eval.journal.standing import Standing
    from a4eval.journal.views import Entry
    from a4eval.sweeps.command import Command
    from a4eval.sweeps.stopping import Stop  # noqa: TC004  (it needs numpy, which a sweep does not)


ROUNDS = 3
"""How often points are run whose records went away while the sweep did, because its journal was replaced."""


class Guide(Protocol):
    """Says from what points came to which are next."""

    def begin(self, journal: Journal, todo: list[int]) -> None:
        """Go on from what is done.

        Args:
            journal: of the sweep.
            todo: the numbers of the points that are known and yet to run.
        """

    def more(self, slots: int, running: int) -> Sequence[int]:
        """Return the next points to run, for *slots* chunks of which so many are *running*; none if that is all."""

    def look(self) -> None:
        """Take in what has ended since."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a sweep.

    Args:
        journal: where the records are, and which of them count.
        earlier: how many of the points done were done before.
        done: how many points have a record, failed ones included.
        changed: how many have none but of data files that have changed since.
        interrupted: Ctrl-C ended it.
        detached: what was left to a cluster, which goes on by itself.
        doubts: what was odd, a line each.
        reused: how many were taken from elsewhere, where they were finished.
        stop: what ended it, or let it go on to its end, where it was to stop once something is decided.
    """

    points: Jobs
    sweep_id: str
    folder: Path
    journal: Journal
    earlier: int
    done: int
    failed: int
    seconds: float
    interrupted: bool
    detached: str = ""
    doubts: tuple[str, ...] = ()
    reused: int = 0
    changed: int = 0
    stop: Stop | None = None

    def entries(self) -> list[Entry]:
        """Return what counts of each point, in order, once the journal is read to its end."""
        found = map(self.journal.catch_up().current, self.points.run_ids)
        return [entry for entry in found if entry is not None]


def carry_out(
    points: Jobs,
    folder: Path,
    sweep_id: str,
    command: Command | None,
    done: Collection[str] = ("ok", "failed"),
    what: str = "points",
    guide: Guide | None = None,
    *,
    among_others: bool = False,
) -> Outcome:
    """Run what is missing of *points* in *folder*.

    Args:
        points: the points.
        folder: the sweep's folder; made if need be.
        sweep_id: goes into each record.
        command: what started it; kept in the folder.
        done: the statuses that make a point done: with ``["ok"]`` the failed run again.
        what: what progress calls them.
        guide: picks the points one after the other; by default the rule to stop by, if there is one.
        among_others: they are not all that the sweep in *folder* has.

    Raises:
        ConfigError: the folder cannot be used, or the executor's parameters or the rule to stop by are wrong.
        OutputError: the journal cannot be written.
    """
    conduct = points.conduct
    executor, name = executor_of(conduct)
    trackers = trackers_of(conduct.trackers)
    stop = stop_of(points) if command is not None else None
    guide = guide or stop
    if name not in LOCAL:
        tell_where(name, conduct.executor)
    make_folder(folder, "hydra.sweep.dir")
    journal = Journal(folder)
    with (
        FolderLock(folder) as lock,
        feeding(trackers, journal.path, journal=True) as feeds,
        meter(len(points), what) as tell,
        sigterm_as_interrupt(),
    ):
        start = time.monotonic()
        sweep = Sweep(sweep_id, folder.resolve(), name, points.runner, lock.handle)
        journal.check()
        tally, before, reused = Tally(len(points)), 0, 0
        interrupted, detached = False, ""
        try:
            executor.start(sweep)
            if command is not None:
                commands.keep(folder, command)
            installed.keep(folder)
            todo = _missing(points, journal.catch_up(), done, tally)
            before = tally.done
            _note(lock, journal, points, tally, among_others=among_others)
            if command is not None and isinstance(conduct, Root) and conduct.reuse is not None:
                left = take(points, todo, conduct.reuse, folder, sweep_id, journal)
                reused, todo = len(todo) - len(left), left
                tally.done += reused
            tell(tally)
            if guide is not None:
                guide.begin(journal, todo)
                Dispatcher(points, executor, sweep, journal, conduct.fail_fast, tell, more=guide.more).run([], tally)
                guide.look()
                todo = []
            for _ in range(ROUNDS):
                if not todo:
                    break
                Dispatcher(points, executor, sweep, journal, conduct.fail_fast, tell).run(todo, tally)
                todo = _gone(points, journal, tally) if not (conduct.fail_fast and tally.failed) else []
                if todo:
                    executor.start(sweep)
        except KeyboardInterrupt:
            interrupted = True
        except DetachedError as left:
            detached = str(left)
        finally:
            executor.stop()
        seconds = time.monotonic() - start
        changed = _changed(points, journal, tally)
        return Outcome(
            points=points,
            sweep_id=sweep_id,
            folder=folder,
            journal=journal,
            earlier=before,
            done=tally.done,
            failed=tally.failed,
            reused=reused,
            changed=changed,
            seconds=seconds,
            interrupted=interrupted,
            detached=detached,
            doubts=tuple(feeds.end(hurry=interrupted)),
            stop=stop,
        )


def _note(lock: FolderLock, journal: Journal, points: Jobs, tally: Tally, *, among_others: bool) -> None:
    """Note where a sweep begins, with the points beside *points* that it has, if they are *among_others*."""
    standing = journal.standing
    beside = [one for one in standing if one not in points.run_ids] if among_others else []
    never = max(lock.total() - len(beside) - tally.total, 0) if among_others else 0
    failed = tally.failed + sum(one.status != "ok" for run_id in beside if (one := standing.last(run_id)))
    total = tally.total + len(beside) + never
    lock.note(total, tally.done + len(beside), failed, journal.end, aside=never)


def _gone(points: Jobs, journal: Journal, tally: Tally) -> list[int]:
    """Return the points whose records are gone from a journal that was replaced meanwhile, and count the others."""
    if not journal.replaced:
        return []
    found = _counted(points, journal.catch_up(), tally)
    return [number for run_id, number in points.run_ids.items() if run_id not in found]


def _changed(points: Jobs, journal: Journal, tally: Tally) -> int:
    """Return how many points read data files that have changed since, and put the tally right."""
    _gone(points, journal, tally)
    standing = journal.catch_up()
    changed = sum(bool(standing.of_every_state(one)) and standing.current(one) is None for one in points.run_ids)
    if changed:
        _counted(points, standing, tally)
    return changed


def _counted(points: Jobs, standing: Standing[Entry], tally: Tally) -> dict[str, Entry]:
    """Return what counts of the points that have a record, and count these."""
    found = {run_id: entry for run_id in points.run_ids if (entry := standing.current(run_id)) is not None}
    tally.done, tally.failed = len(found), sum(entry.status != "ok" for entry in found.values())
    return found


def _missing(points: Jobs, standing: Standing[Entry], done: Collection[str], tally: Tally) -> list[int]:
    """Return the points that are to be run, and count the others in *tally*."""
    conduct = points.conduct
    todo = []
    for run_id, number in points.run_ids.items():
        entry = standing.current(run_id) if conduct.resume else None
        if entry is not None and is_done(entry, done, conduct.retries):
            tally.done += 1
            tally.failed += entry.status != "ok"
        else:
            todo.append(number)
    return todo


def is_done(entry: Entry, done: Collection[str], retries: int) -> bool:
    """Say whether a record is the last word on its point, of which the statuses *done* are."""
    return entry.status in done and entry.stands(retries)


def stop_of(points: Jobs) -> Stop | None:
    """Return what stops a sweep once something is decided, if its config asks for that.

    Raises:
        ConfigError: the rule cannot be read, or the baseline has other points.
        DataError: the baseline cannot be read.
    """
    if points.conduct.stop is None:
        return None
    from a4eval.sweeps.stopping import Stop, rule  # needs numpy, which a sweep does not

    return Stop(rule(points.conduct.stop), points)


def executor_of(conduct: Conduct, path: str = "executor") -> tuple[Executor, str]:
    """Build the executor that the config asks for, and return it with its name.

    Args:
        conduct: how the sweep is run.
        path: the key that asks for it.

    Raises:
        ConfigError: there is none of that name, or a parameter is wrong.
        PluginError: it lacks what an executor must have.
    """
    asked = filled(conduct.executor)
    if isinstance(asked, str):
        registry().find("executor", asked, path=path)  # the key itself is to blame, not a name within it
    executor = build("executor", asked, path=path)
    name = conduct.executor if isinstance(conduct.executor, str) else conduct.executor["name"]
    if missing := lacking(Executor, executor):
        raise PluginError(f"{path}: {name!r} is no executor: it lacks {', '.join(missing)}")
    return executor, name


def announce(outcome: Outcome) -> list[str]:
    """Tell every plugin that a sweep has finished; return a line for each that failed to listen."""
    sweep: dict[str, Any] = {"sweep_id": outcome.sweep_id, "folder": str(outcome.folder), "points": len(outcome.points)}
    summary = {"ok": outcome.done - outcome.failed, "failed": outcome.failed, "interrupted": outcome.interrupted}
    return registry().tell("a4eval_sweep_finished", lambda: {"sweep": dict(sweep), "summary": dict(summary)})
