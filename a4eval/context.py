"""What a task may use while it runs: :class:`Run`.

Listing commands import this module, so what is heavy is imported where it is used.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from a4eval.errors import DataError, MissingExtraError, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

    import numpy as np

    from a4eval.experiment import Experiment  # noqa: TC004  (Run is no component: nothing reads its types)

T = TypeVar("T")


def require(module: str, requirement: str) -> ModuleType:
    """Import an optional dependency.

    Args:
        module: such as ``"matplotlib.figure"``.
        requirement: what ``pip install`` takes, such as ``"a4eval[plots]"``.

    Raises:
        MissingExtraError: it is not installed; the text holds the command.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name and not module.startswith(error.name):
            raise
        raise MissingExtraError(module.partition(".")[0], requirement) from error


def check_installed(module: str, requirement: str) -> None:
    """Refuse an optional dependency that is not installed, before it is needed and without importing it.

    Args:
        module: such as ``"ray"``.
        requirement: what ``pip install`` takes, such as ``"a4eval[ray]"``.

    Raises:
        MissingExtraError: it is not installed; the text holds the command.
    """
    if find_spec(module) is None:
        raise MissingExtraError(module, requirement)


@dataclass(slots=True)
class Run:
    """One execution of an experiment, as its task sees it.

    Args:
        directory: the run's folder; it exists once the first artifact or the record is written.
        seed: the experiment's seed.
        pictures: whether to draw pictures.
        experiment: what is run; None in a sweep.
        show_progress: on a terminal a bar, else a plain line now and then; nothing when False.
    """

    directory: Path
    seed: int = 0
    pictures: bool = False
    experiment: Experiment | None = None
    show_progress: bool = False
    warnings: list[str] = field(default_factory=list)
    sources: dict[str, tuple[str | None, int]] = field(default_factory=dict)
    artifacts: list[Path] = field(default_factory=list)
    _warned: set[str] = field(default_factory=set, repr=False)

    def generator(self, *stream: int) -> np.random.Generator:
        """Return the run's random generator, or an independent one for each *stream* of non-negative integers.

        The same seed and stream give the same numbers, bit for bit, however often it is called.
        """
        import numpy as np

        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=stream))

    def warn(self, message: str) -> None:
        """Note a doubt: it is shown and goes into the record's ``warnings``, once."""
        message = str(message)  # a stranger may have given the exception itself
        if message not in self._warned:
            self._warned.add(message)
            self.warnings.append(message)

    def source(self, path: str | Path) -> Path:
        """Note that the file *path* is read, with its SHA-256 (None if it cannot be), and return it as a Path.

        Raises:
            DataError: there is no such file, or it cannot be read.
        """
        from a4eval.files import content

        path = Path(path)
        if path.exists() and not path.is_file():
            if path.is_dir():
                raise DataError(f"{path}: is a folder, expected a file")
            raise DataError(f"{path}: is not a file; give one that can be read twice, for its hash and its content")
        try:
            self.sources[str(path)] = content(path)
        except OSError as error:
            self.sources[str(path)] = (None, 0)
            message = f"{path}: cannot be read: {error.strerror}"
            if isinstance(error, FileNotFoundError) and not path.is_absolute():
                message += f"; it was looked for in {Path.cwd()}"
            raise DataError(message) from error
        return path

    def sources_of(self, *readers: Any) -> None:
        """Note the files that readers are about to read.

        Raises:
            DataError: some cannot be read; the text names each.
        """
        wrong = []
        for path in dict.fromkeys(path for reader in readers for path in reader.sources()):
            try:
                self.source(path)
            except DataError as error:
                wrong.append(error)
        if wrong:
            raise DataError("; ".join(map(str, wrong))) from wrong[0]

    def artifact(self, name: str) -> Path:
        """Return the path to write the artifact *name* to, inside the run's folder; it is listed in the record.

        Raises:
            ValueError: it would lie outside that folder, or in place of the record.
            DataError: there is a file of that name which no run in this folder has made.
        """
        from a4eval.ownership import LOG, MARK, RECORD, UNFINISHED, claim

        path = self.directory / name
        if not path.resolve().is_relative_to(self.directory.resolve()) or path == self.directory:
            raise ValueError(f"the artifact {name!r} would lie outside the run's folder")
        if path.relative_to(self.directory).parts[0] in (LOG, MARK, RECORD, UNFINISHED):
            raise ValueError(f"the artifact {name!r} bears a name that a4eval needs in the run's folder")
        if path not in self.artifacts:
            path.parent.mkdir(parents=True, exist_ok=True)
            claim(self.directory, path.relative_to(self.directory).as_posix())
            self.artifacts.append(path)
        return path

    def save_figure(self, figure: Any, name: str) -> None:
        """Save a ``matplotlib.figure.Figure`` as the artifacts ``name.png`` and ``name.svg``.

        Make figures with ``matplotlib.figure.Figure(…)``, not pyplot: no global state.
        """
        figure.savefig(self.artifact(f"{name}.png"), dpi=150, bbox_inches="tight")
        # without a date and with a fixed salt the same picture is the same file
        import matplotlib as mpl

        with mpl.rc_context({"svg.hashsalt": name}):
            figure.savefig(self.artifact(f"{name}.svg"), bbox_inches="tight", metadata={"Date": None})

    def track(self, items: Iterable[T], description: str, total: int | None = None) -> Iterator[T]:
        """Yield *items*, showing progress on standard error."""
        if not self.show_progress:
            yield from items
            return
        from a4eval.progress import track

        yield from track(items, description, total)


def pictures_wanted(choice: Literal[True, False, "auto"], *, in_sweep: bool) -> bool:
    """Decide ``pictures``: auto is yes when matplotlib is installed and the run is not part of a sweep.

    Raises:
        MissingExtraError: they are asked for, but matplotlib is not installed.
    """
    if choice == "auto":
        return not in_sweep and find_spec("matplotlib") is not None
    if choice:
        require("matplotlib", "a4eval[plots]")
    return choice


@contextmanager
def python_warnings_noted(run: Run) -> Iterator[None]:
    """Within this context Python warnings become the run's warnings."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_args, **_keywords: run.warn(told(message))
        yield
