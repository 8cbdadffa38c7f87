"""Detection at COCO's scale: files to statistics, arrays to statistics, growth, and paired resamples.

    python benchmarks/ap_metric_speed.py [--write] [--quick]

Linux only (it reads ``/proc``).  Peers that are not installed are left out; ``--quick`` leaves out pycocotools and
faster-coco-eval, which take a minute.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from a4eval_ap_metric import coco_statistics, match
from a4eval_ap_metric.metrics.coco import CocoDetection
from ap_metric_workload import workload, write_coco
from harness import environment, interleave, publish, table

from a4eval.statistics.bootstrap import paired_bootstrap
from a4eval.statistics.weights import statistic_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from a4eval_ap_metric import DetectionData

OURS = "a4eval"
PEERS = {
    "ultrafast-pycocotools": "ultrafast_pycocotools",
    "hotcoco": "hotcoco",
    "vernier": "vernier",
    "faster-coco-eval": "faster_coco_eval",
    "pycocotools": "pycocotools",
}
SLOW = ("faster-coco-eval", "pycocotools")
FILES_ALONE = ("vernier",)
"""What has no objects of pycocotools' names that it fills itself."""

FILES = {
    OURS: "from a4eval_ap_metric import evaluate_coco; print(repr(list(evaluate_coco({0!r}, {1!r}).values())))\n",
    "ultrafast-pycocotools": "from ultrafast_pycocotools import COCO, COCOeval\n",
    "hotcoco": "from hotcoco import COCO, COCOeval\n",
    "vernier": """
from pathlib import Path
from vernier.instance import Bbox, CocoDataset, Evaluator
truth = CocoDataset.from_json(Path({0!r}).read_bytes())
found = Evaluator(iou=Bbox(), parity_mode="strict").evaluate(truth, Path({1!r}).read_bytes())
print(repr([float(one) for one in found.stats]))
""",
    "faster-coco-eval": "from faster_coco_eval import COCO\nfrom faster_coco_eval import COCOeval_faster as COCOeval\n",
    "pycocotools": "from pycocotools.coco import COCO\nfrom pycocotools.cocoeval import COCOeval\n",
}
LOAD_RESULTS = {"hotcoco": "load_res"}
USUAL = """
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO({0!r})
    evaluation = COCOeval(truth, truth.{2}({1!r}), {3!r})
    evaluation.evaluate(); evaluation.accumulate(); evaluation.summarize()
print(repr([float(one) for one in evaluation.stats[:12]]))
"""


# the peak of the program itself: what getrusage reports begins with what was forked
PEAK = """
with open("/proc/self/status") as status:
    print(next(line for line in status if line.startswith("VmHWM")).split()[1])
"""


def fresh_process(code: str) -> tuple[float, float, float, str]:
    """Return wall and CPU seconds, peak megabytes and the last line the code prints."""
    code += PEAK
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        output = process.stdout.read().decode()  # type: ignore[union-attr]
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"failed: {code}")
    wall = time.perf_counter() - start
    *_, line, peak = output.strip().splitlines()
    return wall, usage.ru_utime + usage.ru_stime, int(peak) / 1024, line


def from_files(
    truth: Path, results: Path, names: list[str], *, files: Mapping[str, str] = FILES, kind: str = "bbox"
) -> str:
    """Each tool in fresh processes, taking turns; the slow ones once."""
    code = {}
    for name in names:
        text = files[name] if name in {OURS, *FILES_ALONE} else files[name] + USUAL
        code[name] = text.format(str(truth), str(results), LOAD_RESULTS.get(name, "loadRes"), kind)
    runs: dict[str, list[tuple[float, float, float, str]]] = {name: [] for name in names}
    for turn in range(11):
        for name in names:
            if turn == 0 or name not in SLOW:
                runs[name].append(fresh_process(code[name]))
    reference = runs["pycocotools" if "pycocotools" in runs else OURS][0][3]
    rows = []
    for name, taken in runs.items():
        wall, cpu, memory = (float(np.median([one[i] for one in taken])) for i in range(11))
        off = float(np.max(np.abs(np.subtract(_numbers(taken[0][3]), _numbers(reference)))))
        agrees = "identical" if taken[0][3] == reference else f"off by {off:.1g}"
        rows.append((name, wall, cpu, round(memory), agrees))
    return table(["files to statistics", "wall s", "CPU s", "peak MB", "against the last row"], rows)


def _numbers(line: str) -> list[float]:
    return [float(one) for one in line.strip("[]").split(",")]


def from_arrays(data: DetectionData, truth: Path, results: Path, names: list[str]) -> str:
    """What is left once everything is in memory: ours from arrays, the peers' from their own loaded objects."""
    batch = as_batch(data)

    def ours() -> None:
        metric = CocoDetection()
        metric.update(batch)
        metric.compute()

    cases: dict[str, Callable[[], Any]] = {
        f"{OURS}, the metric": ours,
        f"{OURS}, the functions": lambda: coco_statistics(match(data)),
    }
    for name in names:
        if name in {OURS, *SLOW, *FILES_ALONE}:
            continue
        module = importlib.import_module(PEERS[name])
        with contextlib.redirect_stdout(io.StringIO()):
            loaded = module.COCO(str(truth))
            found = getattr(loaded, LOAD_RESULTS.get(name, "loadRes"))(str(results))

        def peer(module: Any = module, loaded: Any = loaded, found: Any = found) -> None:
            with contextlib.redirect_stdout(io.StringIO()):
                evaluation = module.COCOeval(loaded, found, "bbox")
                evaluation.evaluate()
                evaluation.accumulate()
                evaluation.summarize()

        cases[name] = peer
    seconds = interleave(cases)
    fastest = min((value for name, value in seconds.items() if not name.startswith(OURS)), default=float("nan"))
    return table(
        ["in memory to statistics", "ms", "of the fastest peer"],
        [(name, 1000 * value, value / fastest) for name, value in seconds.items()],
    )


def as_batch(data: DetectionData) -> dict[str, Any]:
    """Return the workload as the batch a reader would give."""
    columns = {name: getattr(data, name) for name in data.__dataclass_fields__ if name.startswith(("truth", "detect"))}
    given = {name: column for name, column in columns.items() if column is not None}
    return {"unit": np.arange(data.n_units), **given}


def growth(sizes: tuple[int, ...], folder: Path) -> str:
    """Time and memory against the number of detections, images growing in proportion, in fresh processes."""
    make = """
import numpy as np
from ap_metric_workload import workload
data = workload(np.random.default_rng(0), images={0} // 100, truths={0} * 36700 // 500000, detections={0})
columns = {{name: getattr(data, name) for name in data.__dataclass_fields__}}
np.savez({1!r}, **{{name: one for name, one in columns.items() if isinstance(one, (int, np.ndarray))}})
print(sum(one.nbytes for one in columns.values() if isinstance(one, np.ndarray)))
"""
    measure = """
import time
import numpy as np
from a4eval_ap_metric import DetectionData, coco_statistics, match
file = np.load({0!r})
data = DetectionData(**{{name: file[name] if file[name].ndim else int(file[name]) for name in file.files}})
start = time.perf_counter()
coco_statistics(match(data))
print(time.perf_counter() - start)
"""
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    path, rows = folder / "workload.npz", []
    for size in sizes:
        arrays = int(fresh_process(make.format(size, str(path)))[3]) / 2**20
        _, _, memory, line = fresh_process(measure.format(str(path)))
        seconds = float(line)
        rows.append((f"{size:,}", seconds, 1e9 * seconds / size, round(arrays), round(memory)))
    return table(
        ["detections", "arrays to statistics, s", "ns a detection", "arrays, MB", "peak of the process, MB"], rows
    )


def resamples(truth: Path, results: Path, names: list[str]) -> str:
    """1,000 paired bootstrap resamples of the twelve statistics; hotcoco's own comparison, 20 of them, scaled."""
    metrics = []
    for seed in (0, 1):
        metric = CocoDetection()
        metric.update(as_batch(workload(np.random.default_rng(seed))))
        metric.matches  # noqa: B018  (matching is done once, before)
        metrics.append(statistic_of(metric))
    start = time.perf_counter()
    paired_bootstrap(*metrics, 5000, np.random.default_rng(0))
    rows = [(OURS, time.perf_counter() - start)]
    if "hotcoco" in names:
        import hotcoco

        evaluations = []
        for _ in range(2):
            loaded = hotcoco.COCO(str(truth))
            evaluations.append(hotcoco.COCOeval(loaded, loaded.load_res(str(results)), "bbox"))
            with contextlib.redirect_stdout(io.StringIO()):
                evaluations[-1].evaluate()
        hotcoco.compare(*evaluations, n_bootstrap=1)
        start = time.perf_counter()
        hotcoco.compare(*evaluations, n_bootstrap=20)
        rows.append(("hotcoco (of images without their multiplicity)", 50 * (time.perf_counter() - start)))
    return table(["1,000 paired resamples", "s"], rows)


def main() -> None:
    quick = "--quick" in sys.argv
    names = [OURS, *(name for name, module in PEERS.items() if find_spec(module) and not (quick and name in SLOW))]
    data = workload(np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as folder:
        truth, results = write_coco(data, Path(folder))
        parts = [
            from_files(truth, results, names),
            from_arrays(data, truth, results, names),
            growth((100_000, 500_000, 2_000_000, 10_000_000), Path(folder)),
            resamples(truth, results, names),
        ]
    crowds = int(data.truth_crowd.sum())
    text = "\n\n".join(
        [
            "## Detection at COCO's scale",
            f"5,000 images, {len(data.truth_unit):,} ground-truth boxes ({crowds} crowds), 80 long-tailed classes, "
            "500,000 detections.\nOurs uses one thread; the peers run as shipped.\n"
            "`python benchmarks/ap_metric_speed.py`",
            *parts,
            environment("a4eval-ap-metric", "numpy", "msgspec", *(name for name in names if name != OURS)),
        ]
    )
    publish("ap_metric_speed", text)


if __name__ == "__main__":
    main()
