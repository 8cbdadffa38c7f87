"""What it costs that a run watches the contract of its metrics and readers: with and without, taking turns.

    python benchmarks/watch_cost.py [--write]

A point of a sweep of the worksheet's Q3 (ten rows, five metrics), and a detection run from files (500,000 boxes);
processor time of the whole task, built and run.
"""

from __future__ import annotations

import one_thread  # isort: skip  # noqa: F401  (before numpy)

import gc
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml
from ap_metric_workload import workload, write_coco
from harness import environment, publish, table

from a4eval import Run, build
from a4eval.tasks import metric_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ROOT = Path(__file__).parent.parent
WATCH = {name: getattr(metric_set, name) for name in ("feed", "watched", "promised")}


def fed(metrics: Mapping[str, Any], batch: Any, _reader: Any) -> None:
    """Feed the metrics, no more."""
    for metric in metrics.values():
        metric.update(batch)


def plain(_reader: Any, batches: Iterable[Any], _run: Run) -> Iterable[Any]:
    """Return the batches as they are."""
    return batches


WITHOUT = {"feed": fed, "watched": plain, "promised": lambda *_: None}


def ratio(run: Callable[[], Any], rounds: int, calls: int) -> tuple[float, float, float]:
    """Return the median seconds of processor time without and with the watch, and the median ratio of neighbours."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(2 * rounds + 2):
        # of each pair the other one goes first, so that neither always follows the other
        watching = bool((turn + turn // 2) % 2)
        for name, one in (WATCH if watching else WITHOUT).items():
            setattr(metric_set, name, one)
        gc.collect()
        start = time.process_time()
        for _ in range(calls):
            run()
        if turn > 1:  # the first pair warms up
            seconds[watching].append((time.process_time() - start) / calls)
    pairs = [w / wo for wo, w in zip(seconds[False], seconds[True], strict=True)]
    return statistics.median(seconds[False]), statistics.median(seconds[True]), statistics.median(pairs)


def main() -> None:
    """Measure and publish."""
    folder = Path(tempfile.mkdtemp())
    q3 = yaml.safe_load((ROOT / "configs/experiment/assignment4/q3_interpolated_ap.yaml").read_text())["task"]
    truth, results = write_coco(workload(np.random.default_rng(0)), folder)
    coco = {
        "name": "evaluate",
        "data": {"name": "coco", "ground_truth": str(truth), "detections": str(results)},
        "metrics": {"coco": "coco_detection"},
    }
    rows = []
    for what, node, rounds, calls in (("Q3, a point of a sweep", q3, 41, 200), ("detection, from files", coco, 9, 1)):

        def run(node: Any = node) -> None:
            build("task", node, path="task").run(Run(folder))

        without, watching, pairs = ratio(run, rounds, calls)
        rows.append((what, 1000 * without, 1000 * watching, f"{pairs:.3f}"))
    header = ["run", "without, ms", "with, ms", "with / without, median of pairs"]
    note = "Processor time of the task, built and run, with the watch over contracts and without, taking turns."
    publish(
        "watch_cost",
        f"### What watching the contract costs\n\n{environment('numpy')}.\n`python benchmarks/watch_cost.py`\n\n"
        f"{note}\n\n{table(header, rows)}",
    )


if __name__ == "__main__":
    sys.exit(main())
