"""One run: build the task, run it, write the record."""

from __future__ import annotations

import hashlib
import os
import platform
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from a4eval import ownership
from a4eval.config.builder import Builder
from a4eval.context import Run, pictures_wanted, python_warnings_noted
from a4eval.contracts import Task
from a4eval.environment import filled
from a4eval.errors import ConfigError, DataError, OutputError, RunTimeoutError, text_of, told, told_once
from a4eval.experiment import MISSING, Experiment, Root, check_root
from a4eval.files import content
from a4eval.registry import registry
from a4eval.runs import provenance, record
from a4eval.runs.defaults import resolved
from a4eval.runs.folder import claimed
from a4eval.runs.interrupts import deadline, overdue, uninterrupted
from a4eval.runs.leftovers import leftovers_removed
from a4eval.runs.printed import Printed
from a4eval.runs.result import Came, convert
from a4eval.runs.watchdog import watched
from a4eval.tracking import CURVES, tracking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from a4eval.registry import Provided

LOCAL = record.ExecutorRecord(name="local", node=platform.node(), attempt=1)
_TURN = threading.RLock()
"""A run has its process to itself: what it changes of it is put back before another begins in another thread."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked experiment, ready to run: whatever can be wrong with a config has been found.

    Args:
        experiment: the experiment.
        task: its task, built.
        components: all that the task is built from.
        run_id: the hash of what decides the numbers.
        root: its root keys.
        app: what there is to say of a run of the user's own Hydra app; None of an experiment.
        leaves: the names of artifacts that it may leave without telling its :class:`Run`.
    """

    experiment: Experiment
    task: Task
    components: tuple[record.ComponentRecord, ...]
    run_id: str
    root: Root
    app: record.AppRecord | None = None
    leaves: tuple[str, ...] = ()

    def instead(self, task: Task) -> Prepared:
        """Return the same run with *task* in place of its own, which cannot tell what happened to it."""
        return replace(self, task=task)


def prepare(experiment: Experiment) -> Prepared:
    """Build the task of *experiment* and so check its whole config; nothing is written.

    Raises:
        ConfigError: a name, key, type or value is wrong; the text holds the key's full path.
        PluginError: a component cannot be imported.
    """
    pictures_wanted(experiment.root.pictures, in_sweep=True)  # finds a missing extra before the run
    builder = Builder(registry())
    task = builder.build("task", filled(experiment.config["task"]), "task")
    components = tuple(_component(provided) for _, provided in sorted(builder.used.items()))
    return Prepared(experiment, task, components, run_id(experiment.config, components), experiment.root)


def checked(experiment: Experiment) -> Prepared:
    """Do what :func:`prepare` does, and find all that is wrong, not only the first.

    Raises:
        ConfigError, PluginError: as there.
    """
    problems = list(experiment.problems)
    try:
        check_root(experiment.config, experiment.name)
    except ConfigError as error:
        problems.append(error)
        task = experiment.config.get("task", MISSING)
        try:
            _ = task == MISSING or Builder(registry()).build("task", filled(task), "task")
        except ConfigError as another:
            problems.append(another)
    else:
        try:
            prepared = prepare(experiment)
        except ConfigError as error:
            problems.append(error)
    if problems:
        raise told_once(problems, experiment.unknown)
    return prepared


def run_id(config: Mapping[str, Any], components: Iterable[record.ComponentRecord]) -> str:
    """Return the hash of what decides the numbers: task, seed and the versions of the components.

    Raises:
        ConfigError: the task cannot be written as JSON.
    """
    versions = [(one.kind, one.plugin, one.name, one.version) for one in components]
    try:
        identity = record.plain({"task": filled(config["task"]), "seed": config.get("seed", 0), "components": versions})
    except ValueError as error:
        raise ConfigError(str(error), path="task") from error
    return hashlib.sha256(msgspec.json.encode(identity, order="deterministic")).hexdigest()[:16]


def execute(
    prepared: Prepared,
    directory: Path,
    *,
    sweep_id: str | None = None,
    executor: record.ExecutorRecord = LOCAL,
    alone: bool = False,
) -> record.Record:
    """Run a prepared experiment and return its record: a failure or an interrupt is a record, not an exception.

    Args:
        prepared: the checked experiment.
        directory: where its artifacts go.
        sweep_id: the sweep it belongs to, if any.
        executor: what runs it.
        alone: it is all that the command runs: its task shows progress, sees what was typed and may send out parts.
    """
    root, owner = prepared.root, os.getpid()
    directory = directory.absolute()  # wherever the task goes
    run = Run(
        directory=directory,
        seed=root.seed,
        pictures=pictures_wanted(root.pictures, in_sweep=sweep_id is not None),
        experiment=prepared.experiment if alone else None,
        show_progress=alone,
    )
    came, printed, seed = Came(), Printed(), None if prepared.app else root.seed
    with _TURN, tracking() as curves:
        clock = _Clock()
        try:
            printed.begin()
            with python_warnings_noted(run), leftovers_removed(seed), deadline(root.timeout):
                came.take(prepared.task.run(run))
                if run.pictures and came.charts:
                    came.draw(run)
        except BaseException as failure:  # noqa: BLE001  (whatever a task raises is the record's error)
            came.failure = failure
        if os.getpid() != owner:
            os._exit(came.failure is not None)  # a child that the task forked has come back: the run is its parent's
        with uninterrupted():
            printed.end()
    if (rows := curves.table()) and not {"tracked"} & (came.tables.keys() | came.charts.keys()):
        came.tables["tracked"] = convert(rows, record.Table, "the table 'tracked'")
        came.charts["tracked"] = CURVES
    with uninterrupted():
        return _record(prepared, run, came, clock, sweep_id, executor, printed)


def whole(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config, one that was checked and in values that JSON can hold, with every default of its task."""
    return {**config, "task": resolved("task", config["task"])}


def _whole(run: Run, config: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        return whole(config)
    except Exception as error:  # noqa: BLE001  (a stranger's default must not lose a finished run)
        run.warn(f"the defaults of the task cannot be told: {told(error)}")
        return None


class _Clock:
    """What a run costs, from now on."""

    def __init__(self) -> None:
        self.started, self._wall, self._cpu = datetime.now(UTC), time.perf_counter(), time.process_time()

    def timing(self) -> record.TimingRecord:
        """Say what it has cost so far."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return record.TimingRecord(wall, cpu, provenance.peak_memory())


def _record(
    prepared: Prepared,
    run: Run,
    came: Came,
    clock: _Clock,
    sweep_id: str | None,
    executor: record.ExecutorRecord,
    printed: Printed,
) -> record.Record:
    timing = clock.timing()
    environment, known = provenance.environment(registry(), in_sweep=sweep_id is not None)
    doubts = list(known)
    artifacts, log = [], None
    try:
        log = printed.keep(run.directory)
    except (DataError, OSError) as error:
        doubts.append(f"what the run printed is not kept: {error}")
    for path in dict.fromkeys([*run.artifacts, *(run.directory / name for name in prepared.leaves)]):
        try:
            if path.is_file():
                artifacts.append(_artifact(path, run.directory))
        except OSError as error:
            doubts.append(f"the artifact {path.relative_to(run.directory)} cannot be read: {error.strerror}")
    for doubt in doubts:
        run.warn(doubt)
    config = record.plain(prepared.experiment.config)
    return record.Record(
        run_id=prepared.run_id,
        sweep_id=sweep_id,
        experiment=prepared.experiment.name,
        status=came.status,
        started=clock.started.isoformat(),
        finished=datetime.now(UTC).isoformat(),
        app=prepared.app,
        config=config,
        resolved=None if prepared.app else _whole(run, config),
        overrides=list(prepared.experiment.overrides),
        seed=run.seed,
        components=list(prepared.components),
        verdict=came.verdict,
        metrics=came.metrics,
        tables=came.tables,
        charts=came.charts,
        data=[record.FileRecord(path, *facts) for path, facts in run.sources.items()],
        timing=timing,
        environment=environment,
        git=provenance.git(),
        executor=executor,
        warnings=run.warnings,
        error=None if came.failure is None else _error(came.failure),
        artifacts=artifacts,
        log=log,
    )


def _overdue(prepared: Prepared, directory: Path) -> bytes:
    """Return the record of a single run that did not hear its timeout; its watchdog fills in how long it took."""
    root = prepared.root
    came = Came(failure=RunTimeoutError(f"{overdue(root.timeout or 0)}ended"))
    return record.encode(_record(prepared, Run(directory, root.seed), came, _Clock(), None, LOCAL, Printed()))


def run_single(
    prepared: Prepared,
    *,
    show: Callable[[record.Record], None],
    on_warning: Callable[[str], None],
    may_end_process: bool = True,
) -> tuple[record.Record, Path]:
    """Run one experiment into its folder, with progress on standard error.

    Args:
        prepared: the checked experiment.
        show: is given the record, also when it cannot be written.
        on_warning: is given each warning.
        may_end_process: a run that does not hear its timeout takes this process along.

    Returns:
        The record, and the path it was written to.

    Raises:
        ConfigError: the folder cannot be written to, is in use or holds a finished run.
        OutputError: the record cannot be written.
    """
    experiment = prepared.experiment
    directory = experiment.directory
    with claimed(directory):
        timeout = experiment.root.timeout if may_end_process else None
        with watched(timeout, directory, partial(_overdue, prepared, directory)):
            done = execute(prepared, directory, alone=True)
        with uninterrupted():
            try:
                path = record.write(done, directory)
            except OSError as error:
                raise OutputError(f"the record cannot be written to {directory}: {error.strerror}") from error
            finally:
                for doubt in done.warnings:
                    on_warning(doubt)
                show(done)
            if done.status == "ok":
                with suppress(OSError):  # what is left of it is marked as ours, and in nobody's way
                    ownership.remove(directory / ownership.UNFINISHED)
            for doubt in announce(done, directory):
                on_warning(doubt)
    return done, path


def announce(done: record.Record, directory: Path) -> list[str]:
    """Tell every plugin that a run has finished; return a line for each that failed to listen."""
    run = Run(directory=directory, seed=done.seed)
    return registry().tell("a4eval_run_finished", lambda: {"run": run, "record": msgspec.to_builtins(done)})


def _component(provided: Provided) -> record.ComponentRecord:
    component, plugin = provided.component, provided.plugin
    return record.ComponentRecord(
        component.kind, component.name, component.version, plugin.name, plugin.distribution, plugin.version
    )


def _artifact(path: Path, directory: Path) -> record.FileRecord:
    return record.FileRecord(path.relative_to(directory).as_posix(), *content(path))


def _error(error: BaseException) -> record.ErrorRecord:
    try:
        trace = "".join(traceback.format_exception(error))
    except Exception as another:  # noqa: BLE001  (a stranger's exception may refuse that too)
        trace = f"(its traceback cannot be had: {type(another).__name__})"
    return record.ErrorRecord(type(error).__name__, text_of(error), trace)
