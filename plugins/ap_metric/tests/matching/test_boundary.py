"""Boundary IoU against its definition: a mask without what is left of it after eroding it pixel by pixel."""

from __future__ import annotations

import json

import numpy as np
import pytest
from a4eval_ap_metric import read_coco
from a4eval_ap_metric.matching.boundary import boundary, boundary_iou

from a4eval import DataError, build


def eroded(bitmap):
    """Return the pixels all eight neighbours of which are there, too."""
    padded = np.pad(bitmap, 1)
    windows = [padded[y : y + bitmap.shape[0], x : x + bitmap.shape[1]] for y in range(3) for x in range(3)]
    return np.logical_and.reduce(windows)


def by_definition(bitmap):
    left = bitmap
    for _ in range(max(1, round(0.02 * float(np.hypot(*bitmap.shape))))):
        left = eroded(left)
    return bitmap & ~left


def blob(rng, shape):
    bitmap = np.zeros(shape, bool)
    for _ in range(int(rng.integers(0, 4))):
        y, x = (int(rng.integers(0, side)) for side in shape)
        height, width = rng.integers(1, 40, 2)
        bitmap[y : y + height, x : x + width] = True
    return bitmap


@pytest.mark.parametrize("shape", [(20, 30), (90, 120), (240, 180)])
def test_the_boundary(shape):
    rng = np.random.default_rng(0)
    for _ in range(20):
        bitmap = blob(rng, shape)
        np.testing.assert_array_equal(boundary(bitmap), by_definition(bitmap))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools' own
def test_the_overlap_and_the_metric(tmp_path):
    mask = pytest.importorskip("pycocotools.mask", reason="pycocotools encodes masks")
    rng = np.random.default_rng(1)
    truths, found, bitmaps = [], [], {"truth": [], "found": []}
    for image in (1, 2, 3):
        for _ in range(3):
            bitmap = blob(rng, (60, 80))
            bitmap[20:40, 30:60] = True
            near = np.roll(bitmap, int(rng.integers(0, 3)), axis=1)
            bitmaps["truth"].append(bitmap)
            bitmaps["found"].append(near)
            for rows, one, more in ((truths, bitmap, {"id": len(truths) + 1}), (found, near, {"score": rng.random()})):
                encoded = mask.encode(np.asfortranarray(one.astype(np.uint8)))
                shape = {"size": [60, 80], "counts": encoded["counts"].decode()}
                row = {"image_id": image, "category_id": 1, "segmentation": shape, "area": int(one.sum())}
                rows.append({**row, "bbox": [0, 0, 9, 9], "iscrowd": 0, **more})
    images = [{"id": one, "width": 80, "height": 60} for one in (1, 2, 3)]
    (tmp_path / "t.json").write_text(json.dumps({"images": images, "categories": [{"id": 1}], "annotations": truths}))
    (tmp_path / "f.json").write_text(json.dumps(found))
    batch = read_coco(tmp_path / "t.json", tmp_path / "f.json", geometry="mask")
    metric = build("metric", {"name": "coco_detection", "geometry": "boundary"})
    metric.update(batch)
    nine = np.arange(9)
    got = boundary_iou(metric.data, nine, nine)(np.repeat(nine, 9), np.tile(nine, 9)).reshape(9, 9)

    def iou(one, other):
        return (one & other).sum() / (one | other).sum()

    for row, near in enumerate(bitmaps["found"]):
        for column, true in enumerate(bitmaps["truth"]):
            expected = min(iou(near, true), iou(by_definition(near), by_definition(true)))
            assert got[row, column] == pytest.approx(expected, abs=1e-12)
    whole = build("metric", {"name": "coco_detection", "geometry": "mask"})
    whole.update(batch)
    assert 0 < metric.compute()["AP"].value < whole.compute()["AP"].value
    boxes = build("metric", {"name": "coco_detection", "geometry": "boundary"})
    boxes.update(read_coco(tmp_path / "t.json", tmp_path / "f.json"))
    with pytest.raises(DataError, match="set the geometry of the reader to mask"):
        boxes.compute()
