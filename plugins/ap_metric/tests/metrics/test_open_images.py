"""Open Images: groups, verified labels, hierarchy, against the evaluator's steps written out."""

from __future__ import annotations

import json

import numpy as np
import pytest
from a4eval_ap_metric import open_images_match, voc_average_precision
from a4eval_ap_metric.rankings.average_precision import average_precision

from a4eval import ConfigError, DataError, Run, build

from ..coco_cases import arrays_of_case, awkward_case


def overlap(first, second, *, of_first):
    (x, y, w, h), (a, b, c, d) = first, second
    width, height = min(x + w, a + c) - max(x, a), min(y + h, b + d) - max(y, b)
    both = width * height if width > 0 and height > 0 else 0.0
    return both / (w * h) if of_first else both / (w * h + c * d - both)


def by_the_steps(data, groups, verified, *, count):
    """The challenge's evaluator, image by image and class by class."""
    found = {one: [] for one in range(data.n_classes)}
    for unit in range(data.n_units):
        for one in range(data.n_classes):
            truths = np.flatnonzero((data.truth_unit == unit) & (data.truth_class == one))
            if verified is not None and not len(truths) and one * data.n_units + unit not in verified:
                continue
            rows = np.flatnonzero((data.detection_unit == unit) & (data.detection_class == one))
            rows = sorted(rows, key=lambda row: -data.detection_score[row])
            single, group = truths[~groups[truths]], truths[groups[truths]]
            taken, best_of = set(), {}
            for row in rows:
                box = data.detection_box[row]
                values = [overlap(box, data.truth_box[g], of_first=False) for g in single]
                if values and max(values) >= 0.5 and single[int(np.argmax(values))] not in taken:
                    taken.add(single[int(np.argmax(values))])
                    found[one].append((data.detection_score[row], True))
                    continue
                shares = [overlap(box, data.truth_box[g], of_first=True) for g in group]
                if shares and max(shares) >= 0.5:
                    best = group[int(np.argmax(shares))]
                    best_of[best] = max(best_of.get(best, 0), data.detection_score[row])
                    continue
                found[one].append((data.detection_score[row], False))
            if count:
                found[one] += [(score, True) for score in best_of.values()]
    values = []
    for one in range(data.n_classes):
        n = int(np.count_nonzero((data.truth_class == one) & (count | ~groups)))
        scores, hits = [row[0] for row in found[one]], [row[1] for row in found[one]]
        values.append(average_precision(scores, hits, interpolation="every_point", n_relevant=n) if n else np.nan)
    return values


@pytest.mark.parametrize("count", [True, False])
@pytest.mark.parametrize("with_labels", [True, False])
def test_awkward_cases_by_the_steps(count, with_labels):
    for seed in range(150):
        rng = np.random.default_rng(seed)
        case = awkward_case(rng)
        for one in case["results"]:
            one["score"] = float(rng.random())
        data = arrays_of_case(case)
        groups = rng.random(len(data.truth_unit)) < 0.4
        pairs = np.flatnonzero(rng.random(data.n_units * data.n_classes) < 0.4) if with_labels else None
        matches = open_images_match(data, groups, pairs, groups_count=count)
        got = voc_average_precision(matches, data.n_classes, "every_point")
        expected = by_the_steps(data, groups, None if pairs is None else set(pairs.tolist()), count=count)
        np.testing.assert_allclose(got, expected, atol=1e-14, err_msg=f"seed {seed}")


HEADER = "ImageID,LabelName,XMin,XMax,YMin,YMax"
TRUTH = f"{HEADER},IsGroupOf\na,/m/lion,0.1,0.3,0.1,0.5,0\na,/m/cat,0.5,0.9,0.5,0.9,1\n"
FOUND = f"{HEADER},Score\na,/m/lion,0.1,0.3,0.1,0.5,0.9\na,/m/cat,0.6,0.7,0.6,0.7,0.8\na,/m/cat,0.7,0.8,0.7,0.8,0.7\n"
TREE = {"LabelName": "/m/entity", "Subcategory": [{"LabelName": "/m/cat", "Subcategory": [{"LabelName": "/m/lion"}]}]}


def evaluated(tmp_path, found=FOUND, labels=None, tree=None, **metric):
    node = {"name": "open_images", "ground_truth": "truth.csv", "detections": "found.csv"}
    for key, name, text in (
        ("ground_truth", "truth.csv", TRUTH),
        ("detections", "found.csv", found),
        ("labels", "labels.csv", labels),
        ("hierarchy", "tree.json", tree),
    ):
        if text is not None:
            (tmp_path / name).write_text(text)
            node[key] = str(tmp_path / name)
    task = {"name": "evaluate", "data": node, "metrics": {"ap": {"name": "open_images_detection", **metric}}}
    result = build("task", task).run(Run(directory=tmp_path))
    chart = result.charts["ap"]
    assert chart["data"] == {"name": "ap"}
    assert {one["field"] for one in chart["encoding"]["tooltip"]} == set(result.tables["ap"][0]), "each column is told"
    return {row["class"]: row["average_precision"] for row in result.tables["ap"]}, result.metrics["ap"].value


def test_files_groups_labels_and_hierarchy(tmp_path):
    assert evaluated(tmp_path) == ({"/m/cat": 1, "/m/lion": 1}, 1)
    # a group that only absorbs leaves the class without a truth
    classes, value = evaluated(tmp_path, groups_count=False)
    assert np.isnan(classes["/m/cat"])
    assert value == 1
    # a lion is a cat: one more cat to find, which the detection of the lion, being no cat, does not
    classes, _ = evaluated(tmp_path, tree=json.dumps(TREE))
    assert classes == {"/m/cat": 0.5, "/m/lion": 1}
    # image b was not looked at for lions
    more = FOUND + "b,/m/lion,0.1,0.3,0.1,0.5,0.95\n"
    assert evaluated(tmp_path, more)[0]["/m/lion"] == 0.5
    labels = "ImageID,LabelName,Confidence\na,/m/lion,1\nb,/m/dog,0\n"
    assert evaluated(tmp_path, more, labels)[0]["/m/lion"] == 1
    assert evaluated(tmp_path, more, labels + "b,/m/lion,0\n")[0]["/m/lion"] == 0.5


def test_weights_are_copies_of_images(tmp_path):
    metric = build("metric", "open_images_detection")
    evaluated(tmp_path)
    node = {
        "name": "open_images",
        "ground_truth": str(tmp_path / "truth.csv"),
        "detections": str(tmp_path / "found.csv"),
    }
    for batch in build("reader", node).batches(Run(directory=tmp_path)):
        metric.update(batch)
    assert metric.compute(np.array([3.0]))["mean_average_precision"].value == 1
    assert np.isnan(metric.compute(np.array([0.0]))["mean_average_precision"].value)


def test_bad_input_is_refused(tmp_path):
    with pytest.raises(DataError, match="no column 'Score'"):
        evaluated(tmp_path, FOUND.replace("Score", "Rank"))
    with pytest.raises(DataError, match="column 'XMin': row 1: got 'left', expected a number"):
        evaluated(tmp_path, FOUND.replace("0.1,0.3", "left,0.3"))
    with pytest.raises(DataError, match="not a hierarchy"):
        evaluated(tmp_path, tree="[1]")
    with pytest.raises(ConfigError, match="threshold: got 2"):
        build("metric", {"name": "open_images_detection", "threshold": 2.0})


@pytest.mark.parametrize("cell", ["2", "nan", "0.5"])
def test_a_group_or_a_confidence_that_cannot_be_is_refused(tmp_path, cell):
    evaluated(tmp_path)
    node = {one: str(tmp_path / f"{name}.csv") for one, name in (("ground_truth", "truth"), ("detections", "found"))}
    (tmp_path / "truth.csv").write_text(TRUTH.replace("0.9,1\n", f"0.9,{cell}\n"))
    with pytest.raises(DataError, match=f"column 'IsGroupOf': row 2: got {cell}, expected 0, 1 or -1"):
        list(build("reader", {"name": "open_images", **node}).batches(Run(directory=tmp_path)))
    (tmp_path / "truth.csv").write_text(TRUTH)
    (tmp_path / "labels.csv").write_text(f"ImageID,LabelName,Confidence\na,/m/lion,{cell}\n")
    node["labels"] = str(tmp_path / "labels.csv")
    batches = build("reader", {"name": "open_images", **node}).batches(Run(directory=tmp_path))
    if cell == "0.5":  # of a machine
        assert len(list(batches)) == 1
        return
    with pytest.raises(DataError, match=f"column 'Confidence': row 1: got {cell}, expected 0 to 1"):
        list(batches)
