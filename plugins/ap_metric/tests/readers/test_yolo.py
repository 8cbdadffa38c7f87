"""YOLO's files: names, lists and folders of images, polygons, images without labels."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import ConfigError, DataError, Run, build


def files(folder, **more):
    """Return the node of two labelled images, with boxes and an outline, and a third that is background."""
    written = {
        "labels/a.txt": "0 0.5 0.5 0.2 0.5\n1 0.1 0.2 0.3 0.2 0.3 0.6\n",
        "labels/b.txt": "2 0.5 0.5 0.2 0.2\n",
        "found/a.txt": "0 0.5 0.5 0.2 0.5 0.9\n1 0.1 0.2 0.3 0.2 0.3 0.6 0.8\n",
        "found/c.txt": "0 0.5 0.5 0.2 0.5 0.7\n",
        "data.yaml": "path: ../x\nnames:\n  0: person\n  1: traffic light\n  2: dog\n",
        "coco.names": "person\ntraffic light\ndog\n",
        "sizes.csv": "image,width,height\na,100,40\nb,100,40\nc,100,40\n",
        "val.txt": "./images/a.jpg\n./images/b.jpg\n./images/c.jpg\n",
    }
    for name, text in written.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    node = {"name": "box_text", "ground_truth": str(folder / "labels"), "detections": str(folder / "found")}
    return node | {"sizes": str(folder / "sizes.csv"), "image_list": str(folder / "val.txt")} | more


def batch_of(node, folder):
    (batch,) = build("reader", node).batches(Run(directory=folder))
    return batch


@pytest.mark.parametrize("names", ["data.yaml", "coco.names"])
def test_names_outlines_and_background(tmp_path, names):
    batch = batch_of(files(tmp_path, names=str(tmp_path / names)), tmp_path)
    assert batch["unit"].tolist() == ["a", "b", "c"]
    assert batch["truth_class"].tolist() == ["person", "traffic light", "dog"]
    assert batch["detection_class"].tolist() == ["person", "traffic light", "person"]
    np.testing.assert_allclose(batch["truth_box"][1], [10, 8, 20, 16])
    np.testing.assert_allclose(batch["detection_box"][1], [10, 8, 20, 16])
    np.testing.assert_allclose(batch["detection_score"], [0.9, 0.8, 0.7])
    assert batch["detection_unit"].tolist() == [0, 0, 2]  # found on background: wrong, and counted


def test_sizes_and_background_from_the_images(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow reads sizes of images")
    node = files(tmp_path)
    (tmp_path / "images").mkdir()
    for name in ("a", "b", "c", "d"):
        image.new("RGB", (100, 40)).save(tmp_path / "images" / f"{name}.png")
    expected = batch_of(node, tmp_path)
    del node["sizes"], node["image_list"]
    batch = batch_of(node | {"images": str(tmp_path / "images")}, tmp_path)
    assert batch["unit"].tolist() == ["a", "b", "c", "d"]
    np.testing.assert_array_equal(batch["truth_box"], expected["truth_box"])
    (tmp_path / "images" / "d.png").write_text("no image")
    with pytest.raises(DataError, match=r"d\.png: is no image"):
        batch_of(node | {"images": str(tmp_path / "images")}, tmp_path)


def test_an_image_held_upright_has_the_size_it_is_looked_at_with(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow reads sizes of images")
    from a4eval_ap_metric.readers.yolo import sizes_of

    exif = image.Exif()
    exif[0x0112] = 6
    image.new("RGB", (100, 40)).save(tmp_path / "a.jpg", exif=exif)
    assert sizes_of({"a": tmp_path / "a.jpg"}) == {"a": (40.0, 100.0)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "names: [person]",
            r"a\.txt: line \d: got the class '1', expected an index below 1 or one of the names in .*data\.yaml",
        ),
        ("names: {0: a, 2: b}", r"data\.yaml: names: got the keys \[0, 2\], expected 0, 1, 2"),
        ("names: 3", r"data\.yaml: names: got 3, expected a list of names"),
        ("nc: 3", r"data\.yaml: names: got None, expected a list"),
        ("names: [a, a]", r"data\.yaml: names: got 'a' twice"),
        ("names: [", r"data\.yaml: is not YAML"),
        ("names: !!python/object/apply:os.system [ls]", r"data\.yaml: is not YAML"),
    ],
)
def test_names_that_are_none(tmp_path, text, message):
    node = files(tmp_path, names=str(tmp_path / "data.yaml"))
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(DataError, match=message):
        batch_of(node, tmp_path)


def test_relative_boxes_need_sizes(tmp_path):
    node = files(tmp_path)
    del node["sizes"]
    with pytest.raises(ConfigError, match="set sizes, or images to their folder, or relative=false"):
        build("reader", node)
