"""COCO-scale detection workloads: images, long-tailed classes, crowds, and scores tied or not.

    python benchmarks/ap_metric_workload.py folder [--detections 500000]

writes ``ground_truth.json`` and ``detections.json``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from a4eval_ap_metric import DetectionData

if TYPE_CHECKING:
    from numpy.typing import NDArray

Scores = Literal["decimal", "float32", "float64"]
SIZE = np.array([640.0, 480.0])


def workload(
    rng: np.random.Generator,
    *,
    images: int = 5000,
    classes: int = 80,
    truths: int = 36_700,
    detections: int = 500_000,
    crowd: float = 0.011,
    scores: Scores = "decimal",
) -> DetectionData:
    """Return a data set like COCO val2017 under a detector that keeps 100 boxes an image.

    Args:
        rng: the random numbers.
        images: how many.
        classes: how many; the most frequent has a third of the truths, as COCO's person.
        truths: how many.
        detections: how many; about a sixth lie near a truth, several for each truth.
        crowd: share of crowds.
        scores: with three decimals (many ties), as float32, or as float64.
    """
    frequency = 1 / np.arange(1, classes + 1) ** 1.1
    frequency /= frequency.sum()
    # a class tends to come several times in an image, as in real pictures
    truth_unit = np.sort(rng.integers(0, images, truths))
    favourite = rng.choice(classes, images, p=frequency)
    truth_class = np.where(rng.random(truths) < 0.5, favourite[truth_unit], rng.choice(classes, truths, p=frequency))
    truth_box = _boxes(rng, truths)
    near = detections // 6
    source = rng.integers(0, truths, near)
    jitter = rng.normal(0, rng.choice([0.03, 0.08, 0.2], near)[:, None], (near, 4))
    near_box = truth_box[source] + jitter * np.tile(truth_box[source, 2:], 2)
    wrong = rng.random(near) < 0.1
    near_class = np.where(wrong, rng.choice(classes, near, p=frequency), truth_class[source])
    quality = np.clip(1.1 - 2.5 * np.abs(jitter).mean(axis=1) - 0.3 * wrong, 0, 1)
    far = detections - near
    score = np.concatenate([quality * rng.beta(5, 2, near), rng.beta(1, 12, far)])
    unit = np.concatenate([truth_unit[source], rng.integers(0, images, far)])
    order = np.argsort(unit, kind="stable")
    box = np.concatenate([near_box, _boxes(rng, far)])
    box[:, 2:] = np.maximum(box[:, 2:], 1)
    return DetectionData(
        n_units=images,
        n_classes=classes,
        truth_unit=truth_unit,
        truth_class=truth_class,
        truth_box=np.round(truth_box, 2),
        truth_area=np.round(truth_box[:, 2] * truth_box[:, 3] * rng.uniform(0.4, 0.9, truths), 4),
        truth_crowd=rng.random(truths) < crowd,
        detection_unit=unit[order],
        detection_class=np.concatenate([near_class, rng.choice(classes, far, p=frequency)])[order],
        detection_box=np.round(box, 2)[order],
        detection_score=_scores(score, scores)[order],
    )


def _boxes(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    side = np.exp(rng.normal(np.log(70), 0.9, (n, 1)) + rng.normal(0, 0.3, (n, 2)))
    side = np.clip(side, 4, SIZE)
    corner = rng.random((n, 2)) * (SIZE - side)
    return np.concatenate([corner, side], axis=1)


def _scores(score: NDArray[np.float64], kind: Scores) -> NDArray[np.float64]:
    if kind == "decimal":
        return np.round(score, 3)
    return score.astype(np.float32).astype(np.float64) if kind == "float32" else score


def write_coco(data: DetectionData, folder: Path) -> tuple[Path, Path]:
    """Write the workload as COCO files and return their paths: ground truth, detections."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = {
        "images": [{"id": one + 1, "width": 640, "height": 480} for one in range(data.n_units)],
        "categories": [{"id": one + 1, "name": f"class {one + 1}"} for one in range(data.n_classes)],
        "annotations": [
            {"id": i + 1, "image_id": u + 1, "category_id": c + 1, "bbox": b, "area": a, "iscrowd": int(w)}
            for i, (u, c, b, a, w) in enumerate(
                zip(
                    data.truth_unit.tolist(),
                    data.truth_class.tolist(),
                    data.truth_box.tolist(),
                    data.truth_area.tolist(),
                    data.truth_crowd.tolist(),
                    strict=True,
                )
            )
        ],
    }
    results = [
        {"image_id": u + 1, "category_id": c + 1, "bbox": b, "score": s}
        for u, c, b, s in zip(
            data.detection_unit.tolist(),
            data.detection_class.tolist(),
            data.detection_box.tolist(),
            data.detection_score.tolist(),
            strict=True,
        )
    ]
    paths = folder / "ground_truth.json", folder / "detections.json"
    for path, content in zip(paths, (truth, results), strict=True):
        path.write_text(json.dumps(content, separators=(",", ":")))
    return paths


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--detections", type=int, default=500_000)
    given = parser.parse_args()
    print(*write_coco(workload(np.random.default_rng(0), detections=given.detections), given.folder), sep="\n")
