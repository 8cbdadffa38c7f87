"""The drop-in leaves what pycocotools leaves: numbers, arrays, what became of each image, and the printed text."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest
from a4eval_ap_metric import pycocotools as ours
from hypothesis import given
from hypothesis import strategies as st

from a4eval import DataError

from ..coco_cases import awkward_case
from ..matching.test_shapes import people
from ..shared_data import SHARED
from .both import assert_same, assert_same_images, evaluation, pair, said

FILES = SHARED / "coco_val2014_100"
TRUTH = FILES / "instances_val2014_100.json"


def parameters(rng, case):
    """Return some parameters of pycocotools, each now and then."""
    classes, images = ([one["id"] for one in case[key]] for key in ("categories", "images"))
    given = {
        "catIds": rng.permutation(classes)[: int(rng.integers(1, len(classes) + 1))].tolist(),
        "imgIds": rng.permutation(images)[: int(rng.integers(1, len(images) + 1))].tolist(),
        "useCats": 0,
        "iouThrs": np.array([0.75, 0.5, 0.9]),
        "recThrs": np.sort(rng.random(7)),
        "maxDets": [5, 100, 2],
        "areaRng": [[0, 1e10], [0, 500.5], [500.5, 9216]],
    }
    kept = {name: value for name, value in given.items() if rng.random() < 0.4}
    if "areaRng" in kept:
        kept["areaRngLbl"] = ["all", "medium", "large"]
    return kept


@given(st.integers(0, 2**32 - 1))
def test_boxes(seed):
    rng = np.random.default_rng(seed)
    case = awkward_case(rng)
    truth = {key: case[key] for key in ("images", "categories", "annotations")}
    given = parameters(rng, case)
    (reference, text), (mine, my_text) = (
        said(lambda one: evaluation(one, truth, case["results"], **given), one) for one in pair()
    )
    assert my_text == text
    assert_same(mine, reference)
    # parameters of its own, among those evaluated; and once more from what became of each image
    part = copy.deepcopy(reference._paramsEval)
    part.maxDets, part.catIds = part.maxDets[:1], part.catIds[:1]
    for one in (reference, mine):
        said(one.accumulate, copy.deepcopy(part))
    for key in ("precision", "recall", "scores"):
        np.testing.assert_array_equal(mine.eval[key], reference.eval[key])


@pytest.mark.parametrize("seed", range(20))
def test_keypoints(seed):
    truth, results = people(np.random.default_rng(seed))
    if not results:
        pytest.skip("there is nothing")
    (reference, text), (mine, my_text) = (
        said(lambda one: evaluation(one, truth, results, "keypoints"), one) for one in pair()
    )
    assert my_text == text
    np.testing.assert_array_equal(mine.stats, reference.stats)
    np.testing.assert_array_equal(mine.eval["precision"], reference.eval["precision"])
    for key, overlaps in reference.ious.items():
        np.testing.assert_allclose(np.asarray(mine.ious[key]), np.asarray(overlaps), atol=1e-15)
    assert_same_images(mine.evalImgs, reference.evalImgs)


def shaped(rng):
    """Return a data set of polygons, run lengths and crowds, and masks near them."""
    from pycocotools import mask

    truth, results = [], []
    for image in (1, 2, 3):
        for _ in range(int(rng.integers(0, 4))):
            x, y, w, h = (int(one) for one in rng.integers(2, 12, 4))
            bitmap = np.zeros((30, 40), np.uint8, order="F")
            bitmap[y : y + h, x : x + w] = 1
            letters = mask.encode(bitmap)
            runs = [len(list(one)) for one in _runs(bitmap.ravel(order="F").tolist())]
            shape = [
                [[x, y, x + w, y, x + w, y + h, x, y + h]],
                {"size": [30, 40], "counts": runs},
                {"size": [30, 40], "counts": letters["counts"].decode()},
            ][int(rng.integers(3))]
            one = {"image_id": image, "category_id": int(rng.integers(1, 3))}
            area = {"area": float(w * h), "bbox": [x, y, w, h], "iscrowd": int(rng.random() < 0.2)}
            truth.append({**one, **area, "id": len(truth) + 1, "segmentation": shape})
            found = np.asfortranarray(np.roll(bitmap, int(rng.integers(0, 3)), axis=0))
            mine = {"size": [30, 40], "counts": mask.encode(found)["counts"].decode()}
            results.append({**one, "segmentation": mine, "score": round(float(rng.random()), 1)})
    images = [{"id": one, "width": 40, "height": 30} for one in (1, 2, 3)]
    return {"images": images, "categories": [{"id": 1}, {"id": 2}], "annotations": truth}, results


def _runs(bits):
    from itertools import groupby

    runs = [list(one) for _, one in groupby(bits)]
    return runs if not bits[0] else [[], *runs]


@pytest.mark.parametrize("seed", range(20))
def test_masks(seed):
    libraries = pair()
    truth, results = shaped(np.random.default_rng(seed))
    if not results:
        pytest.skip("there is nothing")
    (reference, text), (mine, my_text) = (
        said(lambda one: evaluation(one, truth, results, "segm"), one) for one in libraries
    )
    assert my_text == text
    assert_same(mine, reference)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools' own
@pytest.mark.parametrize("kind", ["bbox", "segm"])
@pytest.mark.skipif(not TRUTH.exists(), reason="the COCO conformance data is not there")
def test_the_demo_of_pycocotools(kind):
    """The steps of pycocoEvalDemo and pycocoDemo: load, evaluate a subset, look things up."""

    def demo(library):
        coco = library.COCO(str(TRUTH))
        found = coco.loadRes(str(FILES / f"instances_val2014_fake{kind}100_results.json"))
        images = sorted(coco.getImgIds())[:60]
        evaluated = library.COCOeval(coco, found, kind)
        evaluated.params.imgIds = images
        evaluated.evaluate()
        evaluated.accumulate()
        evaluated.summarize()
        classes = coco.getCatIds(catNms=["person", "dog"])
        with_them = sorted(coco.getImgIds(catIds=classes))
        chosen = coco.getAnnIds(imgIds=images, catIds=classes, areaRng=[100, 9000], iscrowd=False)
        rows = coco.loadAnns(coco.getAnnIds(imgIds=images[:20], iscrowd=None))
        masks = [coco.annToMask(one).sum() for one in rows]
        names = [one["name"] for one in coco.loadCats(coco.getCatIds(supNms="animal"))]
        files = [one["file_name"] for one in coco.loadImgs(images[:3])]
        return evaluated, (classes, with_them, chosen, masks, names, files)

    (reference, looked_up), text = said(demo, (libraries := pair())[0])
    (mine, my_looked_up), my_text = said(demo, libraries[1])
    assert my_text == text
    assert my_looked_up == looked_up
    assert_same(mine, reference)


def test_results_as_an_array_and_as_a_file(tmp_path):
    case = awkward_case(np.random.default_rng(3))
    truth = {key: case[key] for key in ("images", "categories", "annotations")}
    table = np.array([[one["image_id"], *one["bbox"], one["score"], one["category_id"]] for one in case["results"]])
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (tmp_path / "found.json").write_text(json.dumps(case["results"]))

    def stats(library, results):
        coco = library.COCO(str(tmp_path / "truth.json"))
        evaluated = library.COCOeval(coco, coco.loadRes(results), "bbox")
        evaluated.evaluate()
        evaluated.accumulate()
        evaluated.summarize()
        return evaluated.stats

    for results in (table, str(tmp_path / "found.json")):
        (expected, text), (mine, my_text) = (said(stats, one, results) for one in pair())
        assert my_text == text
        np.testing.assert_array_equal(mine, expected)


def test_annotation_ids_0_and_twice():
    case = awkward_case(np.random.default_rng(1))
    truth = {key: case[key] for key in ("images", "categories", "annotations")}
    assert len(truth["annotations"]) > 4
    truth["annotations"][0]["id"] = 0
    truth["annotations"][2]["id"] = truth["annotations"][3]["id"]
    (reference, _), (mine, _) = (said(lambda one: evaluation(one, truth, case["results"]), one) for one in pair())
    np.testing.assert_array_equal(mine.stats, reference.stats)
    np.testing.assert_array_equal(mine.eval["precision"], reference.eval["precision"])


def test_annotation_id_0_is_matched_and_does_not_count():
    box = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9]}
    truth = {"images": [{"id": 1}], "categories": [{"id": 1}]}
    truth["annotations"] = [{"id": one, **box, "area": 81, "iscrowd": 0} for one in (0, 7)]
    truth["annotations"][1]["bbox"] = [0, 0, 9, 8]
    results = [{**box, "score": score} for score in (0.9, 0.8, 0.7)]
    (reference, _), (mine, _) = (said(lambda one: evaluation(one, truth, results), one) for one in pair())
    assert mine.evalImgs[0]["gtMatches"][0].tolist() == [1, 2]
    assert_same(reference, mine)


def test_text_ids():
    box = {"bbox": [0, 0, 9, 9], "category_id": 1}
    images = [{"id": one} for one in ("b", "a", "007")]
    rows = [{**box, "id": n, "image_id": one["id"], "area": 81, "iscrowd": 0} for n, one in enumerate(images, 1)]
    results = [{**box, "image_id": "007", "score": 0.5}, {**box, "image_id": "a", "score": 0.4}]
    truth = {"images": images, "categories": [{"id": 1}], "annotations": rows}
    (reference, _), (mine, _) = (said(lambda one: evaluation(one, truth, results), one) for one in pair())
    assert_same(mine, reference)


def test_intervals_and_comparisons():
    """The interval is that of the metric coco_detection; an evaluation does not differ from itself."""
    rng = np.random.default_rng(0)
    images = [{"id": one} for one in range(1, 41)]
    rows, better, worse = [], [], []
    for image in range(1, 41):
        for _ in range(int(rng.integers(1, 5))):
            box = [*rng.integers(0, 200, 2).tolist(), *rng.integers(20, 60, 2).tolist()]
            one = {"image_id": image, "category_id": int(rng.integers(1, 3))}
            rows.append({**one, "bbox": box, "id": len(rows) + 1, "area": box[2] * box[3], "iscrowd": 0})
            near = [box[0] + float(rng.normal(0, 3)), *box[1:]]
            better.append({**one, "bbox": near, "score": float(rng.random())})
            if rng.random() < 0.6:
                worse.append(better[-1])
    truth = {"images": images, "categories": [{"id": 1}, {"id": 2}], "annotations": rows}
    (first, _), (second, _) = (said(lambda one: evaluation(ours, truth, one), one) for one in (better, worse))
    found = first.interval(resamples=200, seed=3)
    assert list(found)[:4] == ["AP", "AP50", "AP75", "APs"]
    assert len(found) == 12
    assert found["AP"].low < first.stats[0] < found["AP"].high
    differences = first.compare_to(second, resamples=200)
    assert differences["AP"].difference == pytest.approx(first.stats[0] - second.stats[0], abs=1e-12)
    assert differences["AP"].interval.low > 0
    assert differences["AP"].p_value < 0.05
    alike = first.compare_to(first, resamples=200)
    assert (alike["AP"].interval.low, alike["AP"].interval.high) == (0, 0)
    grouped = first.interval(resamples=200, clusters=np.arange(40) // 2)
    assert "20 clusters" in grouped["AP"].method
    second.params.maxDets = [1, 10, 50]
    said(second.evaluate)
    with pytest.raises(ValueError, match="compare_to: got evaluations with other maxDets"):
        first.compare_to(second)


def test_slips_are_told(tmp_path):
    case = awkward_case(np.random.default_rng(1))
    truth = {key: case[key] for key in ("images", "categories", "annotations")}
    (tmp_path / "broken.json").write_text('{"images": [')
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(DataError, match=r"broken\.json: is not JSON"):
        ours.COCO(tmp_path / "broken.json")
    with pytest.raises(DataError, match=r"list\.json: got a list, expected a COCO data set"):
        ours.COCO(tmp_path / "list.json")
    with pytest.raises(AssertionError, match="Results do not correspond to current coco set"):
        evaluation(ours, truth, [{**case["results"][0], "image_id": 999}])
    with pytest.raises(AssertionError, match="results in not an array of objects"):
        evaluation(ours, truth, {"annotations": []})
    with pytest.raises(ValueError, match="iouType: got 'box', expected segm, bbox or keypoints"):
        ours.COCOeval(iouType="box")
    with pytest.raises(RuntimeError, match="Please run accumulate"):
        ours.COCOeval(iouType="bbox").summarize()
    with pytest.raises(RuntimeError, match="Please run evaluate"):
        ours.COCOeval(iouType="bbox").interval()
    with pytest.raises(ValueError, match="recalls"):
        evaluation(ours, truth, case["results"], recThrs=[0.5, 0.1])
    # where pycocotools raises IndexError
    (mine, _) = said(lambda: evaluation(ours, truth, []))
    assert set(mine.stats[[0, 1, 8]]) == {0}


def test_the_terminal_takes_no_commands(capsys):
    coco = ours.COCO()
    coco.dataset = {"info": {"description": "red \x1b[31m"}}
    coco.info()
    assert capsys.readouterr().out == "description: red \\x1b[31m\n"
