"""Masks and keypoints against pycocotools."""

from __future__ import annotations

import contextlib
import io
import json

import numpy as np
import pytest
from a4eval_ap_metric import coco_arrays, read_coco
from a4eval_ap_metric.detections.sigmas import named_sigmas

from a4eval import ConfigError, DataError, Run, build

from ..shared_data import SHARED

FILES = SHARED / "coco_val2014_100"
TRUTH = FILES / "instances_val2014_100.json"
RESULTS = FILES / "instances_val2014_fakesegm100_results.json"


def pycocotools_evaluation(truth, results, kind, sigmas=None):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        loaded = COCO(str(truth))
        evaluation = COCOeval(loaded, loaded.loadRes(str(results)), kind)
        if sigmas is not None:
            evaluation.params.kpt_oks_sigmas = np.array(sigmas)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def evaluated(truth, results, geometry, **parameters):
    metric = build("metric", {"name": "coco_detection", "geometry": geometry, **parameters})
    metric.update(read_coco(truth, results, geometry=geometry))
    return metric


@pytest.mark.skipif(not TRUTH.exists(), reason="the COCO conformance data is not there")
def test_masks_of_real_files_equal_pycocotools():
    pytest.importorskip("pycocotools", reason="pycocotools computes the overlap of masks")
    metric = evaluated(TRUTH, RESULTS, "mask")
    values = [value.value for value in metric.compute().values()]
    assert values[0] == pytest.approx(0.3195452758576433, abs=1e-12)
    expected = pycocotools_evaluation(TRUTH, RESULTS, "segm")
    np.testing.assert_array_equal(values, expected.stats)
    precision = coco_arrays(metric.matches).precision
    np.testing.assert_array_equal(np.where(np.isnan(precision), -1, precision), expected.eval["precision"])


def people(rng, n_images=6, n_points=17):
    """Return a keypoint data set: people with some, all or no visible joints, crowds, and detections near them."""
    annotations, results = [], []
    for image in range(1, n_images + 1):
        for _ in range(int(rng.integers(0, 5))):
            corner, size = rng.uniform(0, 300, 2), rng.uniform(20, 200, 2)
            points = np.column_stack([corner + rng.random((n_points, 2)) * size, rng.integers(0, 3, n_points)])
            if rng.random() < 0.2:
                points[:, 2] = 0
            points[points[:, 2] == 0, :2] = 0
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image,
                    "category_id": 1,
                    "bbox": [*corner.tolist(), *size.tolist()],
                    "area": float(size.prod() * 0.6),
                    "iscrowd": int(rng.random() < 0.1),
                    "keypoints": points.ravel().tolist(),
                    "num_keypoints": int((points[:, 2] > 0).sum()),
                }
            )
            for _ in range(int(rng.integers(0, 4))):
                found = corner + rng.random((n_points, 2)) * size
                seen = points[:, 2] > 0
                found[seen] = points[seen, :2] + rng.normal(size=(int(seen.sum()), 2)) * rng.choice([1, 5, 20])
                flat = np.column_stack([found, np.ones(n_points)]).ravel().tolist()
                results.append({"image_id": image, "category_id": 1, "keypoints": flat, "score": float(rng.random())})
    truth = {
        "images": [{"id": one, "width": 640, "height": 480} for one in range(1, n_images + 1)],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": annotations,
    }
    return truth, results


def written(tmp_path, truth, results):
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (tmp_path / "results.json").write_text(json.dumps(results))
    return tmp_path / "truth.json", tmp_path / "results.json"


def test_keypoints_equal_pycocotools(tmp_path):
    pytest.importorskip("pycocotools", reason="pycocotools is the reference")
    areas = {"m": [1024, 9216], "l": [9216, 1e10]}
    for seed in range(40):
        files = written(tmp_path, *people(np.random.default_rng(seed)))
        metric = evaluated(*files, "keypoints", areas=areas, max_detections=[20])
        assert metric.names == ("AP", "AP50", "AP75", "APm", "APl", "AR20", "AR50", "AR75", "ARm", "ARl")
        expected = pycocotools_evaluation(*files, "keypoints")
        arrays = coco_arrays(metric.matches)
        for name in ("precision", "recall", "scores"):
            got = getattr(arrays, name)
            np.testing.assert_allclose(
                np.where(np.isnan(got), -1, got), expected.eval[name], atol=1e-12, err_msg=f"seed {seed}: {name}"
            )
        values = [value.value for value in metric.compute().values()]
        np.testing.assert_allclose(
            np.where(np.isnan(values), -1, values),
            expected.stats,
            atol=1e-12,
        )


def test_charts_of_keypoints_name_what_a_match_is_judged_by(tmp_path):
    files = written(tmp_path, *people(np.random.default_rng(1)))
    areas = {"m": [1024, 9216], "l": [9216, 1e10]}
    metric = evaluated(*files, "keypoints", areas=areas, max_detections=[20], report=["curve", "thresholds"])
    charts, curve = metric.charts(), metric.tables()["curve"]
    assert charts["thresholds"]["encoding"]["x"]["title"] == "OKS"
    named = [one.replace("\\.", ".") for one in charts["curve"]["transform"][0]["fold"]]
    assert named == [one for one in curve[0] if one != "recall"]
    assert named[0] == "OKS 0.5"


@pytest.mark.parametrize(
    ("sigmas", "n"), [("crowdpose", 14), ("coco_wholebody", 133), ([0.05, 0.1, 0.02], 3), ([0.1], 1)]
)
def test_any_number_of_keypoints_equals_pycocotools(tmp_path, sigmas, n):
    pytest.importorskip("pycocotools", reason="pycocotools is the reference")
    for seed in range(6):
        files = written(tmp_path, *people(np.random.default_rng(seed), n_points=n))
        areas = {"m": [1024, 9216], "l": [9216, 1e10]}
        metric = evaluated(*files, "keypoints", areas=areas, max_detections=[20], sigmas=sigmas)
        expected = pycocotools_evaluation(*files, "keypoints", named_sigmas(sigmas))
        values = np.array([value.value for value in metric.compute().values()])
        np.testing.assert_allclose(np.nan_to_num(values, nan=-1), expected.stats, atol=1e-12)
        weighted = [value.value for value in metric.compute(np.ones(len(metric.units))).values()]
        np.testing.assert_array_equal(weighted, values)


def test_sigmas_fit_the_keypoints(tmp_path):
    files = written(tmp_path, *people(np.random.default_rng(0), n_points=5))
    with pytest.raises(DataError, match=r"got 5 of each object, expected 17, .* set sigmas of the metric to coco"):
        evaluated(*files, "keypoints").compute()
    for sigmas, words in (("hand", "sigmas: got 'hand', expected coco"), ([0.1, 0], "expected numbers above 0")):
        with pytest.raises(ConfigError, match=words):
            build("metric", {"name": "coco_detection", "sigmas": sigmas})
    truth, results = people(np.random.default_rng(0))
    results[1]["keypoints"] = results[1]["keypoints"][:9]
    with pytest.raises(DataError, match="entry 1: keypoints: got 9 numbers, expected 51 as in entry 0"):
        read_coco(*written(tmp_path, truth, results), geometry="keypoints")


def test_recalls_at_single_thresholds_of_boxes_too():
    metric = build("metric", {"name": "coco_detection", "single_recalls": True})
    assert metric.names[-5:] == ("AR50", "AR75", "ARs", "ARm", "ARl")


def test_polygons_and_plain_run_lengths_are_masks(tmp_path):
    pytest.importorskip("pycocotools", reason="pycocotools reads polygons")
    square = [[10, 10, 30, 10, 30, 30, 10, 30]]
    truth = {
        "images": [{"id": 1, "width": 40, "height": 40}],
        "categories": [{"id": 1}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20], "segmentation": square}],
    }
    counts = [10 * 40 + 10]
    for _ in range(19):
        counts += [20, 20]
    counts += [20, 40 * 40 - sum(counts) - 20]
    runs = {"size": [40, 40], "counts": counts}
    for shape in (square, runs):
        results = [{"image_id": 1, "category_id": 1, "segmentation": shape, "score": 0.5}]
        metric = evaluated(*written(tmp_path, truth, results), "mask")
        assert metric.compute()["AP"].value == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("geometry", "shape", "words"),
    [
        ("mask", {}, "results.json: entry 0: segmentation: got None, expected polygons or run lengths"),
        ("mask", {"segmentation": {"size": [4, 4]}}, "entry 0: segmentation: counts: got None, expected a list"),
        ("keypoints", {"keypoints": [1, 2]}, "entry 0: keypoints: got 2 numbers, expected x, y, visibility"),
        ("keypoints", {}, "entry 0: keypoints: got 0 numbers"),
    ],
)
def test_bad_shapes_are_refused(tmp_path, geometry, shape, words):
    pytest.importorskip("pycocotools", reason="the overlap of masks is pycocotools'")
    truth = {"images": [{"id": 1, "width": 4, "height": 4}], "categories": [{"id": 1}], "annotations": []}
    results = [{"image_id": 1, "category_id": 1, "score": 0.5, **shape}]
    with pytest.raises(DataError, match=words):
        read_coco(*written(tmp_path, truth, results), geometry=geometry)


def test_a_metric_on_masks_wants_masks(tmp_path):
    pytest.importorskip("pycocotools", reason="the overlap of masks is pycocotools'")
    truth, results = people(np.random.default_rng(0))
    results = [one | {"bbox": [0, 0, 1, 1]} for one in results]
    node = {
        "name": "evaluate",
        "data": dict(zip(("ground_truth", "detections"), map(str, written(tmp_path, truth, results)), strict=True)),
        "metrics": {"coco": {"name": "coco_detection", "geometry": "mask"}},
    }
    node["data"]["name"] = "coco"
    with pytest.raises(DataError, match="no column 'detection_mask'"):
        build("task", node).run(Run(directory=tmp_path))
