"""``reader_checks``: all checks of a reader as tests."""

from __future__ import annotations

import tempfile
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from a4eval.checks.readers.case import ReaderCase
from a4eval.checks.readers.suite import CHECKS
from a4eval.context import Run
from a4eval.testing.check import Answer
from a4eval.testing.parts import Part, parametrised

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest


def reader_checks(
    *readers: Any, expected_failures: Mapping[str, str] | None = None, seed: int = 0
) -> pytest.MarkDecorator:
    """Make a test of each check of each reader.

    ::

        def labels(folder: Path) -> dict[str, str]:
            (folder / "labels.csv").write_text(TEXT)
            return {"name": "labels", "path": str(folder / "labels.csv")}

        @reader_checks(labels)
        def test_labels(check: Check) -> None:
            check()

    The checks are those of the task ``check_reader``, on copies of the files.

    Args:
        readers: each a name or node, as in a config, a class, an object, or a function of a folder that writes files
            which are right into it and returns one of these.
        expected_failures: check, or ``reader-check`` as in the test's name, to the reason why it fails. It must then.
        seed: from which every check draws.

    Raises:
        ConfigError: there is no reader, or no check of a name in *expected_failures*.
    """
    checks = {one.name: one for one in CHECKS}

    def answer(part: Part, name: str) -> Answer:
        with tempfile.TemporaryDirectory() as folder:
            reader = part.made(Path(folder))
            list(deepcopy(reader).batches(Run(directory=Path(folder))))  # wrong files are the test's own error
            return Answer(checks[name].ask(ReaderCase(reader, seed)))

    return parametrised("reader", readers, list(checks), answer, lambda _part, _name: None, expected_failures)
