"""Nothing reaches pycocotools' C code that it would not come back from; a message names file, entry and cause."""

from __future__ import annotations

import json

import numpy as np
import pytest
from a4eval_ap_metric import read_coco
from a4eval_ap_metric.readers import masks
from a4eval_ap_metric.readers.masks import read_masks
from hypothesis import given
from hypothesis import strategies as st

from a4eval import DataError

mask = pytest.importorskip("pycocotools.mask", reason="pycocotools encodes masks")

SIZE = (20, 30)  # height, width
SQUARE = [5, 5, 15, 5, 15, 15, 5, 15]
WRONG = {
    "runs too short": ({"size": [20, 30], "counts": [210, 20, 80, 20]}, "runs of 330 .* height × width = 600"),
    "runs too long": ({"size": [20, 30], "counts": [500, 101]}, "runs of 601 pixels"),
    "no run": ({"size": [20, 30], "counts": []}, "runs of 0 pixels"),
    "negative run": ({"size": [20, 30], "counts": [-5, 605]}, "run 0: got -5, expected a whole number from 0 up"),
    "fractional run": ({"size": [20, 30], "counts": [1.5, 598.5]}, r"run 0: got 1\.5"),
    "run that is text": ({"size": [20, 30], "counts": ["600"]}, "run 0: got '600'"),
    "run that is true": ({"size": [20, 30], "counts": [True, 599]}, "run 0: got True"),
    "counts a number": ({"size": [20, 30], "counts": 600}, "counts: got 600, expected a list"),
    "no counts": ({"size": [20, 30]}, "counts: got None"),
    "no size": ({"counts": [600]}, r"size: got None, expected \[height, width\]"),
    "size of one": ({"size": [600], "counts": [600]}, r"size: got \[600\], expected \[height, width\]"),
    "size 0": ({"size": [0, 30], "counts": [0]}, r"size: got \[0, 30\]"),
    "negative size": ({"size": [-20, -30], "counts": [600]}, r"size: got \[-20, -30\]"),
    "fractional size": ({"size": [20.0, 30.0], "counts": [600]}, r"size: got \[20\.0, 30\.0\]"),
    "size of another image": ({"size": [30, 20], "counts": [600]}, r"got .* \[30, 20\], expected .* \[20, 30\]"),
    "size beyond all": ({"size": [2**20, 2**20], "counts": [2**40]}, "expected less than 2³² of them"),
    "no letters": ({"size": [20, 30], "counts": ""}, "counts: they end within a run"),
    "odd letter": ({"size": [20, 30], "counts": "bo0 d0"}, "counts: got the letter ' '"),
    "letter beyond": ({"size": [20, 30], "counts": "hbp"}, "counts: got the letter 'p'"),
    "letter of two bytes": ({"size": [20, 30], "counts": "hbé0"}, "counts: got the letter 'é'"),
    "letters that go on": ({"size": [20, 30], "counts": "hb"}, "counts: they end within a run"),
    "letters too short": ({"size": [20, 30], "counts": "5"}, "runs of 5 pixels in all, expected height × width = 600"),
    "negative in letters": ({"size": [20, 30], "counts": "O"}, "run 0: got -1"),
    "run of letters beyond 32 bits": ({"size": [20, 30], "counts": "o" * 12 + "0"}, "a run beyond 32 bits"),
    "nothing": (None, "got None, expected polygons or run lengths"),
    "text": ("square", "got 'square', expected polygons"),
    "no polygon": ([], r"got \[\], expected polygons"),
    "empty polygon": ([[]], "polygon 0: got 0 numbers, expected x, y of at least three points"),
    "polygon of two points": ([SQUARE, [1, 1, 9, 1]], "polygon 1: got 4 numbers"),
    "polygon of half a point": ([[*SQUARE, 1]], "polygon 0: got 9 numbers"),
    "flat polygon": (SQUARE, "expected a list of polygons"),
    "polygon of points": ([[[5, 5], [15, 5], [15, 15], [5, 15], [1, 1], [2, 2]]], r"polygon 0: got \[5, 5\]"),
    "polygon of text": ([["5"] * 6], "polygon 0: got '5'"),
    "polygon far away": ([[1e12, 5, 15, 5, 15, 15]], r"polygon 0: got 1000000000000\.0"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_mask_is_refused_with_its_cause(name):
    shape, words = WRONG[name]
    good = mask.encode(np.asfortranarray(np.ones(SIZE, np.uint8)))
    good = {"size": list(SIZE), "counts": good["counts"].decode()}
    with pytest.raises(DataError, match=rf"truth\.json: entry 2: segmentation: .*{words}"):
        read_masks([good, [SQUARE], shape, good], [SIZE] * 4, "truth.json")


@pytest.mark.parametrize("size", [(None, None), (None, 30), (-1, -1), (0, 30)])
def test_polygons_need_the_size_of_their_image(size):
    with pytest.raises(DataError, match="entry 0: segmentation: polygons need the image's width and height"):
        read_masks([[SQUARE]], [size], "truth.json")
    runs = {"size": [20, 30], "counts": [600]}
    assert read_masks([runs], [size], "truth.json").encoded[0]["size"] == [20, 30], "run lengths bring their own"


def test_another_size_on_request():
    runs = {"size": [30, 20], "counts": [300, 300]}
    assert mask.area(read_masks([runs], [SIZE], "x", any_size=True).encoded[0]) == 300


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32)), min_size=1, max_size=5))
def test_every_encoding_of_pycocotools_passes_and_stays(cases):
    pixels = [np.random.default_rng(seed).random((h, w)) < 0.5 for h, w, seed in cases]
    pixels += [np.zeros((3, 3)), np.ones((3, 3)), np.arange(2**17).reshape(1, -1) == 5]
    expected = [mask.encode(np.asfortranarray(one.astype(np.uint8))) for one in pixels]
    shapes = [{"size": list(one["size"]), "counts": one["counts"].decode()} for one in expected]
    got = read_masks(shapes, [one.shape for one in pixels], "x")
    np.testing.assert_array_equal(got.area, [one.sum() for one in pixels])
    np.testing.assert_array_equal(got.box, [mask.toBbox(one) for one in expected])
    for one, other in zip(got.encoded, expected, strict=True):
        assert mask.merge([one])["counts"] == other["counts"]
        assert mask.area(one) == mask.area(other)


@given(st.lists(st.text(alphabet=[chr(one) for one in range(48, 112)], max_size=8), min_size=1, max_size=4))
def test_letters_that_pass_fill_their_mask(texts):
    for text in texts:
        try:
            (one,) = read_masks([{"size": [4, 5], "counts": text}], [(4, 5)], "x").encoded
        except DataError:
            continue
        assert 0 <= mask.area(mask.merge([one])) <= 20


def test_many_masks_of_several_heights_are_measured_as_each_by_itself(monkeypatch):
    monkeypatch.setattr(masks, "_AT_ONCE", 7)
    rng = np.random.default_rng(0)
    pixels = [rng.random((rng.integers(1, 5), rng.integers(1, 90))) < rng.random() ** 3 for _ in range(300)]
    pixels[40][:] = False
    shapes = [mask.encode(np.asfortranarray(one.astype(np.uint8))) for one in pixels]
    shapes = [{"size": list(one["size"]), "counts": one["counts"].decode()} for one in shapes]
    got = read_masks(shapes, [one.shape for one in pixels], "x")
    for one, area, (x, y, width, height) in zip(pixels, got.area, got.box, strict=True):
        rows, columns = np.nonzero(one)
        assert area == len(rows)
        if area:
            assert (x, y) == (columns.min(), rows.min())
            assert (x + width, y + height) == (columns.max() + 1, rows.max() + 1)
        else:
            assert (x, y, width, height) == (0, 0, 0, 0)
    shapes[123] = {**shapes[123], "counts": "0"}
    with pytest.raises(DataError, match=r"^x: entry 123: segmentation: counts: got runs of 0 pixels"):
        read_masks(shapes, [one.shape for one in pixels], "x")


def test_runs_without_pixels_have_no_place():
    (box,) = read_masks([{"size": [3, 3], "counts": [0, 0, 4, 1, 2, 0, 2]}], [(3, 3)], "x").box
    assert box.tolist() == [1, 1, 1, 1]


def test_the_reader_says_file_and_entry(tmp_path):
    base = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [5, 5, 10, 10]}
    truth = {"images": [{"id": 1, "height": 20, "width": 30}], "categories": [{"id": 1}]}
    truth["annotations"] = [base | {"segmentation": {"size": [20, 30], "counts": [110, 20]}}]
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    found = [{"image_id": 1, "category_id": 1, "score": 0.5, "segmentation": {"size": [20, 30], "counts": [-1, 601]}}]
    (tmp_path / "found.json").write_text(json.dumps(found))
    with pytest.raises(DataError, match=r"truth\.json: annotations: entry 0: segmentation: counts: got runs of 130"):
        read_coco(tmp_path / "truth.json", tmp_path / "found.json", geometry="mask")
    truth["annotations"][0]["segmentation"] = [SQUARE]
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    with pytest.raises(DataError, match=r"found\.json: entry 0: segmentation: counts: run 0: got -1"):
        read_coco(tmp_path / "truth.json", tmp_path / "found.json", geometry="mask")
