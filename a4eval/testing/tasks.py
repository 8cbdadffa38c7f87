"""``task_checks``: what every task must do, as tests."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from a4eval.checks.tasks.case import TaskCase
from a4eval.checks.tasks.suite import CHECKS
from a4eval.testing.check import Answer
from a4eval.testing.parts import Part, parametrised

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest


def task_checks(*tasks: Any, expected_failures: Mapping[str, str] | None = None, seed: int = 0) -> pytest.MarkDecorator:
    """Make a test of each check of each task.

    ::

        @task_checks({"name": "coin_study", "throws": 100})
        def test_coin_study(check: Check) -> None:
            check()

    What it returns goes into a record; a run gives the same again, with the same object too; other seeds work; its
    files are in the record; pictures change no number; nothing is printed.

    Args:
        tasks: each a name or node, as in a config, a class, an object, or a function of a folder that makes one.
        expected_failures: check, or ``task-check`` as in the test's name, to the reason why it fails. It must then.
        seed: of the runs.

    Raises:
        ConfigError: there is no task, or no check of a name in *expected_failures*.
    """
    checks = {one.name: one for one in CHECKS}

    def answer(part: Part, name: str) -> Answer:
        with tempfile.TemporaryDirectory() as folder:
            runs = Path(folder, "runs")
            return Answer(checks[name].ask(TaskCase(lambda: part.made(Path(tempfile.mkdtemp(dir=folder))), runs, seed)))

    return parametrised("task", tasks, list(checks), answer, lambda _part, _name: None, expected_failures)
