"""One run: build the task, run it, write the record."""

from __future__ import annotations

import hashlib
import platform
import shutil
import time
import traceback
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from a4eval.config.builder import Builder
from a4eval.context import Run, pictures_wanted, python_warnings_noted
from a4eval.contracts import Result, Task, Value, Verdict
from a4eval.environment import filled
from a4eval.errors import DataError, PluginError
from a4eval.experiment import Experiment
from a4eval.files import content
from a4eval.registry import registry
from a4eval.runs import provenance, record
from a4eval.runs.folder import claimed
from a4eval.runs.interrupts import deadline, uninterrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from a4eval.registry import Provided

UNFINISHED = "unfinished"
"""The folder, in a run's own, of what only an unfinished run needs."""
LOCAL = record.ExecutorRecord(name="local", node=platform.node(), attempt=1)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked experiment, ready to run: whatever can be wrong with a config has been found.

    Args:
        experiment: the experiment.
        task: its task, built.
        components: all that the task is built from.
        run_id: the hash of what decides the numbers.
    """

    experiment: Experiment
    task: Task
    components: tuple[record.ComponentRecord, ...]
    run_id: str

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
    return Prepared(experiment, task, components, run_id(experiment.config, components))


def run_id(config: Mapping[str, Any], components: Iterable[record.ComponentRecord]) -> str:
    """Return the hash of what decides the numbers: task, seed and the versions of the components."""
    versions = [(one.kind, one.plugin, one.name, one.version) for one in components]
    identity = record.plain({"task": filled(config["task"]), "seed": config["seed"], "components": versions})
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
    root = prepared.experiment.root
    run = Run(
        directory=directory,
        seed=root.seed,
        pictures=pictures_wanted(root.pictures, in_sweep=sweep_id is not None),
        experiment=prepared.experiment if alone else None,
        show_progress=alone,
    )
    started, wall, cpu = datetime.now(UTC), time.perf_counter(), time.process_time()
    status: Literal["ok", "failed", "interrupted"] = "ok"
    error: record.ErrorRecord | None = None
    metrics: dict[str, record.MetricRecord] = {}
    tables: record.Tables = {}
    verdict: record.VerdictRecord | None = None
    try:
        with python_warnings_noted(run), deadline(root.timeout):
            metrics, tables, verdict = _checked(prepared.task.run(run))
    except KeyboardInterrupt as interrupt:
        status, error = "interrupted", _error(interrupt)
    except (Exception, SystemExit) as failure:  # noqa: BLE001  (whatever a task raises is the record's error)
        status, error = "failed", _error(failure)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    environment, doubts = provenance.environment(registry())
    for doubt in doubts:
        run.warn(doubt)
    return record.Record(
        run_id=prepared.run_id,
        sweep_id=sweep_id,
        experiment=prepared.experiment.name,
        status=status,
        started=started.isoformat(),
        finished=datetime.now(UTC).isoformat(),
        config=record.plain(prepared.experiment.config),
        overrides=list(prepared.experiment.overrides),
        seed=root.seed,
        components=list(prepared.components),
        verdict=verdict,
        metrics=metrics,
        tables=tables,
        data=[record.FileRecord(path, *facts) for path, facts in run.sources.items()],
        timing=record.TimingRecord(wall, cpu, provenance.peak_memory()),
        environment=environment,
        git=provenance.git(),
        executor=executor,
        warnings=run.warnings,
        error=error,
        artifacts=[_artifact(path, directory) for path in run.artifacts if path.is_file()],
    )


def run_single(
    prepared: Prepared, *, show: Callable[[record.Record], None], on_warning: Callable[[str], None]
) -> tuple[record.Record, Path]:
    """Run one experiment into its folder, with progress on standard error.

    Args:
        prepared: the checked experiment.
        show: is given the record, also when it cannot be written.
        on_warning: is given each warning.

    Returns:
        The record, and the path it was written to.

    Raises:
        ConfigError: the folder cannot be written to, is in use or holds a finished run.
        DataError: the record cannot be written.
    """
    experiment = prepared.experiment
    directory = experiment.directory
    with claimed(directory):
        done = execute(prepared, directory, alone=True)
        with uninterrupted():
            try:
                path = record.write(done, directory)
                if done.status == "ok":
                    shutil.rmtree(directory / UNFINISHED, ignore_errors=True)
            except OSError as error:
                raise DataError(f"the record cannot be written to {directory}: {error.strerror}") from error
            finally:
                for doubt in done.warnings:
                    on_warning(doubt)
                show(done)
            for doubt in announce(done, directory):
                on_warning(doubt)
    return done, path


def announce(done: record.Record, directory: Path) -> list[str]:
    """Tell every plugin that a run has finished; return a line for each that failed to listen."""
    run = Run(directory=directory, seed=done.seed)
    return registry().tell("a4eval_run_finished", lambda: {"run": run, "record": msgspec.to_builtins(done)})


def _checked(result: Result) -> tuple[dict[str, record.MetricRecord], record.Tables, record.VerdictRecord | None]:
    """Return a task's result as the record will hold it.

    Raises:
        PluginError: it is no result, or holds what a record cannot.
    """
    if not isinstance(result, Result):
        raise PluginError(f"the task must return an a4eval.Result, got {result!r}")
    metrics = {}
    for name, value in result.metrics.items():
        if not isinstance(value, Value):
            raise PluginError(f"metric {name!r} must be an a4eval.Value, got {value!r}")
        metrics[name] = _convert(_fields(value), record.MetricRecord, f"metric {name!r}")
    tables = {name: _convert(rows, record.Table, f"table {name!r}") for name, rows in result.tables.items()}
    if result.verdict is None:
        return metrics, tables, None
    if not isinstance(result.verdict, Verdict):
        raise PluginError(f"the verdict must be an a4eval.Verdict, got {result.verdict!r}")
    return metrics, tables, _convert(asdict(result.verdict), record.VerdictRecord, "the verdict")


def _fields(value: Value) -> dict[str, Any]:
    """Return what ``dataclasses.asdict`` does, which copies every number deeply: a sweep has many."""
    given = {field.name: getattr(value, field.name) for field in fields(Value)}
    return given if value.interval is None else {**given, "interval": asdict(value.interval)}


def _convert(value: Any, wanted: Any, what: str) -> Any:
    try:
        return msgspec.convert(record.plain(value), wanted)
    except msgspec.ValidationError as error:
        raise PluginError(f"{what} cannot go into a record: {error}") from error


def _component(provided: Provided) -> record.ComponentRecord:
    component, plugin = provided.component, provided.plugin
    return record.ComponentRecord(
        component.kind, component.name, component.version, plugin.name, plugin.distribution, plugin.version
    )


def _artifact(path: Path, directory: Path) -> record.FileRecord:
    return record.FileRecord(path.relative_to(directory).as_posix(), *content(path))


def _error(error: BaseException) -> record.ErrorRecord:
    name = type(error).__name__
    return record.ErrorRecord(name, str(error), "".join(traceback.format_exception(error)))
