"""Agreement of matched boxes: the matching against loops and pycocotools, the numbers against plain numpy."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from a4eval_box_metrics import CentreL2, IoU, generalized_iou, iou, match_detections
from hypothesis import given, settings
from hypothesis import strategies as st

from a4eval import ConfigError, DataError, Run, build

DATA = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "coco_val2014_100"


def random_batch(rng, images=6, first=0):
    """Return a detection batch of few classes on a coarse grid, so that ties and contests are common."""

    def boxes(n):
        return np.concatenate([rng.integers(0, 12, (n, 2)) * 4, rng.integers(1, 6, (n, 2)) * 6], axis=1).astype(float)

    truths, detections = rng.integers(15, 40), rng.integers(40, 90)
    return {
        "unit": np.arange(first, first + images),
        "truth_unit": rng.integers(0, images, truths),
        "truth_class": rng.integers(1, 4, truths) * 10,
        "truth_box": boxes(truths),
        "truth_area": rng.integers(1, 20_000, truths).astype(float),
        "truth_crowd": rng.random(truths) < 0.1,
        "detection_unit": rng.integers(0, images, detections),
        "detection_class": rng.integers(1, 5, detections) * 10,
        "detection_box": boxes(detections),
        "detection_score": rng.integers(0, 10, detections) / 10,
    }


def match_by_loops(batch, similarity, threshold, *, distance=False):
    partner = {}
    for d in np.argsort(-batch["detection_score"], kind="stable"):
        best, best_value = None, None
        for t in range(len(batch["truth_box"])):
            same = (
                batch["truth_unit"][t] == batch["detection_unit"][d]
                and batch["truth_class"][t] == batch["detection_class"][d]
            )
            if not same or batch["truth_crowd"][t] or t in partner.values():
                continue
            value = similarity.elementwise(batch["detection_box"][d], batch["truth_box"][t], format="xywh")
            value = -value if distance else value
            if value >= (-threshold if distance else threshold) and (best is None or value >= best_value):
                best, best_value = t, value
        if best is not None:
            partner[int(d)] = best
    return sorted(partner.items())


@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.5, 0.75]))
@settings(max_examples=40)
def test_matching_is_greedy_by_score(seed, threshold):
    batch = random_batch(np.random.default_rng(seed))
    found = list(zip(*(rows.tolist() for rows in match_detections(batch, IoU(), threshold)), strict=True))
    assert found == match_by_loops(batch, IoU(), threshold)
    found = list(zip(*(rows.tolist() for rows in match_detections(batch, CentreL2(), 20 * threshold)), strict=True))
    assert found == match_by_loops(batch, CentreL2(), 20 * threshold, distance=True)


@pytest.fixture(scope="module")
def coco_batch():
    if not DATA.is_dir():
        pytest.skip("the COCO sample is not beside the project")
    node = {
        "name": "coco",
        "ground_truth": str(DATA / "instances_val2014_100.json"),
        "detections": str(DATA / "instances_val2014_fakebbox100_results.json"),
    }
    try:
        reader = build("reader", node)
    except ConfigError:
        pytest.skip("a4eval-ap-metric is not installed")
    (batch,) = reader.batches(Run(directory=Path("unused")))
    return batch


def test_matches_are_pycocotools_on_real_data(coco_batch):
    coco = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed")
    cocoeval = pytest.importorskip("pycocotools.cocoeval", reason="pycocotools is not installed")
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco.COCO(str(DATA / "instances_val2014_100.json"))
        found = truth.loadRes(str(DATA / "instances_val2014_fakebbox100_results.json"))
        evaluation = cocoeval.COCOeval(truth, found, "bbox")
        evaluation.evaluate()
    crowd = {one["id"] for one in truth.dataset["annotations"] if one["iscrowd"]}
    expected = set()
    for one in evaluation.evalImgs[: len(evaluation.evalImgs)]:
        if one is not None and one["aRng"] == [0, 1e10]:
            pairs = zip(one["dtIds"], one["dtMatches"][0], strict=True)
            expected |= {(int(d), int(t)) for d, t in pairs if t and int(t) not in crowd}
    truth_ids = [one["id"] for one in truth.dataset["annotations"]]
    detection, true = match_detections(coco_batch, IoU(), 0.5)
    assert {(int(d) + 1, truth_ids[t]) for d, t in zip(detection, true, strict=True)} == expected
    assert len(expected) > 600


def test_values_on_real_data(coco_batch):
    metric = build("metric", {"name": "matched_box_agreement", "quantiles": [0.25, 0.5]})
    metric.update(coco_batch)
    values = metric.compute()
    assert list(values) == list(metric.names)
    detection, truth = match_detections(coco_batch, IoU(), 0.5)
    predicted, true = coco_batch["detection_box"][detection], coco_batch["truth_box"][truth]
    overlap = iou(predicted, true, format="xywh")
    assert values["iou_mean"].value == pytest.approx(overlap.mean(), rel=1e-14)
    assert values["iou_p50"].value == np.sort(overlap)[int(np.ceil(len(overlap) / 2)) - 1]
    assert values["generalized_iou_mean"].value == pytest.approx(generalized_iou(predicted, true, format="xywh").mean())
    assert values["matched"].value == len(detection)
    assert values["matched_truths"].value == len(detection) / (~coco_batch["truth_crowd"]).sum()
    assert values["matched_detections"].value == len(detection) / len(coco_batch["detection_box"])
    assert values["centre_l2_mean"].unit == "pixels"
    assert values["centre_l2_mean"].higher_is_better is False
    tables = metric.tables()
    assert sum(row["matched"] for row in tables["by_class"]) == len(detection)
    assert sum(row["matched"] for row in tables["by_size"]) == len(detection)
    large = coco_batch["truth_area"][truth] >= 96**2
    assert tables["by_size"][2]["iou"] == pytest.approx(overlap[large].mean(), rel=1e-14)
    assert tables["by_class"][0]["name"] == "person"


def test_nothing_matched_is_nan():
    metric = build("metric", "matched_box_agreement")
    assert np.isnan(metric.compute()["iou_mean"].value)
    metric.update(random_batch(np.random.default_rng(0)) | empty("truth"))
    values = metric.compute()
    assert values["matched"].value == 0
    assert np.isnan(values["iou_p50"].value)
    assert np.isnan(values["matched_truths"].value)


def empty(side):
    columns = {f"{side}_unit": np.empty(0, int), f"{side}_class": np.empty(0, int), f"{side}_box": np.empty((0, 4))}
    return columns | {"truth_area": np.empty(0), "truth_crowd": np.empty(0, bool)}


def test_bad_boxes_and_parameters():
    batch = random_batch(np.random.default_rng(5))
    batch["truth_box"] = batch["truth_box"].copy()
    batch["truth_box"][:, 2] = np.nan
    with pytest.raises(DataError, match=r"matched boxes: truth, row 0: .* is not finite"):
        build("metric", "matched_box_agreement").update(batch)
    for parameters, text in [
        ({"quantiles": [0.5, 2]}, r"task.m.quantiles\[1\]: got 2"),
        ({"similarities": {}}, "task.m: similarities is empty"),
        ({"threshold": float("nan")}, "task.m.threshold: got nan, expected finite"),
        ({"similarities": {"x": "iuo"}}, r"task.m.similarities.x.name: no similarity 'iuo'"),
    ]:
        with pytest.raises(ConfigError, match=text):
            build("metric", {"name": "matched_box_agreement", **parameters}, path="task.m")
