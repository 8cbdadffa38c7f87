"""One run of an app, in whatever process it landed: Hydra runs it, and what comes of it goes into a record."""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from a4eval.apps.point import AppPoint, directory_of, values_of
from a4eval.apps.quick import quick_copies, quick_parsing
from a4eval.apps.start import Start
from a4eval.apps.study import Pruned
from a4eval.apps.values import values
from a4eval.contracts import Result, Value
from a4eval.executors.jobs import new_folder
from a4eval.experiment import Experiment, Root
from a4eval.ownership import RUNS
from a4eval.runs.provenance import THREADS
from a4eval.runs.record import AppRecord
from a4eval.runs.runner import Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hydra.types import HydraContext, TaskFunction

    from a4eval.context import Run
    from a4eval.executors.contract import Job

OUTPUT = "output.txt"
"""The artifact that holds what a run printed."""


@dataclass(frozen=True)
class AppRunner:
    """Runs points of an app, in processes that have come to its function.

    Args:
        start: how they come there.
        callbacks: those of Hydra, pickled as they were when the sweep began; empty if they cannot be.
        command: what runs a point by itself, but for its overrides.
        better: of the metrics whose direction is known, whether more is better.
    """

    start: Start
    callbacks: bytes
    command: tuple[str, ...]
    better: Mapping[str, bool] = field(default_factory=dict)

    def environment(self, processors: int) -> Mapping[str, str]:
        """As many BLAS threads as there are processors, unless the user says otherwise."""
        return {name: str(processors) for name in THREADS if name not in os.environ}

    def within(self, work: Callable[[], None]) -> None:
        """Call *work* where the app's function is known."""

        def reached(function: TaskFunction, context: HydraContext) -> None:
            _here[:] = [(function, self._with_callbacks(context))]
            work()

        self.start.reach(reached)

    def ready(self, job: Job, folder: Path) -> Prepared:
        """Return the run that *job* is; nothing of the app is needed for it.

        Raises:
            DataError: as :func:`new_folder`.
        """
        from hydra.core.utils import setup_globals

        point: AppPoint = job.point
        directory = new_folder(folder, job.run_id)
        _keep_what_was_printed(directory)
        setup_globals()
        with quick_parsing():
            config = point.composed()
            found = values_of(config)
            about = AppRecord(point.number, directory_of(config), point.version, list(self.command), point.trial)
        seed = found.get("seed")
        return Prepared(
            experiment=Experiment(point.name, found, point.overrides, directory),
            task=AppTask(point, config, found, about, self.better),
            components=(),
            run_id=job.run_id,
            root=Root(
                task=None, timeout=job.timeout, seed=seed if type(seed) is int and seed >= 0 else 0, pictures=False
            ),
            app=about,
            leaves=(OUTPUT,),
        )

    def _with_callbacks(self, context: HydraContext) -> HydraContext:
        if self.callbacks:
            context.callbacks = pickle.loads(self.callbacks)  # noqa: S301  (made by the sweep's own command)
        return context


_here: list[tuple[TaskFunction, HydraContext]] = []
"""The function of the app, and what Hydra gives with it, in a process that has come to it."""

_logged: list[bytes] = []
"""The base of the point that ran last in this process: others may set up Hydra's own logging otherwise."""


@dataclass
class AppTask:
    """The app's function, as a task.

    Args:
        point: what it is run on.
        config: composed for it.
        values: what the record will say of that; filled in as it becomes known.
        about: what the record will say of the run; likewise.
        better: see :class:`AppRunner`.
    """

    point: AppPoint
    config: DictConfig
    values: dict[str, Any]
    about: AppRecord
    better: Mapping[str, bool]

    def run(self, run: Run) -> Result:
        """Let Hydra run it as its basic launcher does."""
        from hydra.core.utils import JobStatus, configure_log, run_job, setup_globals

        ((function, context),) = _here
        setup_globals()
        watched = nullcontext() if self.point.watch is None else self.point.watch.over()
        copies = quick_copies(self.point.base, watched=bool(context.callbacks.callbacks))
        config = self.config
        with _printing_beside(run.directory), copies, watched:
            if self.point.base not in _logged:  # Hydra does so between all jobs; the next one's logging takes its place
                configure_log(config.hydra.hydra_logging, config.hydra.verbose)
                _logged[:] = [self.point.base]
            came = run_job(
                hydra_context=context,
                task_function=self._noted(function),
                config=config,
                job_dir_key="hydra.sweep.dir",
                job_subdir_key="hydra.sweep.subdir",
            )
            if came.status != JobStatus.COMPLETED:
                raise came._return_value  # noqa: SLF001  (the property would print it as well)
        if self.about.pruned is not None:
            run.warn(f"pruned at step {self.about.pruned}")
        return Result(metrics=metrics(came.return_value, run.warn, self.better))

    def _noted(self, function: TaskFunction) -> TaskFunction:
        """Return the function, but that it first notes what it was given."""

        @wraps(function)
        def noted(config: DictConfig) -> Any:
            from hydra.core.hydra_config import HydraConfig

            self.values.update(values(config))
            self.about.directory = str(HydraConfig.get().runtime.output_dir)
            try:
                return function(config)
            except SystemExit as end:
                if end.code not in (None, 0):
                    raise
                return None  # it has said that all is well
            except Pruned as early:
                self.about.pruned = early.step
                return None

        return noted


def metrics(returned: Any, warn: Callable[[str], None], better: Mapping[str, bool]) -> dict[str, Value]:
    """Return the numbers that a function returned, by name.

    Args:
        returned: a number, a mapping of numbers (or of such mappings), a sequence of numbers, or anything else.
        warn: is told what was left out.
        better: of which of them it is known whether more is better.

    >>> {name: one.value for name, one in metrics({"loss": 0.5, "top": {"1": 0.25}}, print, {}).items()}
    {'loss': 0.5, 'top/1': 0.25}
    >>> metrics(0.5, print, {"value": True})["value"]
    Value(value=0.5, unit='1', higher_is_better=True, n=None, interval=None)
    """
    found: dict[str, Value] = {}
    for name, value in _leaves(returned, ""):
        number = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
        if isinstance(number, (int, float)):
            found[name or "value"] = Value(number, higher_is_better=better.get(name or "value"))
        elif number is not None:
            warn(f"returned {name + ' = ' if name else ''}{type(value).__name__}, which is no number, and is not kept")
    return found


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}/{key}" if name else str(key))
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{name or 'value'}_{place}")
    else:
        yield name, value


@contextmanager
def _printing_beside(directory: Path) -> Iterator[None]:
    """Within this context whatever this process prints, or what it starts, goes into a file, kept if it is not empty.

    The file is beside the run's folder, which is made when there is something for it: most runs leave nothing.
    """
    path, owner = _printed(directory), os.getpid()
    path.parent.mkdir(parents=True, exist_ok=True)
    while _empty:
        with suppress(OSError):
            _empty.pop().rename(path)
    _flush()
    kept = [os.dup(stream) for stream in (1, 2)]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o666)
    try:
        for stream in (1, 2):
            os.dup2(handle, stream)
        yield
    finally:
        _flush()
        for stream, before in zip((1, 2), kept, strict=True):
            os.dup2(before, stream)
            os.close(before)
        os.close(handle)
        if os.getpid() == owner:  # else it is a child that the function forked, and that has come back
            _keep_what_was_printed(directory, for_the_next=True)


_empty: list[Path] = []
"""The file of this process's last run, which printed nothing.

The next run takes it: ext4 is slow to make files where many have just gone.  :func:`gather` removes the last.
"""


def gather(sweep: Path) -> None:
    """Gather what stands beside the runs of a sweep, once none is under way: also of runs that were killed for good."""
    for path in (sweep / RUNS).glob(_printed(Path("*")).name):
        _keep_what_was_printed(path.parent / path.name.removeprefix(".").removesuffix(".printed"))


def _printed(directory: Path) -> Path:
    return directory.parent / f".{directory.name}.printed"


def _keep_what_was_printed(directory: Path, *, for_the_next: bool = False) -> None:
    """Put what a run printed into its folder, after what it printed before it was killed."""
    path = _printed(directory)
    if not path.is_file() or path.is_symlink():
        return
    if path.stat().st_size:
        directory.mkdir(exist_ok=True)
        there = os.open(directory / OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o666)
        with path.open("rb") as printed, os.fdopen(there, "ab") as output:
            shutil.copyfileobj(printed, output)
    elif for_the_next and _nobody_has(path):
        _empty.append(path)
        return
    path.unlink()


def _nobody_has(path: Path) -> bool:
    """Say whether no process has a file open, as one that a run left behind may, to print into it later."""
    handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    try:
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError:  # somebody has, or the file system cannot tell
        return False
    finally:
        os.close(handle)
    return True


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            continue  # the app has closed it, or put another thing in its place
