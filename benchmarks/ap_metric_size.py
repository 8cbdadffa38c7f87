"""Detections from Parquet without a limit of size: memory, cost a detection, and two shards against one.

    python benchmarks/ap_metric_size.py [--detections 100000000] [--write]

makes the tables itself, in the folder for temporary files (20 bytes a detection).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from ap_metric_speed import fresh_process
from ap_metric_workload import workload
from harness import environment, publish, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from a4eval_ap_metric import DetectionData

ONE = 1_000_000
"""Detections of a row group, of 10,000 images; the size that cost is compared with."""

EVALUATE = """
import tempfile
from pathlib import Path
from a4eval import Run, build
node = {{"name": "detection_table", "ground_truth": {0!r}, "detections": {1!r}, "format": "xywh",
        "columns": {{"area": "area", "crowd": "crowd"}}}}
metric = build("metric", "coco_detection")
for batch in build("reader", node).batches(Run(directory=Path(tempfile.gettempdir()))):
    metric.update(batch)
print(metric.compute()["AP"].value)
"""
BARE = """
import numpy as np
values = np.random.default_rng(0).random(1_000_000)
for _ in range(60):
    values.take(np.argsort(values, kind="stable"))
"""


def write_tables(folder: Path, detections: int) -> tuple[Path, Path]:
    """Write truths and detections in the order of their images, and return their paths."""
    folder.mkdir(parents=True)
    paths = folder / "truths.parquet", folder / "detections.parquet"
    writers: list[Any] = [None, None]
    for piece in range(detections // ONE):
        data = workload(
            np.random.default_rng(piece),
            images=ONE // 100,
            truths=ONE * 36_700 // 500_000,
            detections=ONE,
            scores="float32",
        )
        for index, columns in enumerate((columns_of(data, "truth", piece), columns_of(data, "detection", piece))):
            part = pa.table(columns)
            writers[index] = writers[index] or pq.ParquetWriter(paths[index], part.schema)
            writers[index].write_table(part)
    for one in writers:
        one.close()
    return paths


def columns_of(data: DetectionData, side: str, piece: int) -> dict[str, Any]:
    """Return the columns of a table, images numbered on from those of the pieces before."""
    box = getattr(data, f"{side}_box").astype(np.float32)
    columns = {
        "image": getattr(data, f"{side}_unit") + piece * data.n_units,
        "class": getattr(data, f"{side}_class").astype(np.int16),
        **{f"box_{one}": box[:, one - 1] for one in (1, 2, 3, 4)},
    }
    if side == "detection":
        return {**columns, "score": data.detection_score.astype(np.float32)}
    return {**columns, "area": data.truth_area, "crowd": data.truth_crowd}


def sizes(folder: Path, most: int) -> str:
    """Return a table of cost and memory of one process, of a million detections and of *most*."""
    rows, first = [], 0.0
    for size in sorted({ONE, most}):
        wall, cpu, peak, _ = fresh_process(EVALUATE.format(*map(str, tables(folder, size))))
        cost = 1e9 * cpu / size
        first = first or cost
        rows.append((f"{size:,}", wall, cpu, cost, cost / first, round(peak)))
    return table(["detections", "wall s", "CPU s", "CPU ns a detection", "of that of a million", "peak MB"], rows)


def tables(folder: Path, size: int) -> list[Path]:
    """Return the paths of the tables of a size."""
    return [folder / str(size) / name for name in ("truths.parquet", "detections.parquet")]


def shards(folder: Path, sizes: Iterable[int]) -> str:
    """Return a table of two shards against one, beside two processes of a bare computation against one."""
    rows = []
    for size in sizes:
        truth, found = tables(folder, size)
        one = timed(run_command(truth, found, 1, folder / f"{size}-1"))
        two = timed(run_command(truth, found, 2, folder / f"{size}-2", "executor.workers=2"))
        rows.append((f"evaluate {size:,} detections", one, two, one / two))
        if find_spec("ray"):
            with two_nodes() as address:
                on_ray = ("executor=ray", f"executor.address={address}")
                two = timed(run_command(truth, found, 2, folder / f"{size}-ray", *on_ray))
            rows.append((f"{size:,} on two nodes of Ray, of one processor each", one, two, one / two))
    one, two = timed([sys.executable, "-c", BARE]), timed([sys.executable, "-c", BARE], copies=2)
    rows.append(("a bare computation, once and twice", one, two, 2 * one / two))
    return table(["", "one process, s", "two, s", "gain"], rows)


@contextmanager
def two_nodes() -> Iterator[str]:
    """Give the address of a Ray cluster of two nodes, which are processes of this machine."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        cluster.add_node(num_cpus=1)
        yield cluster.address
    finally:
        cluster.shutdown()


def run_command(truth: Path, found: Path, count: int, folder: Path, *more: str) -> list[str]:
    """Return the command that evaluates the tables in *count* shards."""
    data = {"name": "detection_table", "ground_truth": truth, "detections": found, "format": "xywh"}
    data |= {"columns.area": "area", "columns.crowd": "crowd"}
    return [
        *(sys.executable, "-m", "a4eval", "run", "experiment=detection/coco"),
        *(f"task.data.{key}={value}" for key, value in data.items()),
        *(f"task.shards={count}", f"hydra.run.dir={folder}", *more),
    ]


def timed(command: list[str], copies: int = 1) -> float:
    """Return how long a command takes, or several copies of it beside each other."""
    start = time.perf_counter()
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(copies)]
    for one in running:
        if one.wait():
            raise RuntimeError(f"failed: {' '.join(command)}")
    return time.perf_counter() - start


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--detections", type=int, default=10 * ONE, help="a multiple of a million")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    most = parser.parse_args().detections
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in sorted({ONE, min(most, 10 * ONE), most}):
            write_tables(folder / str(size), size)
        parts = [sizes(folder, most), shards(folder, sorted({min(most, 10 * ONE), most}))]
    text = "\n\n".join(
        [
            "## Detections without a limit of size",
            "Parquet tables in the order of their images, row groups of a million detections of 10,000 images, scores "
            f"as float32.\n`python benchmarks/ap_metric_size.py --detections {most}`",
            *parts,
            environment("a4eval-ap-metric", "numpy", "pyarrow"),
        ]
    )
    publish("ap_metric_size", text)


if __name__ == "__main__":
    main()
