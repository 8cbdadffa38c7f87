"""``metric_checks``: all checks of a metric as tests."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.checks.metrics.case import MetricCase
from a4eval.checks.metrics.suite import CHECKS
from a4eval.checks.metrics.units import copied, count, select
from a4eval.context import Run
from a4eval.errors import DataError
from a4eval.testing.check import Answer
from a4eval.testing.parts import Part, parametrised
from a4eval.testing.peers import strategies
from a4eval.testing.smallest import smallest

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from a4eval.contracts import Batch

LOOKED_THROUGH = 60
MOST_SHOWN = 60
"""Of so many entries a batch is shown whole."""


def metric_checks(
    *metrics: Any, data: Any, expected_failures: Mapping[str, str] | None = None, seed: int = 0
) -> pytest.MarkDecorator:
    """Make a test of each check of each metric.

    ::

        @metric_checks("accuracy", data={"name": "labels", "predicted": [1, 0, 1], "truth": [1, 1, 1]})
        def test_accuracy(check: Check) -> None:
            check()

    The checks are those of the task ``check_metric``; one that fails is looked for in the fewest units, and shown.

    Args:
        metrics: each a name or node, as in a config, a class, an object, or a function of a folder that makes one.
        data: a reader in any of these forms, or the batches themselves in a list; a few units are enough.
        expected_failures: check, or ``metric-check`` as in the test's name, to the reason why it fails. It must then.
        seed: from which every check draws.

    Raises:
        ConfigError: there is no metric, or no check of a name in *expected_failures*.
    """
    checks = {one.name: one for one in CHECKS}

    def answer(part: Part, name: str) -> Answer:
        return Answer(checks[name].ask(_case(part, data, seed)))

    def smaller(part: Part, name: str) -> Answer | None:
        whole = _case(part, data, seed)
        n = sum(map(count, whole.batches))

        def of_units(chosen: list[int]) -> Answer:
            case = MetricCase(whole.metric, list(_selected(whole.batches, chosen)), seed, whole.source)
            return Answer(checks[name].ask(case), f"  {len(chosen)} of {n} units\n{_told(case.batches)}")

        some = strategies.lists(strategies.integers(0, n - 1), min_size=1, unique=True).map(sorted)
        return smallest(some, of_units, examples=LOOKED_THROUGH, seed=seed)

    return parametrised("metric", metrics, list(checks), answer, smaller, expected_failures)


def _case(part: Part, data: Any, seed: int) -> MetricCase:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if isinstance(data, Sequence) and not isinstance(data, str):
            source, batches = None, data
        else:
            source = Part("reader", data).made(folder)
            batches = list(source.batches(Run(directory=folder)))
        kept = [copied(batch) for batch in batches if count(batch)]
        if not kept:
            raise DataError("the data holds no unit, so there is nothing to check the metric on")
        return MetricCase(part.made(folder), kept, seed, source)


def _selected(batches: Sequence[Batch], chosen: Sequence[int]) -> Any:
    start = 0
    for batch in batches:
        own = [one - start for one in chosen if start <= one < start + count(batch)]
        start += count(batch)
        if own:
            yield select(batch, own)


def _told(batches: Sequence[Batch]) -> str:
    columns = [(name, np.asarray(column)) for batch in batches for name, column in batch.items()]
    small = sum(column.size for _, column in columns) <= MOST_SHOWN
    return "\n".join(f"  {name} {column.tolist() if small else column.shape}" for name, column in columns)
