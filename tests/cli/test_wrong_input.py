"""Data that is not what it claims to be: one clear line, a failed record, exit status 1; never a number."""

from __future__ import annotations

import json

import pytest

COCO = {
    "images": [{"id": 1, "width": 100, "height": 100}],
    "categories": [{"id": 1, "name": "cat"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20], "area": 400, "iscrowd": 0}],
}
DETECTION = {"image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20], "score": 0.9}


@pytest.fixture
def coco(cli, tmp_path):
    """Run detection/coco on a ground truth and detections given as objects or text."""

    def run(truth, detections):
        for name, content in (("truth.json", truth), ("found.json", detections)):
            if content is not None:
                text = content if isinstance(content, str) else json.dumps(content)
                (tmp_path / name).write_text(text)
        return cli(
            "run", "experiment=detection/coco", "hydra.run.dir=out", "pictures=false",
            "task.data.ground_truth=truth.json", "task.data.detections=found.json",
        )  # fmt: skip

    return run


def detection(**changes):
    return [{**DETECTION, **changes}]


def truth(**changes):
    return {**COCO, "annotations": [{**COCO["annotations"][0], **changes}]}


def test_the_unspoilt_data_is_fine(coco):
    done = coco(COCO, [DETECTION])
    assert done.code == 0, done.err
    assert done.record["metrics"]["AP"]["value"] == pytest.approx(1, abs=1e-15)


WRONG = {
    "no ground truth file": (None, [DETECTION], ["truth.json", "cannot be read: No such file or directory"]),
    "no detections file": (COCO, None, ["found.json", "cannot be read: No such file or directory"]),
    "empty file": (COCO, "", ["found.json"]),
    "cut short": (COCO, json.dumps([DETECTION])[:-9], ["found.json"]),
    "not JSON": ("<xml/>", [DETECTION], ["truth.json"]),
    "an object for a list": (COCO, {"detections": []}, ["found.json", "array"]),
    "a list for an object": ([], [DETECTION], ["truth.json", "object"]),
    "no images": ({"annotations": [], "categories": []}, [], ["truth.json", "images"]),
    "no box": (COCO, [{"image_id": 1, "category_id": 1, "score": 0.5}], ["found.json"]),
    "three numbers": (COCO, detection(bbox=[1, 2, 3]), ["found.json"]),
    "a word in a box": (COCO, detection(bbox=[1, 2, 3, "4"]), ["found.json"]),
    "NaN in a box": (COCO, json.dumps(detection(bbox=[1, 2, 3, float("nan")])), ["found.json"]),
    "infinite score": (COCO, json.dumps(detection(score=float("inf"))), ["found.json"]),
    "a word for a score": (COCO, detection(score="high"), ["found.json", "score"]),
    "a box of negative width": (COCO, detection(bbox=[10, 10, -5, 5]), ["found.json"]),
    "an unknown image": (COCO, detection(image_id=7), ["found.json", "7"]),
    "an annotation of an unknown category": (truth(category_id=7), [DETECTION], ["truth.json", "7"]),
}

DOUBTFUL = {
    "a detection of an unknown category": (COCO, [DETECTION, {**DETECTION, "category_id": 7}], "classes"),
    "the same annotation id twice": ({**COCO, "annotations": COCO["annotations"] * 2}, [DETECTION], "annotation"),
    "the same detection twice": (COCO, [DETECTION, DETECTION], "repeat"),
    "a score above one": (COCO, detection(score=90), "score"),
}


@pytest.mark.parametrize(("ground_truth", "detections", "words"), WRONG.values(), ids=WRONG)
def test_a_spoilt_coco_file_is_named(coco, tmp_path, ground_truth, detections, words):
    done = coco(ground_truth, detections)
    assert done.code == 1
    assert done.err.startswith("a4eval: error: ")
    assert done.err.count("\n") == 1
    for word in words:
        assert word in done.err
    record = json.loads((tmp_path / "out" / "result.json").read_text())
    assert (record["status"], record["error"]["type"], record["metrics"]) == ("failed", "DataError", {})


@pytest.mark.parametrize(("ground_truth", "detections", "word"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_doubtful_data_is_evaluated_with_a_warning(coco, tmp_path, ground_truth, detections, word):
    done = coco(ground_truth, detections)
    assert done.code == 0, done.err
    warnings = json.loads((tmp_path / "out" / "result.json").read_text())["warnings"]
    assert any(word in warning for warning in warnings), warnings
    assert done.err.startswith("a4eval: warning: ")


RANKING = {
    "lengths": ("task.data.scores=[1,2]", "task.data"),
    "empty": ("task.data.relevance=[]", "task.data"),
    "NaN score": ("task.data.scores=[.nan,1,2,3,4,5,6,7,8,9]", ""),
    "type": ("task.data.relevance=[1,maybe]", "task.data.relevance: got [1, 'maybe']"),
    "unknown interpolation": (
        "task.metrics.step.interpolation=stpe",
        "task.metrics.step.interpolation: got 'stpe'",
    ),
}


@pytest.mark.parametrize(("override", "message"), RANKING.values(), ids=RANKING)
def test_a_spoilt_ranking_is_refused(cli, override, message):
    done = cli("run", "experiment=assignment4/q3_interpolated_ap", override)
    assert done.code in (1, 2)
    assert done.err.startswith(f"a4eval: error: {message}")
    assert done.err.count("\n") == 1


LIMITS = {
    "c too large": ("q5_l2_vs_iou", "task.c=2", 2),
    "c not positive": ("q5_l2_vs_iou", "task.c=0", 2),
    "c NaN": ("q5_l2_vs_iou", "task.c=.nan", 2),
    "no hidden units": ("q1_bptt", "task.layer.hidden=0", 2),
}


@pytest.mark.parametrize(("question", "override", "code"), LIMITS.values(), ids=LIMITS)
def test_a_value_out_of_range_is_refused_before_the_run(cli, tmp_path, question, override, code):
    done = cli("run", f"experiment=assignment4/{question}", override)
    assert done.code == code
    assert done.err.startswith("a4eval: error: task")
    assert done.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
