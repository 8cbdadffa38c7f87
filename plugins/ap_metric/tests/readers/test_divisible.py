"""Parts of a batch are disjoint and together the whole."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric.readers.divisible import part_of
from hypothesis import given
from hypothesis import strategies as st

from a4eval import DataError, Run, build

from ..file_sets import box_text, panoptic


@given(st.integers(0, 20), st.lists(st.integers(0, 19)), st.integers(1, 30))
def test_parts_are_disjoint_and_together_the_whole(n, rows, count):
    unit = np.arange(n) * 3
    row_unit = np.array([row % n for row in rows] if n else [], np.int64)
    batch = {"unit": unit, "unit_width": unit + 1, "row_unit": row_unit, "score": np.arange(len(row_unit)) / 7}
    batch["class"] = np.array([4, 5])
    parts = [part_of(batch, index, count) for index in range(count)]
    np.testing.assert_array_equal(np.concatenate([one["unit"] for one in parts]), unit)
    np.testing.assert_array_equal(np.concatenate([one["unit_width"] for one in parts]), unit + 1)
    pairs = [pair for one in parts for pair in zip(one["unit"][one["row_unit"]], one["score"], strict=True)]
    assert sorted(pairs) == sorted(zip(unit[row_unit], batch["score"], strict=True))
    assert all(list(one["class"]) == [4, 5] for one in parts)
    assert max(len(one["unit"]) for one in parts) - min(len(one["unit"]) for one in parts) <= 1


def read(node, index, count, folder):
    run = Run(directory=folder)
    (batch,) = build("reader", node).part(index, count).batches(run)
    return batch, run.warnings


def broken(path):
    path.write_text("this is none\n")


@pytest.mark.parametrize(("write", "of_last"), [(box_text, "found/e.txt"), (panoptic, "found/4.png")])
def test_a_part_opens_what_is_found_in_its_own_images(tmp_path, write, of_last):
    node, _ = write(tmp_path, np.random.default_rng(0))
    expected, _ = read(node, 0, 2, tmp_path)
    broken(tmp_path / of_last)
    got, _ = read(node, 0, 2, tmp_path)
    for name, column in expected.items():
        np.testing.assert_array_equal(got[name], column, err_msg=name)
    with pytest.raises(DataError):
        read(node, 1, 2, tmp_path)
    with pytest.raises(DataError):
        read(node, 0, 1, tmp_path)


def test_where_images_or_classes_are_chosen_all_are_opened(tmp_path):
    node, _ = box_text(tmp_path, np.random.default_rng(0))
    broken(tmp_path / "found" / "e.txt")
    for more in ({"classes": ["x"]}, {"image_list": ["a", "b"]}):
        with pytest.raises(DataError):
            read(node | more, 0, 2, tmp_path)


def test_no_detections_are_told_of_all_parts_alone(tmp_path):
    node, _ = box_text(tmp_path, np.random.default_rng(0))
    for image in "ab":
        (tmp_path / "found" / f"{image}.txt").write_text("")
    batch, warnings = read(node, 0, 2, tmp_path)
    assert batch["unit"].tolist() == ["a", "b"]
    assert not len(batch["detection_unit"])
    assert warnings == []
    for image in "cde":
        (tmp_path / "found" / f"{image}.txt").write_text("")
    assert read(node, 0, 2, tmp_path)[1] == ["there are no detections: nothing is found"]
    assert read(node, 1, 2, tmp_path)[1] == ["there are no detections: nothing is found"]
