"""Doubtful COCO files, one of each kind: what lies in them, what a4eval says, and the value that was meant."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

NAN, INF = math.nan, math.inf
HALF = 51 / 101
"""AP where one of two objects is found: 51 of 101 recall levels are reached."""
File = dict[str, Any]
SQUARE = [5.0, 5, 15, 5, 15, 15, 5, 15]


@dataclass(frozen=True)
class Case:
    """One doubtful input."""

    name: str
    ours: str
    """What a4eval does: begins with *error* or *warning* where it says something."""
    truth: Any
    results: Any
    meant: float | None = None
    """The value if all is as it was meant; none where nobody can know."""
    kind: str = "bbox"
    shown: str = "AP"
    encoded: Callable[[str], bytes] = field(default=str.encode)

    def written(self, folder: Path) -> tuple[Path, Path]:
        """Write the files and return their paths."""
        paths = folder / "truth.json", folder / "results.json"
        for path, content in zip(paths, (self.truth, self.results), strict=True):
            path.write_bytes(self.encoded(content if isinstance(content, str) else json.dumps(content)))
        return paths


def plain() -> tuple[File, list[File]]:
    """Two images with an object each, of which the first is found and the second missed."""
    annotation = {"category_id": 1, "bbox": [10, 10, 50, 50], "area": 2500, "iscrowd": 0}
    truth = {
        "images": [{"id": one, "width": 640, "height": 480} for one in (1, 2)],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"id": one, "image_id": one} | annotation for one in (1, 2)],
    }
    results = [
        {"image_id": 1, "category_id": 1, "bbox": [10, 10, 50, 50], "score": 0.9},
        {"image_id": 2, "category_id": 1, "bbox": [200, 200, 50, 50], "score": 0.8},
    ]
    return truth, results


def changed(of: str, row: int | None = None, /, **values: Any) -> tuple[File, list[File]]:
    """The plain files with other values in a row, or all rows, of a list; a value of ``...`` takes the key away."""
    truth, results = plain()
    rows = results if of == "results" else truth[of]
    for one in rows if row is None else [rows[row]]:
        one.update(deepcopy(values))
        for key in [key for key, value in values.items() if value is ...]:
            del one[key]
    return truth, results


def added(of: str, *more: File) -> tuple[File, list[File]]:
    """The plain files with more in one of their lists."""
    truth, results = plain()
    (results if of == "results" else truth[of]).extend(more)
    return truth, results


def replaced(of: str, content: Any) -> tuple[Any, Any]:
    """The plain files with another list, or other results."""
    truth, results = plain()
    return (truth, content) if of == "results" else (truth | {of: content}, results)


def renamed(rename: Callable[[int], Any]) -> tuple[File, list[File]]:
    """The plain files with other image ids."""
    truth, results = plain()
    for one in truth["images"]:
        one["id"] = rename(one["id"])
    for one in [*truth["annotations"], *results]:
        one["image_id"] = rename(one["image_id"])
    return truth, results


def notation(convert: Callable[[np.ndarray], np.ndarray]) -> tuple[File, list[File]]:
    """Forty objects that are all found exactly, the detections in another notation."""
    rng = np.random.default_rng(0)
    box = np.round(np.concatenate([rng.uniform(50, 300, (40, 2)), rng.uniform(20, 120, (40, 2))], axis=1))
    truth, _ = plain()
    common = [{"image_id": 1 + one % 2, "category_id": 1} for one in range(40)]
    truth["annotations"] = [
        {"id": i + 1, "bbox": b.tolist(), "area": float(b[2] * b[3]), "iscrowd": 0} | common[i]
        for i, b in enumerate(box)
    ]
    found = convert(box.copy())
    return truth, [{"bbox": b.tolist(), "score": 0.9} | common[i] for i, b in enumerate(found)]


def crowded(n: int) -> tuple[File, list[File]]:
    """An image with *n* objects that are all found."""
    truth, _ = plain()
    boxes = [[10.0 * (one % 40), 10.0 * (one // 40), 8.0, 8.0] for one in range(n)]
    truth["annotations"] = [
        {"id": i + 1, "image_id": 1, "category_id": 1, "bbox": b, "area": 64, "iscrowd": 0} for i, b in enumerate(boxes)
    ]
    return truth, [{"image_id": 1, "category_id": 1, "bbox": b, "score": 0.9} for b in boxes]


def masks(first: Any = None, **image: Any) -> tuple[File, list[File]]:
    """The plain files with masks of a square in an image of 30 × 20; that of the first object may be another."""
    truth, results = plain()
    for one in truth["images"]:
        one.update({"width": 30, "height": 20} | image)
        for key in [key for key, value in image.items() if value is ...]:
            del one[key]
    for index, one in enumerate(truth["annotations"]):
        shape = [SQUARE] if index or first is None else first
        one.update(segmentation=shape, bbox=[5, 5, 10, 10], area=100)
    for one, letters in zip(results, ("Y3::00000000000000000W9", "d?T3"), strict=True):  # the square, and elsewhere
        del one["bbox"]
        one["segmentation"] = {"size": [20, 30], "counts": letters}
    return truth, results


def _swapped(box: np.ndarray) -> np.ndarray:
    return box[:, [1, 0, 3, 2]]


def _corners(box: np.ndarray) -> np.ndarray:
    return np.concatenate([box[:, :2], box[:, :2] + box[:, 2:]], axis=1)


def _centres(box: np.ndarray) -> np.ndarray:
    return np.concatenate([box[:, :2] + box[:, 2:] / 2, box[:, 2:]], axis=1)


def _shares(box: np.ndarray) -> np.ndarray:
    return box / [640, 480, 640, 480]


def _runs(*counts: int, size: Any = (20, 30)) -> File:
    return {"size": list(size), "counts": list(counts)}


_TRUTH, _RESULTS = plain()
_NESTED = json.dumps(_TRUTH)[:-1] + ', "more": ' + "[" * 100_000 + "]" * 100_000 + "}"
_WITHOUT = {"id": 2, "name": "dog"}
_DOG = {"image_id": 1, "category_id": 2, "bbox": [1, 2, 3, 4], "score": 1}

CASES = [
    Case("none: one of two objects is found", "silent", *plain(), HALF),
    Case("a box with NaN", "error", *changed("results", 1, bbox=[NAN, 10, 50, 50]), HALF),
    Case("a box with infinity", "error", *changed("results", 1, bbox=[10, 10, INF, 50]), HALF),
    Case("score NaN", "error", *changed("results", 0, score=NAN)),
    Case("score infinite", "error", *changed("results", 1, score=INF)),
    Case("score missing", "error", *changed("results", 0, score=...)),
    Case("score as text", "error", *changed("results", 0, score="0.9"), HALF),
    Case("negative width and height", "error", *changed("results", 0, bbox=[60, 60, -50, -50]), HALF),
    Case("width or height 0", "warning; overlaps nothing", *changed("results", 1, bbox=[10, 10, 0, 50]), HALF),
    Case("x1, y1, x2, y2 given as x, y, width, height", "warning with the evidence", *notation(_corners), 1),
    Case("centre, width and height given as x, y, width, height", "warning with the evidence", *notation(_centres), 1),
    Case("y before x in one of the files", "warning with the evidence", *notation(_swapped), 1),
    Case("shares of the image in one file, pixels in the other", "warning with the evidence", *notation(_shares), 1),
    Case("image id not in the ground truth", "error", *changed("results", 1, image_id=77)),
    Case("image id twice", "error", *added("images", {"id": 2, "width": 640, "height": 480})),
    Case("category id twice", "error", *added("categories", {"id": 1, "name": "dog"})),
    Case('image id as text in one file, `"7"` for `7`', "error that names both kinds",
         _TRUTH, [one | {"image_id": str(one["image_id"])} for one in _RESULTS], HALF),
    Case("image id a whole float, `7.0`", "error",
         _TRUTH, [one | {"image_id": float(one["image_id"])} for one in _RESULTS], HALF),
    Case("text ids throughout", "silent; as ids", *renamed(lambda one: f"image {one}"), HALF),
    Case("ids beyond 64 bits", "silent; as ids", *renamed(lambda one: 2**70 + one), HALF),
    Case("detection of an unknown class", "warning; changes no number", *changed("results", 1, category_id=9), HALF),
    Case("ground truth of an unknown class", "error", *changed("annotations", 1, category_id=9), HALF),
    Case("ground truth of an unknown image", "error", *changed("annotations", 1, image_id=9), HALF),
    Case("category ids of one file numbers, of the other text", "error", *changed("results", category_id="1"), HALF),
    Case("annotation id twice", "warning; each one counts", *changed("annotations", id=1), HALF),
    Case("annotation id 0", "warning; counts like any other", *changed("annotations", 0, id=0), HALF),
    Case("annotation ids missing", "silent; they are not used", *changed("annotations", id=...), HALF),
    Case("`area` NaN or infinite", "error", *changed("annotations", 0, area=NAN), HALF),
    Case("`area` negative", "error", *changed("annotations", 0, area=-5), HALF),
    Case("`area` missing", "silent; width × height", *changed("annotations", area=...), HALF),
    Case("`iscrowd` true or false", "warning; 1 or 0", *changed("annotations", iscrowd=False), HALF),
    Case("`iscrowd` neither 0 nor 1", "error", *changed("annotations", 1, iscrowd=2)),
    Case("`iscrowd` missing", "silent; no crowd", *changed("annotations", iscrowd=...), HALF),
    Case("image width or height 0 or negative", "warning; not known", *changed("images", width=-1, height=0), HALF),
    Case("image width or height as text", "warning; the number it spells", *changed("images", width="640"), HALF),
    Case("results under `annotations` of an object", "warning; taken from there",
         *replaced("results", {"annotations": _RESULTS}), HALF),
    Case("more objects of a class in an image than `max_detections`: 1,500",
         "warning with the highest recall there can be", *crowded(1500), 1),
    Case("two categories of one name", "warning; evaluated apart",
         *added("categories", {"id": 2, "name": "cat"}), HALF),
    Case("JSON nested thousands deep", "error", _NESTED, _RESULTS, HALF),
    Case("no JSON", "error that names the file", json.dumps(_TRUTH)[:-9], _RESULTS),
    Case("a byte order mark", "silent; read", *plain(), HALF, encoded=lambda text: text.encode("utf-8-sig")),
    Case("UTF-16", "silent; read", *plain(), HALF, encoded=lambda text: text.encode("utf-16")),
    Case("gzip", "silent; read", *plain(), HALF, encoded=lambda text: gzip.compress(text.encode())),
    Case("the same detection twice", "warning; the second is a false positive", *added("results", _RESULTS[0]), HALF),
    Case("score outside [0, 1]", "warning; only the order matters", *changed("results", 0, score=7.5), HALF),
    Case("no detections", "warning; AP and AR 0", *replaced("results", []), 0),
    Case("no ground truth", "warning; NaN", *replaced("annotations", []), NAN),
    Case("a class without ground truth", "silent; left out of the mean",
         _TRUTH | {"categories": [*_TRUTH["categories"], _WITHOUT]}, [*_RESULTS, _DOG], HALF),
    Case("a size of object without ground truth: `APs`", "silent; NaN", *plain(), NAN, shown="APs"),
    Case("none, with masks", "silent", *masks(), HALF, kind="segm"),
    Case("run lengths that do not fill height × width", "error", *masks(_runs(105, 10)), HALF, kind="segm"),
    Case("a negative run length", "error", *masks(_runs(-5, 605)), HALF, kind="segm"),
    Case("a mask's `size` that is not two whole numbers above 0", "error",
         *masks(_runs(600, size=[600])), HALF, kind="segm"),
    Case("a mask of another size than its image", "error",
         *masks(_runs(300, 300, size=[30, 20])), HALF, kind="segm"),
    Case("a polygon of two points", "error", *masks([[5, 5, 15, 15]]), HALF, kind="segm"),
    Case("an empty polygon, `[[]]`", "error", *masks([[]]), HALF, kind="segm"),
    Case("a flat polygon, `[5, 5, 15, …]`", "error", *masks(SQUARE), HALF, kind="segm"),
    Case("a polygon, and no size of its image", "error", *masks(width=..., height=...), kind="segm"),
]  # fmt: skip
"""In the order of the table."""
