"""What a check of a task is given: a way to make the task anew, and to run it as a4eval does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from a4eval.experiment import Experiment
from a4eval.runs.runner import Prepared, execute

if TYPE_CHECKING:
    from a4eval.runs.record import Record


@dataclass(frozen=True)
class TaskCase:
    """A task.

    Args:
        make: gives a new one, which no run has touched.
        folder: below it each run has a folder of its own.
        seed: of the runs.
    """

    make: Callable[[], Any]
    folder: Path
    seed: int = 0

    def run(self, name: str, task: Any = None, *, seed: int | None = None, pictures: bool = False) -> Record:
        """Run a task into the folder *name*, a new one where none is given; a failure is a record."""
        chosen = self.seed if seed is None else seed
        config = {"task": {"name": "checked"}, "seed": chosen, "pictures": pictures}
        experiment = Experiment(None, config, (), self.folder / name)
        prepared = Prepared(experiment, self.make() if task is None else task, (), "0" * 16, experiment.root)
        return execute(prepared, self.folder / name)
