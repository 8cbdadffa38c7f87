"""The same boxes in any two formats are the same."""

from __future__ import annotations

import json

import numpy as np
import pytest

from a4eval import ConfigError, DataError, Run, build

from ..voc_cases import xml

IMAGES = ("000000000139", "000000000285")
TRUTHS = [(0, "dog", [8, 8, 40, 24]), (0, "traffic light", [16, 4, 48, 28]), (1, "dog", [4, 4, 20, 12])]
FOUND = [(0, "dog", [8, 8, 40, 28], 0.75), (0, "traffic light", [16, 8, 48, 28], 0.5), (1, "dog", [4, 4, 28, 12], 0.25)]
NAMES = ["dog", "traffic light"]


def shares(box):
    x, y, far_x, far_y = box
    return " ".join(map(str, [(x + far_x) / 128, (y + far_y) / 64, (far_x - x) / 64, (far_y - y) / 32]))


def written(folder):
    """Write truths and detections in each format, and return where."""
    for name in ("voc", "text", "voc_found", "text_found"):
        (folder / name).mkdir()
    xywh = {tuple(box): [box[0], box[1], box[2] - box[0], box[3] - box[1]] for *_, box in TRUTHS}
    for place, image in enumerate(IMAGES):
        mine = [one for one in TRUTHS if one[0] == place]
        (folder / "voc" / f"{image}.xml").write_text(xml(*((name, 0, *box) for _, name, box in mine)))
        (folder / "text" / f"{image}.txt").write_text("".join(f"{NAMES.index(n)} {shares(b)}\n" for _, n, b in mine))
        lines = [f"{NAMES.index(n)} {shares(b)} {score}\n" for i, n, b, score in FOUND if i == place]
        (folder / "text_found" / f"{image}.txt").write_text("".join(lines))
    for name in NAMES:
        lines = [f"{IMAGES[i]} {score} {' '.join(map(str, box))}\n" for i, n, box, score in FOUND if n == name]
        (folder / "voc_found" / f"comp4_det_test_{name}.txt").write_text("".join(lines))
    truth = {
        "images": [{"id": int(one), "file_name": f"val/{one}.jpg", "width": 64, "height": 32} for one in IMAGES],
        "categories": [{"id": 10 + index, "name": name} for index, name in enumerate(NAMES)],
        "annotations": [
            {"id": n, "image_id": int(IMAGES[i]), "category_id": 10 + NAMES.index(name), "bbox": xywh[tuple(box)]}
            for n, (i, name, box) in enumerate(TRUTHS, 1)
        ],
    }
    results = [
        {
            "image_id": int(IMAGES[i]),
            "category_id": NAMES.index(name),
            "bbox": [x, y, far_x - x, far_y - y],
            "score": score,
        }
        for i, name, (x, y, far_x, far_y), score in FOUND
    ]
    (folder / "coco.json").write_text(json.dumps(truth))
    (folder / "coco_found.json").write_text(json.dumps(results))
    (folder / "data.yaml").write_text("names: [dog, traffic light]\n")
    (folder / "sizes.csv").write_text("image,width,height\n" + "".join(f"{one},64,32\n" for one in IMAGES))
    of = {"coco": "coco.json", "voc": "voc", "text": "text"}
    found = {"coco": "coco_found.json", "voc": "voc_found", "text": "text_found"}
    more = {"sizes": str(folder / "sizes.csv"), "names": str(folder / "data.yaml")}

    def node(truth, detections):
        paths = {"ground_truth": str(folder / of[truth]), "detections": str(folder / found[detections])}
        return {"name": "mixed", "truth_format": truth, "detection_format": detections, **paths, **more}

    return node


def batch_of(node, folder):
    (batch,) = build("reader", node).batches(Run(directory=folder))
    return batch


@pytest.mark.parametrize("detections", ["coco", "voc", "text"])
@pytest.mark.parametrize("truth", ["coco", "voc", "text"])
def test_any_two_formats(tmp_path, truth, detections):
    batch = batch_of(written(tmp_path)(truth, detections), tmp_path)
    assert batch["unit"].tolist() == list(IMAGES)
    for side, rows in (("truth", TRUTHS), ("detection", FOUND)):
        got = sorted(
            (int(unit), str(name), (box[:2].tolist(), (box[:2] + box[2:]).tolist()))
            for unit, name, box in zip(batch[f"{side}_unit"], batch[f"{side}_class"], batch[f"{side}_box"], strict=True)
        )
        assert got == sorted((one[0], one[1], (one[2][:2], one[2][2:])) for one in rows)
    scores = dict(zip(batch["detection_class"][batch["detection_unit"] == 0].tolist(), [0.75, 0.5], strict=True))
    assert set(scores) == set(NAMES)
    np.testing.assert_array_equal(np.sort(batch["detection_score"]), [0.25, 0.5, 0.75])


def test_coco_truths_know_the_sizes(tmp_path):
    node = written(tmp_path)("coco", "text")
    expected = batch_of(node, tmp_path)
    del node["sizes"]
    np.testing.assert_array_equal(batch_of(node, tmp_path)["detection_box"], expected["detection_box"])
    node = written(tmp_path / "more")("voc", "text") if (tmp_path / "more").mkdir() is None else None
    del node["sizes"]
    with pytest.raises(ConfigError, match="sizes: relative boxes need"):
        build("reader", node)


def test_classes_of_which_none_is_known(tmp_path):
    node = written(tmp_path)("voc", "coco")
    del node["names"]
    with pytest.raises(DataError, match=r"got classes such as '0', none of which is in .*: set names"):
        batch_of(node, tmp_path)


def test_a_crowd_that_is_neither_0_nor_1_is_refused(tmp_path):
    node = written(tmp_path)("coco", "voc")
    path = tmp_path / "coco.json"
    path.write_text(path.read_text().replace('"id": 2, "image_id"', '"id": 2, "iscrowd": 5, "image_id"'))
    with pytest.raises(DataError, match=r"coco\.json: annotations: entry 1: iscrowd 5, expected 0 or 1"):
        batch_of(node, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("val/000000000285.jpg", "test/000000000139.png", "a name of an image, .* occurs twice: '000000000139'"),
        ('"id": 285', '"id": 139', "an image id occurs twice: 139"),
        ('"traffic light"', '"dog"', "a name of a category occurs twice: 'dog'"),
        ('"id": 11', '"id": 10', "a category id occurs twice: 10"),
    ],
)
def test_two_images_or_classes_are_never_taken_for_one(tmp_path, old, new, words):
    node = written(tmp_path)("coco", "text")
    path = tmp_path / "coco.json"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DataError, match=rf"coco\.json: {words}"):
        batch_of(node, tmp_path)


def test_a_number_that_may_be_two_images_is_refused(tmp_path):
    node = written(tmp_path)("voc", "coco")
    (tmp_path / "voc" / "0285.xml").write_text(xml())
    with pytest.raises(DataError, match=r"coco_found\.json: image_id: an image of this number, .* occurs twice: '285'"):
        batch_of(node, tmp_path)
    path = tmp_path / "coco_found.json"
    path.write_text(path.read_text().replace(": 285", ': "0285"').replace(": 139", ': "000000000139"'))
    assert batch_of(node, tmp_path)["unit"].tolist() == [*IMAGES, "0285"]


def test_doubts_about_results_are_told(tmp_path):
    node = written(tmp_path)("voc", "coco")
    path = tmp_path / "coco_found.json"
    path.write_text(f'{{"annotations": {path.read_text()}}}')
    with pytest.warns(UserWarning, match="the results stand under 'annotations' of an object"):
        batch_of(node, tmp_path)
