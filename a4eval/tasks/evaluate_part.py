"""The task ``evaluate_part``: what ``evaluate`` sends out when it is given ``shards``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from a4eval.component import param
from a4eval.contracts import Result
from a4eval.errors import DataError
from a4eval.ownership import UNFINISHED
from a4eval.tasks.metric_set import MetricSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from a4eval.context import Run
    from a4eval.experiment import Experiment

STATE = "state.bin"


@dataclass
class EvaluatePart:
    """Pass one part of the data through every metric, and keep what the metrics have taken in."""

    data: Any = param(kind="reader", help="where the batches come from")
    metrics: dict[str, Any] = param(kind="metric", help="label to metric")
    index: int = param(help="which part, from 0")
    count: int = param(help="of how many")
    prefix: bool = param(False, help="as in evaluate")
    clusters: str | None = param(None, help="as interval.clusters of evaluate")

    def run(self, run: Run) -> Result:
        """Write the state of the metrics as an artifact."""
        metrics, data = MetricSet(self.metrics, self.prefix, self.clusters), self.data.part(self.index, self.count)
        run.sources_of(data)
        metrics.take_in(data, data.batches(run), run)
        with run.artifact(STATE).open("wb") as file:
            file.writelines(metrics.to_buffers())
        return Result()


class EvaluatedPart(NamedTuple):
    """What came of a part.

    Args:
        metrics: what they have taken in.
        warnings: doubts about its data.
    """

    metrics: MetricSet
    warnings: list[str]


def evaluate_parts(experiment: Experiment, metrics: MetricSet, count: int) -> Iterator[EvaluatedPart]:
    """Evaluate *count* parts of the data on the experiment's executor and yield them in order.

    Args:
        experiment: its task is ``evaluate``.
        metrics: its metrics, with nothing taken in.
        count: how many.

    Raises:
        DataError: the data is wrong, or what a part left behind is none of its making.
        A4evalError: a part failed otherwise.
    """
    from a4eval.sweeps.parts import carry_out_parts

    task = experiment.config["task"]
    same = {"data": task["data"], "metrics": task["metrics"], "prefix": task.get("prefix", False)}
    same["clusters"] = (task.get("interval") or {}).get("clusters")
    tasks = ({"name": "evaluate_part", **same, "index": index, "count": count} for index in range(count))
    for part in carry_out_parts(experiment, tasks):
        try:
            taken_in = metrics.from_buffer(part.artifacts.get(STATE, b""))
        except DataError as error:
            unfinished = experiment.directory / UNFINISHED
            raise DataError(f"a part in {unfinished} {error}; remove {unfinished} and run again") from error
        yield EvaluatedPart(taken_in, part.warnings)
