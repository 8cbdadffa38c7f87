"""Where the images of a data set are."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric.readers.images import image_paths

from a4eval import DataError, Run, build

from .. import file_sets


def batch(*names, ids=None):
    unit = np.array(ids if ids is not None else [*names])
    return {"unit": unit, "unit_file_name": np.array(names)} if ids is not None else {"unit": unit}


def touched(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def test_by_the_name_in_the_file_or_by_the_id(tmp_path):
    touched(tmp_path, "one.jpg", "sub/two.png", "7.PNG", "7.txt", "walk.1.jpg")
    found = image_paths(tmp_path, batch("one.jpg", "sub/two.png", "other/one.jpg", "none.jpg", ids=[1, 2, 3, 4]))
    assert found.tolist() == [*(str(tmp_path / one) for one in ("one.jpg", "sub/two.png", "one.jpg")), ""]
    found = image_paths(tmp_path, batch("one", "7", "walk.1", "walk"))
    assert found.tolist() == [*(str(tmp_path / one) for one in ("one.jpg", "7.PNG", "walk.1.jpg")), ""]


def test_nothing_outside_the_folder_is_named(tmp_path):
    touched(tmp_path, "secret.png", "images/good.png")
    (tmp_path / "images" / "link.png").symlink_to(tmp_path / "secret.png")
    names = ["good.png", "../secret.png", str(tmp_path / "secret.png"), "link.png", "..", "a\0b/c.png"]
    found = image_paths(tmp_path / "images", batch(*names, ids=range(6)))
    assert found.tolist() == [str(tmp_path / "images" / "good.png"), "", "", "", "", ""]


def test_a_folder_without_any_of_them_is_a_mistake(tmp_path):
    touched(tmp_path, "other.jpg")
    with pytest.raises(DataError, match=r"images: .* has none of the 1 images, such as one\.jpg"):
        image_paths(tmp_path, batch("one.jpg", ids=[1]))
    with pytest.raises(DataError, match="missing: cannot be read"):
        image_paths(tmp_path / "missing", batch("one"))


@pytest.mark.parametrize("name", ["coco", "voc", "box_text", "detection_table", "open_images"])
def test_every_reader_of_detections_finds_them(tmp_path, name):
    node = getattr(file_sets, name)(tmp_path, np.random.default_rng(0))[0]
    run = Run(tmp_path / "run")
    plain = list(build("reader", node).batches(run))
    images = tmp_path / "images"
    first = str(plain[0]["unit"][0])
    touched(images, f"{first}.jpg")
    if name == "coco":
        touched(images, str(plain[0].get("unit_file_name", [first])[0]))
    (found,) = build("reader", {**node, "images": str(images)}).batches(run)
    assert found["unit_image"][0].startswith(str(images))
    assert type(found) is type(plain[0]), "what was checked stays so"
