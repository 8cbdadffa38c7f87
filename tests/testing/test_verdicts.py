"""The kit says what the tasks say: of every wrong part, and of every right one."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import Run
from a4eval.tasks.check_layer import CheckLayer
from a4eval.tasks.check_metric import CheckMetric
from a4eval.tasks.check_reader import CheckReader
from a4eval.testing import layer_checks, metric_checks, reader_checks

from ..mutants import layer_base, metric_base, right_layers, right_metrics, wrong_gradients, wrong_layers, wrong_metrics
from ..mutants.wrong_readers import WRONG as WRONG_READERS
from ..mutants.wrong_readers import Table, write_table

assert all((right_layers, right_metrics, wrong_gradients, wrong_layers, wrong_metrics))  # they register what they hold


STATEFUL = {
    "CacheByIdentity", "ChangesItsParameters", "Dropout", "RandomNumbers", "StaleCache", "StateBetweenCalls",
    "TapeInTheLayer",
    "SharedState", "TiesByAddress", "RandomSubset",
}  # fmt: skip
"""What a check did to these tells in the next one of the task; in the kit each has a part of its own."""


def of_the_kit(mark):
    return {one.values[0].name: one.values[0].answer().finding.verdict for one in mark.args[1]}


def of_the_task(task):
    return {row["check"]: row["verdict"] for row in task.run(Run(directory=None)).tables["checks"]}


@pytest.mark.parametrize("name", [*layer_base.WRONG, *layer_base.RIGHT])
def test_of_layers(name):
    if name == "DealtOutToThreads":
        pytest.importorskip("threadpoolctl", reason="changes the number of threads")
    layer = (layer_base.WRONG | layer_base.RIGHT)[name]
    reference = "torch" if hasattr(layer, "reference") else None
    kit = of_the_kit(layer_checks(layer, reference=reference, examples=0 if name in layer_base.WRONG else 10))
    task = of_the_task(CheckLayer(layer(), reference=reference))
    if name not in STATEFUL:
        assert kit == task
    assert ("failed" in kit.values()) == ("failed" in task.values()) == (name in layer_base.WRONG)


class Rankings:
    """The data of the wrong metrics."""

    batch = "ranking"

    def sources(self):
        return []

    def batches(self, run):
        yield metric_base.rankings(np.random.default_rng(0))


@pytest.mark.parametrize("name", [*metric_base.WRONG, *metric_base.RIGHT])
def test_of_metrics(name):
    metric = (metric_base.WRONG | metric_base.RIGHT)[name]
    kit = of_the_kit(metric_checks(metric, data=Rankings))
    task = of_the_task(CheckMetric(metric(), Rankings()))
    if name not in STATEFUL:
        assert kit == task
    assert ("failed" in kit.values()) == ("failed" in task.values()) == (name in metric_base.WRONG)


@pytest.mark.parametrize("name", [*WRONG_READERS, "Table"])
def test_of_readers(name, tmp_path):
    reader = (WRONG_READERS | {"Table": Table})[name]

    def written(folder):
        return reader(write_table(folder / "table.txt", np.random.default_rng(0)))

    kit = of_the_kit(reader_checks(written))
    assert kit == of_the_task(CheckReader(written(tmp_path)))
    assert ("failed" in kit.values()) == (name != "Table")
