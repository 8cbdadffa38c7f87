"""Awkward COCO data sets drawn at random, with boxes, masks or keypoints, and what is set of ``params``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from plugins.ap_metric.tests.coco_cases import awkward_case

if TYPE_CHECKING:
    from collections.abc import Callable

Case = dict[str, Any]
Drawn = tuple[Case, str, dict[str, Any]]
SIDE = 40
"""Of an image of masks."""


def awkward(rng: np.random.Generator, *, many: bool = False) -> Case:
    """Files of boxes; classes have names, which some ask for."""
    case = awkward_case(rng, many=many)
    for one in case["categories"]:
        one["name"] = f"class {one['id']}"
    return case


def boxes(rng: np.random.Generator) -> Drawn:
    """Boxes as they come."""
    return awkward(rng), "bbox", {}


def many(rng: np.random.Generator) -> Drawn:
    """More boxes than count."""
    return awkward(rng, many=True), "bbox", {}


def thresholds(rng: np.random.Generator) -> Drawn:
    """Other IoU thresholds."""
    levels = rng.choice(np.arange(1, 20) / 20, int(rng.integers(1, 8)), replace=False)
    return awkward(rng), "bbox", {"iouThrs": np.sort(levels).tolist()}


def recalls(rng: np.random.Generator) -> Drawn:
    """Other recall levels."""
    return awkward(rng), "bbox", {"recThrs": np.sort(rng.random(int(rng.integers(1, 30))).round(2)).tolist()}


def detections(rng: np.random.Generator) -> Drawn:
    """Other numbers of detections that count, 100 among them."""
    return awkward(rng), "bbox", {"maxDets": [*sorted(int(one) for one in rng.integers(1, 30, 2)), 100]}


def few_detections(rng: np.random.Generator) -> Drawn:
    """At most ten detections count; pycocotools' AP is that at 100 alone, and so −1."""
    return awkward(rng), "bbox", {"maxDets": [1, 5, 10]}


def areas(rng: np.random.Generator) -> Drawn:
    """Other ranges of areas under the usual names."""
    small, large = sorted(int(one) ** 2 for one in rng.choice([8, 16, 20, 32, 40, 96], 2, replace=False))
    return awkward(rng), "bbox", {"areaRng": [[0, 10**10], [0, small], [small, large], [large, 10**10]]}


def agnostic(rng: np.random.Generator) -> Drawn:
    """All classes as one."""
    return awkward(rng), "bbox", {"useCats": 0}


def some_images(rng: np.random.Generator) -> Drawn:
    """Half of the images."""
    case = awkward(rng)
    return case, "bbox", {"imgIds": sorted(one["id"] for one in case["images"])[: 1 + len(case["images"]) // 2]}


def some_classes(rng: np.random.Generator) -> Drawn:
    """Half of the classes."""
    case = awkward(rng)
    return case, "bbox", {"catIds": sorted(one["id"] for one in case["categories"])[: 1 + len(case["categories"]) // 2]}


def quirks(rng: np.random.Generator) -> Drawn:
    """What pycocotools takes without a word: ids 0 and twice, negative sizes, unknown classes."""
    case = awkward(rng)
    for one in case["annotations"]:
        if rng.random() < 0.3:
            one["id"] = int(rng.integers(0, 4))
    for one in case["annotations"] + case["results"]:
        if rng.random() < 0.1:
            one["bbox"][int(rng.integers(2, 4))] *= -1
        if rng.random() < 0.1:
            one["category_id"] = 99
    return case, "bbox", {}


def _image_size(case: Case) -> Case:
    for one in case["images"]:
        one |= {"width": SIDE, "height": SIDE}
    return case


def _runs(rng: np.random.Generator) -> list[int]:
    """The runs of two or three pieces somewhere in an image."""
    ends = np.sort(rng.choice(SIDE * SIDE, 2 * int(rng.integers(2, 4)), replace=False))
    return np.diff([0, *ends.tolist(), SIDE * SIDE]).tolist()


def _letters(runs: list[int]) -> str:
    """COCO's text of run lengths: from the third on the difference to the one before the last, six bits a letter."""
    text = ""
    for index, run in enumerate(runs):
        left, more = run - (runs[index - 2] if index > 2 else 0), True
        while more:
            bits, left = left & 31, left >> 5
            more = left != (-1 if bits & 16 else 0)
            text += chr((bits | (32 if more else 0)) + 48)
    return text


def masks(rng: np.random.Generator) -> Drawn:
    """Polygons and run lengths, as numbers and as letters; a detection's are its object's, or moved by some pixels."""
    case = _image_size(awkward(rng))
    runs_of = {}
    for one in case["annotations"]:
        runs_of[one["image_id"], one["category_id"]] = runs = _runs(rng)
        corner = rng.integers(1, SIDE // 2, 2)
        x, y, right, bottom = map(float, (*corner, *(corner + rng.integers(2, SIDE // 2, 2))))
        polygon = [x, y, right, y, right, bottom - 0.5 * float(rng.integers(2)), x, bottom]
        runs_or_polygon: list[Any] = [[polygon], {"size": [SIDE, SIDE], "counts": runs}]
        one["segmentation"] = runs_or_polygon[1 if one["iscrowd"] else int(rng.integers(2))]
    for one in case["results"]:
        runs = runs_of.get((one["image_id"], one["category_id"])) or _runs(rng)
        moved = int(rng.integers(0, max(1, min(runs[0], 4))))
        runs = [runs[0] - moved, *runs[1:-1], runs[-1] + moved]
        one["segmentation"] = {"size": [SIDE, SIDE], "counts": _letters(runs)}
        del one["bbox"]
    return case, "segm", {}


def keypoints(rng: np.random.Generator) -> Drawn:
    """Seventeen keypoints, some of which nobody sees, and detections near them."""
    case = _image_size(awkward(rng))
    points_of = {}
    for one in case["annotations"]:
        point, seen = rng.integers(0, 100, (17, 2)), rng.choice([0, 1, 2], 17, p=[0.4, 0.2, 0.4])
        if rng.random() < 0.1:
            seen[:] = 0
        points_of[one["image_id"], one["category_id"]] = point
        one["keypoints"] = np.column_stack([point * (seen > 0)[:, None], seen]).ravel().tolist()
        one["num_keypoints"] = int((seen > 0).sum())
    for one in case["results"]:
        point = points_of.get((one["image_id"], one["category_id"]), np.full((17, 2), 50))
        moved = point + rng.integers(-3, 4, point.shape)
        one["keypoints"] = np.column_stack([moved, np.ones(17, int)]).ravel().tolist()
        del one["bbox"]
    return case, "keypoints", {}


DRAWS: dict[str, Callable[[np.random.Generator], Drawn]] = {
    "boxes": boxes,
    "more boxes in an image than 100": many,
    "`iouThrs`": thresholds,
    "`recThrs`": recalls,
    "`maxDets`, the last 100": detections,
    "`maxDets = [1, 5, 10]`": few_detections,
    "`areaRng`": areas,
    "`useCats = 0`": agnostic,
    "`imgIds`": some_images,
    "`catIds`": some_classes,
    "ids 0 and twice, negative sizes, unknown classes": quirks,
    "masks": masks,
    "keypoints": keypoints,
}
"""The rows of the table."""
