"""Random small data sets where everything awkward happens, and what pycocotools makes of them."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from a4eval_ap_metric.detections.data import DetectionData

if TYPE_CHECKING:
    from pycocotools.cocoeval import COCOeval


def awkward_case(rng: np.random.Generator, *, many: bool = False) -> dict[str, Any]:
    """Return a COCO data set and a result list: tied scores and overlaps, crowds, border areas, empty everything."""
    n_images, n_classes = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    images = sorted(int(one) for one in rng.choice(50, n_images, replace=False) + 1)
    rng.shuffle(images)
    classes = [int(one) for one in rng.choice(20, n_classes, replace=False) + 1]
    grid = int(rng.choice([4, 8, 20]))
    sides = [4, 5, 8, 10, 16, 20, 32, 40, 96, 100]
    n_truths, n_detections = int(rng.integers(0, 12)), int(rng.integers(1, 40))
    if many:
        n_detections = int(rng.integers(120, 260))
        images, classes = images[:1], classes[:1]

    def boxes(n: int) -> list[list[float]]:
        corner = rng.integers(0, 5, (n, 2)) * grid
        side = rng.choice(sides, (n, 2))
        shift = rng.choice([0.0, 0.0, 0.1, 0.37], (n, 4))
        return [[float(one) for one in row] for row in np.concatenate([corner, side], axis=1) + shift]

    truth_boxes = boxes(n_truths)
    annotations = [
        {
            "id": index + 1,
            "image_id": images[int(rng.integers(len(images)))],
            "category_id": classes[int(rng.integers(len(classes)))],
            "bbox": box,
            "area": float(rng.choice([box[2] * box[3], 1024.0, 9216.0, 1023.9, 0.5 * box[2] * box[3]])),
            "iscrowd": int(rng.random() < 0.15),
        }
        for index, box in enumerate(truth_boxes)
    ]
    decimals = int(rng.choice([1, 2, 16]))
    results = []
    for box in boxes(n_detections):
        result = {
            "image_id": images[int(rng.integers(len(images)))],
            "category_id": classes[int(rng.integers(len(classes)))],
            "bbox": box,
            "score": float(np.round(rng.random(), decimals)),
        }
        if annotations and rng.random() < 0.7:  # near a truth, at an overlap that lies on a threshold now and then
            truth = annotations[int(rng.integers(len(annotations)))]
            x, y, width, height = truth["bbox"]
            share = float(rng.choice([0.5, 0.55, 0.6, 0.75, 0.9, 0.95, 1.0]))
            result.update(image_id=truth["image_id"], category_id=truth["category_id"])
            result["bbox"] = [x, y, width, height * share] if rng.random() < 0.8 else [x + 1, y, width, height]
        results.append(result)
    return {
        "images": [{"id": one} for one in images],
        "categories": [{"id": one} for one in classes],
        "annotations": annotations,
        "results": results,
    }


def busy_case(rng: np.random.Generator) -> dict[str, Any]:
    """Return a COCO data set with errors of every kind, many of them with equal scores, and its results."""
    images, classes = rng.permutation(60)[:9] + 1, rng.permutation(20)[:6] + 1
    truths, n = [], 60
    for index in range(n):
        box = [float(one) for one in np.append(rng.integers(0, 5, 2) * 40, rng.integers(20, 40, 2))]
        crowd = int(rng.random() < 0.1)
        ids = {"id": index + 1, "image_id": int(rng.choice(images)), "category_id": int(rng.choice(classes))}
        truths.append({**ids, "bbox": box, "area": box[2] * box[3], "iscrowd": crowd})
    results = []
    for truth in rng.choice(truths, 250):
        x, y, width, height = truth["bbox"]
        box = [x + float(rng.choice([0, 0, 5, 12, 500])), y, width, height * float(rng.choice([0.5, 0.8, 1]))]
        of_class = int(truth["category_id"] if rng.random() < 0.6 else rng.choice(classes))
        score = float(np.round(rng.random(), 1))
        results.append({"image_id": truth["image_id"], "category_id": of_class, "bbox": box, "score": score})
    named = [{"id": int(one), "name": f"class {one}"} for one in sorted(classes)]
    pictures = [{"id": int(one), "width": 250, "height": 250} for one in sorted(images)]
    return {"images": pictures, "categories": named, "annotations": truths, "results": results}


def pycocotools_evaluation(case: dict[str, Any], **parameters: Any) -> COCOeval:
    """Return pycocotools' evaluation of the case, done; summarised if it has pycocotools' own parameters."""
    pytest.importorskip("pycocotools")
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {key: [dict(one) for one in case[key]] for key in ("images", "categories", "annotations")}
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes([dict(one) for one in case["results"]]), "bbox")
        for name, value in parameters.items():
            setattr(evaluation.params, name, value)
        evaluation.evaluate()
        evaluation.accumulate()
        if set(parameters) <= {"recThrs", "catIds", "imgIds", "useCats"}:
            evaluation.summarize()
    return evaluation


def arrays_of_case(case: dict[str, Any]) -> DetectionData:
    """Return the case as arrays, images and classes in ascending order of their ids."""
    units = np.sort([one["id"] for one in case["images"]])
    classes = np.sort([one["id"] for one in case["categories"]])
    truths, results = case["annotations"], case["results"]

    def column(rows: list[dict[str, Any]], key: str) -> np.ndarray:
        return np.array([row[key] for row in rows], float)

    def boxes(rows: list[dict[str, Any]]) -> np.ndarray:
        return np.array([row["bbox"] for row in rows], float).reshape(-1, 4)

    return DetectionData(
        n_units=len(units),
        n_classes=len(classes),
        truth_unit=np.searchsorted(units, column(truths, "image_id")),
        truth_class=np.searchsorted(classes, column(truths, "category_id")),
        truth_box=boxes(truths),
        truth_area=column(truths, "area"),
        truth_crowd=column(truths, "iscrowd").astype(bool),
        detection_unit=np.searchsorted(units, column(results, "image_id")),
        detection_class=np.searchsorted(classes, column(results, "category_id")),
        detection_box=boxes(results),
        detection_score=column(results, "score"),
    )


def duplicated(case: dict[str, Any], weights: np.ndarray) -> dict[str, Any]:
    """Return the case with each image, by ascending id, standing there as often as *weights* says, side by side."""
    copies: dict[str, Any] = {"images": [], "categories": case["categories"], "annotations": [], "results": []}
    for image, weight in zip(sorted(one["id"] for one in case["images"]), weights, strict=True):
        for _ in range(weight):
            new = len(copies["images"]) + 1
            copies["images"].append({"id": new})
            for key in ("annotations", "results"):
                copies[key] += [one | {"image_id": new} for one in case[key] if one["image_id"] == image]
    for index, one in enumerate(copies["annotations"]):
        one["id"] = index + 1
    return copies


def dropped_nan(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), -1, values)
