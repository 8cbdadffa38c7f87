"""How long it takes to compare two records from their files: 1,000 resamples of 80 classes.

    python benchmarks/compare_speed.py [--write]

Two evaluations with intervals of detections that differ; what is timed reads both records with what they kept, and
judges every statistic and class, as `a4eval compare` and `a4eval gate` do.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from harness import environment, interleave, publish, table

from a4eval.comparisons.judge import judge
from a4eval.comparisons.seeds import SweepOptions
from a4eval.comparisons.sides import sides

IMAGES, CLASSES, RESAMPLES = 400, 80, 1000


def write_data(folder: Path) -> None:
    """Write images with seven objects each, detections of them, and others that find four in five of these."""
    rng = np.random.default_rng(0)
    truths = [
        {
            "id": number + 1,
            "image_id": number // 7 + 1,
            "category_id": number % CLASSES + 1,
            "bbox": [*rng.uniform(0, 400, 2).tolist(), *rng.uniform(20, 100, 2).tolist()],
            "area": 2500.0,
            "iscrowd": 0,
        }
        for number in range(7 * IMAGES)
    ]
    found = [
        {
            **{key: one[key] for key in ("image_id", "category_id")},
            "bbox": (np.array(one["bbox"]) + rng.normal(0, 4, 4)).tolist(),
            "score": float(rng.random()),
        }
        for one in truths
    ]
    content = {
        "images": [{"id": one + 1, "width": 500, "height": 500} for one in range(IMAGES)],
        "categories": [{"id": one + 1, "name": f"class {one + 1}"} for one in range(CLASSES)],
        "annotations": truths,
    }
    new = [one for one in found if rng.random() < 0.8]
    for name, data in (("instances", content), ("old", found), ("new", new)):
        (folder / f"{name}.json").write_text(json.dumps(data))


def command(folder: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "a4eval", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def processor_seconds(folder: Path, *words: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command(folder, *words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_data(folder)
        for name, detections in (("baseline", "old"), ("candidate", "new")):
            command(
                folder,
                "run",
                "experiment=detection/coco",
                "task.data.ground_truth=instances.json",
                f"task.data.detections={detections}.json",
                f"task.interval.resamples={RESAMPLES}",
                "task.metrics.coco.per_class=true",
                f"hydra.run.dir={name}",
            )

        def compared() -> int:
            both = sides(folder / "baseline", folder / "candidate", SweepOptions())
            return len(judge(both.pair.values, {}, 0.05)) + len(judge(both.pair.parts["coco"], {}, 0.05))

        judged = compared()
        seconds = interleave({"read and judged, in one process": compared})
        for name, words in (
            (
                "`a4eval compare --json`, start included: processor seconds",
                ("compare", "baseline", "candidate", "--json"),
            ),
            ("`a4eval --version`: processor seconds", ("--version",)),
        ):
            seconds[name] = median(processor_seconds(folder, *words) for _ in range(7))
        kilobytes = (folder / "baseline" / "resamples.npz").stat().st_size / 1000
    text = "\n\n".join(
        [
            "## Comparing two records from their files",
            f"{RESAMPLES:,} resamples of COCO's statistics and {CLASSES} classes on {IMAGES} images: {judged} numbers "
            f"judged; {kilobytes:.0f} kB of resamples a record. Medians of 7.\n"
            "`python benchmarks/compare_speed.py`",
            table(["", "seconds"], list(seconds.items())),
            environment("numpy", "a4eval-ap-metric"),
        ]
    )
    publish("compare_speed", text)


if __name__ == "__main__":
    main()
