"""One run: build the task, run it, write the record."""

from __future__ import annotations

import hashlib
import os
import platform
import time
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from a4eval import provenance, record
from a4eval.context import Run, pictures_wanted, python_warnings_noted
from a4eval.deadline import deadline
from a4eval.errors import ConfigError, PluginError
from a4eval.registry import registry
from a4eval.schema import Builder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from a4eval.contracts import Result
    from a4eval.experiment import Experiment
    from a4eval.registry import Provided

LOCAL = record.ExecutorRecord(name="local", node=platform.node(), attempt=1)


class Prepared(msgspec.Struct):
    """A checked experiment, ready to run: whatever can be wrong with a config has been found."""

    experiment: Any
    task: Any
    components: list[Any]
    run_id: str


def prepare(experiment: Experiment) -> Prepared:
    """Build the task of *experiment* and so check its whole config; nothing is written.

    Raises:
        ConfigError: a name, key, type or value is wrong; the text holds the key's full path.
        PluginError: a component cannot be imported.
    """
    pictures_wanted(experiment.root.pictures, in_sweep=True)  # finds a missing extra before the run
    builder = Builder(registry())
    task = builder.build("task", experiment.config["task"], "task")
    components = [_component(provided) for _, provided in sorted(builder.used.items())]
    return Prepared(experiment, task, components, run_id(experiment.config, components))


def run_id(config: Mapping[str, Any], components: list[record.ComponentRecord]) -> str:
    """Return the hash of what decides the numbers: task, seed and the versions of the components."""
    versions = [(one.kind, one.plugin, one.name, one.version) for one in components]
    identity = record.plain({"task": config["task"], "seed": config["seed"], "components": versions})
    return hashlib.sha256(msgspec.json.encode(identity, order="deterministic")).hexdigest()[:16]


def execute(
    prepared: Prepared,
    directory: Path,
    *,
    sweep_id: str | None = None,
    executor: record.ExecutorRecord = LOCAL,
    show_progress: bool = False,
) -> record.Record:
    """Run a prepared experiment and return its record: a failure or an interrupt is a record, not an exception.

    Args:
        prepared: the checked experiment.
        directory: where its artifacts go.
        sweep_id: the sweep it belongs to, if any.
        executor: what runs it.
        show_progress: show progress on standard error.
    """
    root = prepared.experiment.root
    run = Run(
        directory=directory,
        seed=root.seed,
        pictures=pictures_wanted(root.pictures, in_sweep=sweep_id is not None),
        show_progress=show_progress,
    )
    started, wall, cpu = datetime.now(UTC), time.perf_counter(), time.process_time()
    status: Literal["ok", "failed", "interrupted"] = "ok"
    error, result = None, None
    try:
        with python_warnings_noted(run), deadline(root.timeout):
            result = _checked(prepared.task.run(run))
    except KeyboardInterrupt as interrupt:
        status, error = "interrupted", _error(interrupt)
    except Exception as failure:  # noqa: BLE001  (whatever a task raises is the record's error)
        status, error = "failed", _error(failure)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    environment, doubts = provenance.environment(registry())
    for doubt in doubts:
        run.warn(doubt)
    metrics = result.metrics if result else {}
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
        components=prepared.components,
        metrics={name: _metric(value) for name, value in metrics.items()},
        tables=record.plain(result.tables) if result else {},
        data=[record.FileRecord(path, *facts) for path, facts in run.sources.items()],
        timing=record.TimingRecord(wall, cpu, provenance.peak_memory()),
        environment=environment,
        git=provenance.git(),
        executor=executor,
        warnings=run.warnings,
        error=error,
        artifacts=[_artifact(path, directory) for path in run.artifacts if path.exists()],
    )


def run_single(
    experiment: Experiment, *, show_progress: bool, on_warning: Callable[[str], None]
) -> tuple[record.Record, Path]:
    """Run one experiment into its folder and return its record and the record's path.

    Raises:
        ConfigError: the config is wrong, the folder cannot be written to or holds a finished run.
    """
    prepared = prepare(experiment)
    directory = experiment.directory
    claim(directory)
    done = execute(prepared, directory, show_progress=show_progress)
    path = record.write(done, directory)
    for doubt in announce(done, directory):
        on_warning(doubt)
    return done, path


def claim(directory: Path) -> None:
    """Make the folder, and make sure that the record can be written before any work is done.

    Raises:
        ConfigError: it cannot be written to, or holds the record of a finished run.
    """
    key = "hydra.run.dir"
    earlier = directory / record.FILE_NAME
    try:
        if earlier.exists() and record.read(earlier).status == "ok":
            raise ConfigError(f"{earlier} holds a finished run; choose another folder, or remove it", path=key)
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"{earlier} is no record of a4eval; choose another folder, or remove it", path=key) from error
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make the folder {str(directory)!r}: {error.strerror}", path=key) from error
    if not os.access(directory, os.W_OK):
        raise ConfigError(f"cannot write to the folder {str(directory)!r}", path=key)


def announce(done: record.Record, directory: Path) -> list[str]:
    """Tell every plugin that a run has finished; return a line for each that failed to listen."""
    run = Run(directory=directory, seed=done.seed)
    doubts = []
    for plugin in registry().plugins:
        if plugin.manager is None or not plugin.manager.hook.a4eval_run_finished.get_hookimpls():
            continue  # nobody listens: spare the copy, which would be most of what a short run costs
        try:
            plugin.call("a4eval_run_finished", run=run, record=msgspec.to_builtins(done))
        except Exception as error:  # noqa: BLE001  (a stranger's hook must not change a finished run)
            doubts.append(f"plugin {plugin.name!r}: a4eval_run_finished failed: {type(error).__name__}: {error}")
    return doubts


def _checked(result: Result) -> Result:
    for label in ("metrics", "tables"):
        if not isinstance(getattr(result, label, None), dict):
            raise PluginError(f"the task must return an a4eval.Result, got {result!r}")
    return result


def _component(provided: Provided) -> record.ComponentRecord:
    component, plugin = provided.component, provided.plugin
    return record.ComponentRecord(
        component.kind, component.name, component.version, plugin.name, plugin.distribution, plugin.version
    )


def _metric(value: Any) -> record.MetricRecord:
    interval = value.interval and record.IntervalRecord(
        value.interval.level, record.plain(value.interval.low), record.plain(value.interval.high), value.interval.method
    )
    return record.MetricRecord(
        record.plain(value.value), value.unit, value.higher_is_better, record.plain(value.n), interval
    )


def _artifact(path: Path, directory: Path) -> record.FileRecord:
    content = path.read_bytes()
    relative = path.relative_to(directory).as_posix()
    return record.FileRecord(relative, hashlib.sha256(content).hexdigest(), len(content))


def _error(error: BaseException) -> record.ErrorRecord:
    name = type(error).__name__
    return record.ErrorRecord(name, str(error), "".join(traceback.format_exception(error)))
