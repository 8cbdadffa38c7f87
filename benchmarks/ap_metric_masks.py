"""Masks at a fifth of COCO's scale: files of run-length encodings to statistics.

    python benchmarks/ap_metric_masks.py [--write] [--quick]

Peers that are not installed are left out, and vernier, which asks for boxes beside the masks; ``--quick`` leaves out
pycocotools and faster-coco-eval.
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ap_metric_speed import FILES, FILES_ALONE, OURS, PEERS, SLOW, from_files
from ap_metric_workload import SIZE, workload, write_coco
from harness import environment, publish
from pycocotools import mask

if TYPE_CHECKING:
    from a4eval_ap_metric import DetectionData
    from numpy.typing import NDArray

CORNERS = 16
"""Of the outline of a mask: an ellipse in its box, bent."""
MASKS = {
    OURS: """
from pathlib import Path
from a4eval_ap_metric.metrics.coco import CocoDetection
from a4eval_ap_metric.readers.coco import read_coco
metric = CocoDetection(geometry="mask")
metric.update(read_coco(Path({0!r}), Path({1!r}), geometry="mask"))
print(repr([one.value for one in metric.compute().values()]))
""",
}


def write_masks(data: DetectionData, folder: Path) -> tuple[Path, Path, float]:
    """Write the workload as COCO files and return their paths and the mean length of a mask in letters."""
    rng = np.random.default_rng(0)
    truth_masks, found_masks = (_encoded(rng, box) for box in (data.truth_box, data.detection_box))
    paths = write_coco(data, folder)
    truth, results = (json.loads(path.read_text()) for path in paths)
    for one, outline in zip(truth["annotations"], truth_masks, strict=True):
        one["segmentation"] = outline
    for one, outline in zip(results, found_masks, strict=True):
        del one["bbox"]
        one["segmentation"] = outline
    for path, content in zip(paths, (truth, results), strict=True):
        path.write_text(json.dumps(content, separators=(",", ":")))
    return *paths, float(np.mean([len(one["counts"]) for one in truth_masks + found_masks]))


def _encoded(rng: np.random.Generator, boxes: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Return an outline in each box as COCO's run lengths."""
    width, height = (int(one) for one in SIZE)
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    radius = rng.uniform(0.7, 1, (len(boxes), CORNERS))
    x = boxes[:, :1] + boxes[:, 2:3] / 2 * (1 + radius * np.cos(angle))
    y = boxes[:, 1:2] + boxes[:, 3:4] / 2 * (1 + radius * np.sin(angle))
    outlines = np.stack([x, y], axis=2).reshape(len(boxes), -1).tolist()
    encoded = [mask.frPyObjects([one], height, width)[0] for one in outlines]
    return [{"size": one["size"], "counts": one["counts"].decode()} for one in encoded]


def main() -> None:
    """Measure."""
    quick = "--quick" in sys.argv
    wanted = [name for name in PEERS if name not in FILES_ALONE and not (quick and name in SLOW)]
    names = [OURS, *(name for name in wanted if find_spec(PEERS[name]))]
    data = workload(np.random.default_rng(0), images=1000, truths=7340, detections=100_000)
    with tempfile.TemporaryDirectory() as folder:
        truth, results, letters = write_masks(data, Path(folder))
        rows = from_files(truth, results, names, files=FILES | MASKS, kind="segm")
    text = "\n\n".join(
        [
            "## Masks",
            f"1,000 images, {len(data.truth_unit):,} masks of objects, 80 classes, {len(data.detection_unit):,} masks "
            f"detected, {letters:.0f} letters each.\nOurs uses one thread; the peers run as shipped.\n"
            "`python benchmarks/ap_metric_masks.py`",
            rows,
            environment("a4eval-ap-metric", "numpy", "msgspec", *(name for name in names if name != OURS)),
        ]
    )
    publish("ap_metric_masks", text)


if __name__ == "__main__":
    main()
