"""How long it takes to check a part: every installed layer and metric with defaults, verdict and processor time.

    python -m benchmarks.check_time [--write]

Layers are checked as the task ``check_layer`` checks them, metrics as ``check_metric`` does on 24 units: rankings with
ties, images with boxes of four classes, pairs of boxes.
"""

from __future__ import annotations

import benchmarks.one_thread  # isort: skip  # noqa: F401  (before numpy)

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import Batch, ConfigError, Run, build
from a4eval.registry import registry
from a4eval.tasks.check_layer import CheckLayer
from a4eval.tasks.check_metric import CheckMetric
from benchmarks.ap_metric_workload import workload
from benchmarks.harness import environment, publish, table
from tests.mutants.metric_base import rankings

if TYPE_CHECKING:
    from collections.abc import Iterator

UNITS = 24
NODES = {"trec_eval": {"name": "trec_eval", "ties": "order"}}
"""What needs more than its defaults."""


@dataclass
class Given:
    """A reader of one batch."""

    batch: str
    columns: Batch

    def sources(self) -> list[Path]:
        """No files."""
        return []

    def batches(self, _run: Run) -> Iterator[Batch]:
        """Yield it."""
        yield self.columns


def detections() -> dict[str, Any]:
    """Return a batch ``detection`` that the metrics of LVIS and Open Images take too."""
    data = workload(np.random.default_rng(0), images=UNITS, classes=4, truths=120, detections=400)
    names = ("unit", "class", "box")
    truth = {f"truth_{one}": getattr(data, f"truth_{one}") for one in (*names, "area", "crowd")}
    found = {f"detection_{one}": getattr(data, f"detection_{one}") for one in (*names, "score")}
    none = np.zeros(0, np.int64)
    judged = {f"{what}_{one}": none for what in ("negative", "not_exhaustive") for one in ("unit", "class")}
    return {"unit": np.arange(UNITS), **truth, **found, **judged}


def pairs() -> dict[str, Any]:
    """Return a batch ``box_pairs``."""
    rng = np.random.default_rng(0)
    corner, side = rng.uniform(0, 100, (UNITS, 2)), rng.uniform(5, 50, (UNITS, 2))
    truth = np.concatenate([corner, corner + side], axis=1)
    return {"unit": np.arange(UNITS), "predicted": truth + rng.normal(0, 1, truth.shape), "truth": truth}


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    parser.parse_args()
    batches = {"ranking": rankings(np.random.default_rng(0), UNITS), "detection": detections(), "box_pairs": pairs()}
    rows = []
    for kind in ("layer", "metric"):
        for provided in registry().components(kind):
            try:
                part = build(kind, NODES.get(provided.component.name, provided.component.name))
            except ConfigError as needs:  # such as a layer of another framework, which must be named
                print(f"left out: {needs}", file=sys.stderr)
                continue
            task: Any = CheckLayer(part) if kind == "layer" else None
            if kind == "metric":
                task = CheckMetric(part, Given(part.batch, batches[part.batch]))
            with tempfile.TemporaryDirectory() as folder:
                start = time.process_time()
                result = task.run(Run(Path(folder)))
                seconds = time.process_time() - start
            ran = int(result.metrics["ran_checks"].value)
            rows.append((kind, provided.component.name, result.verdict.outcome, ran, seconds))
            print(*rows[-1], *result.verdict.reasons, file=sys.stderr, flush=True)
    slowest = max(rows, key=lambda row: row[-1])
    text = f"### How long checking a part takes\n\n{environment('numpy')}.\n`python -m benchmarks.check_time`\n\n"
    text += f"Processor time with one thread. Slowest: {slowest[1]}, {slowest[-1]:.1f} s.\n\n"
    publish("check_time", text + table(["kind", "part", "verdict", "checks that ran", "seconds"], rows))


if __name__ == "__main__":
    main()
