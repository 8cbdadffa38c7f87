"""COCO files of masks: a part decodes the masks of its own images; parts are together the whole."""

from __future__ import annotations

import json

import numpy as np
import pytest
from a4eval_ap_metric.readers import coco_shapes

from ..parts import batches_of, check_parts

mask = pytest.importorskip("pycocotools.mask", reason="pycocotools encodes masks")

IMAGES = (-5, 0, 7, 70, 139, 12345678901)
HEIGHT, WIDTH = 30, 20


def outline(rng):
    """Return a mask in one of the three ways."""
    x, y = rng.integers(1, 10, 2).tolist()
    polygons = [[x, y, x + 8, y, x, y + 9]]
    start = HEIGHT * x + y
    ways = (
        {"size": [HEIGHT, WIDTH], "counts": [start, 5, HEIGHT * WIDTH - start - 5]},
        {"size": [HEIGHT, WIDTH], "counts": mask.frPyObjects(polygons, HEIGHT, WIDTH)[0]["counts"].decode()},
        polygons,
    )
    return ways[rng.integers(3)]


def files(folder, seed):
    """Write a case and return its reader."""
    rng = np.random.default_rng(seed)
    images = [*IMAGES, *rng.choice(IMAGES, 2).tolist()]
    row = {"category_id": 1, "bbox": [1, 1, 8, 9]}
    truths = [
        row | {"id": index + 1, "image_id": image, "area": 50, "iscrowd": 0, "segmentation": outline(rng)}
        for index, image in enumerate(images)
    ]
    found = [
        row | {"image_id": image, "score": round(float(rng.random()), 1), "segmentation": outline(rng)}
        for image in rng.permutation(IMAGES * 3).tolist()
    ]
    whole = {"images": [{"id": one, "width": WIDTH, "height": HEIGHT} for one in IMAGES], "annotations": truths}
    (folder / "truth.json").write_text(json.dumps(whole | {"categories": [{"id": 1, "name": "x"}]}))
    (folder / "found.json").write_text(json.dumps(found))
    paths = {"ground_truth": str(folder / "truth.json"), "detections": str(folder / "found.json")}
    return {"name": "coco", "geometry": "mask", **paths}


@pytest.mark.parametrize("seed", range(5))
def test_parts_are_together_the_whole(tmp_path, seed):
    assert not check_parts(files(tmp_path, seed))


@pytest.mark.parametrize("name", ["truth.json", "found.json"])
def test_a_wrong_mask_is_told_in_the_same_words(tmp_path, name):
    node = files(tmp_path, 0)
    content = json.loads((tmp_path / name).read_text())
    (content if name == "found.json" else content["annotations"])[-2]["segmentation"] = [[1, 2, 3]]
    (tmp_path / name).write_text(json.dumps(content))
    assert check_parts(node)


def test_a_part_decodes_those_of_its_own_images(tmp_path, monkeypatch):
    node = files(tmp_path, 0)
    read, decoded = coco_shapes.read_masks, []

    def read_masks(segmentations, *arguments, **options):
        decoded.append(len(segmentations))
        return read(segmentations, *arguments, **options)

    monkeypatch.setattr(coco_shapes, "read_masks", read_masks)
    for index in range(3):
        batches_of(node, index, 3)
    assert sum(decoded[::2]) == 8  # truths
    assert decoded[1::2] == [6, 6, 6]
