"""The images whose errors cost most: what is marked on them is what the other metrics count."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from a4eval_ap_metric import tide_errors
from a4eval_ap_metric.measures.confusion import confusion_matrix
from a4eval_ap_metric.measures.errors import KINDS
from a4eval_ap_metric.metrics import in_parts, marks
from a4eval_ap_metric.metrics.marks import hundredths

from a4eval import DataError, Run, build

from ..brute_force import plain
from ..coco_cases import busy_case
from .test_coco import batch_of
from .test_diagnostics import batch

ALL = {"name": "detection_examples", "images": 30, "marks": 80}


def fed(data, node=ALL, **more):
    metric = build("metric", node)
    names = np.array([f"class {index}" for index in range(data.n_classes)])
    metric.update(batch(data, **{"class": np.arange(data.n_classes), "class_name": names, **more}))
    return metric


@pytest.mark.parametrize("seed", range(8))
def test_what_is_marked_is_what_tide_and_the_confusion_matrix_count(seed):
    data = plain(seed)
    tables = fed(data, {**ALL, "score": 0.3}).tables()
    marks = tables["marks"]
    counts = tide_errors(data).count
    assert Counter(row["error"] for row in marks if row["error"]) == Counter({k: n for k, n in counts.items() if n})
    shown = {int(row["picture"]) for row in tables["pictures"]}
    wanted = confusion_matrix(data, score=0.3)
    names = [*(f"class {index}" for index in range(data.n_classes)), "background"]
    cells = Counter(
        (row["truth"], row["detected"])
        for row in marks
        if row.get("truth") and (row["score"] is None) == (row["truth"] != "background")
    )
    whole = {(names[a], names[b]): int(wanted[a, b]) for a, b in zip(*wanted.nonzero(), strict=True) if a != b}
    if shown == set(range(data.n_units)):
        assert cells == whole
    else:  # images without an error are not shown
        assert all(cells[cell] <= whole[cell] for cell in cells)
    for row in tables["pictures"]:
        mine = [mark for mark in marks if mark["picture"] == row["picture"]]
        assert row["errors"] == sum(mark["error"] is not None for mark in mine)
        assert row["cost"] == pytest.approx(sum(mark.get("cost") or 0 for mark in mine), rel=0.01)


def test_the_boxes_are_those_of_the_image():
    data = plain(2)
    tables = fed(data, unit_width=np.full(data.n_units, 640.0), unit_height=np.full(data.n_units, 480.0)).tables()
    for picture in tables["pictures"]:
        image = int(picture["picture"])
        assert (picture["width"], picture["height"], picture["file"]) == (640, 480, None)
        boxes = sorted(
            [
                *data.truth_box[data.truth_unit == image].tolist(),
                *data.detection_box[data.detection_unit == image].tolist(),
            ]
        )
        found = sorted(
            [row[one] for one in ("x", "y", "width", "height")]
            for row in tables["marks"]
            if row["picture"] == picture["picture"]
        )
        np.testing.assert_allclose(found, boxes, atol=0.006)


def test_an_image_of_unknown_size_is_as_large_as_its_boxes_reach():
    data = plain(2)
    picture = fed(data).tables()["pictures"][0]
    mine = data.truth_box[data.truth_unit == int(picture["picture"])]
    assert picture["width"] >= (mine[:, 0] + mine[:, 2]).max()


def test_of_more_marks_the_costly_ones_are_kept():
    data = plain(3)
    whole, few = fed(data).tables(), fed(data, {**ALL, "marks": 3}).tables()
    for picture in few["pictures"]:
        mine = [row for row in whole["marks"] if row["picture"] == picture["picture"]]
        kept = [row for row in few["marks"] if row["picture"] == picture["picture"]]
        assert kept == mine[:3]
        costs = [row.get("cost") or 0 for row in mine]
        assert costs == sorted(costs, reverse=True)


def two(seed):
    """Return a data set and the same with other detections."""
    data = plain(seed)
    rng = np.random.default_rng(seed)
    return data, replace(data.with_detections(np.flatnonzero(rng.random(len(data.detection_unit)) < 0.6)))


@pytest.mark.parametrize("seed", range(6))
def test_flips_are_found_by_one_and_missed_by_the_other(seed, tmp_path):
    data, fewer = two(seed)
    first, second = fed(data), fed(fewer)
    tables = first.contrast(second, Run(tmp_path / "run"))
    found = [
        {
            (row["picture"], row["class"], row["x"], row["y"], row["width"])
            for row in metric.tables()["marks"]
            if row["outcome"] == "found"
        }
        for metric in (first, second)
    ]
    flips = {
        kind: {
            (row["picture"], row["class"], row["x"], row["y"], row["width"])
            for row in tables["marks"]
            if row.get("flip") == kind and row["pane"] == "first"
        }
        for kind in ("lost", "gained")
    }
    shown = {row["picture"] for row in first.tables()["pictures"]} & {
        row["picture"] for row in second.tables()["pictures"]
    }
    for kind, wanted in (("lost", found[0] - found[1]), ("gained", found[1] - found[0])):
        assert {one for one in flips[kind] if one[0] in shown} == {one for one in wanted if one[0] in shown}
    costs = [row["cost of lost"] for row in tables["pictures"]]
    assert costs == sorted(costs, reverse=True)
    for row in tables["marks"]:
        if row.get("flip") == "lost":
            assert row["outcome"] == ("found" if row["pane"] == "first" else "missed")


def test_other_truths_cannot_be_compared(tmp_path):
    data, fewer = two(1)
    with pytest.raises(DataError, match="different truths"):
        fed(data).contrast(fed(replace(fewer, truth_box=fewer.truth_box + 1)), Run(tmp_path / "run"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"images": 0}, "images: got 0, expected at least 1"),
        ({"images": 1000}, "at most 2500 boxes"),
        ({"side": 5000}, "at most 2000"),
        ({"background": 0.7}, "background: got 0.7, expected less than foreground"),
    ],
)
def test_odd_parameters(options, said):
    with pytest.raises(Exception, match=said):
        build("metric", {"name": "detection_examples", **options})


def test_pictures_are_saved_once_each_and_what_is_none_is_a_doubt(tmp_path):
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed: pip install 'a4eval-ap-metric[images]'")
    data = plain(3)
    paths = [tmp_path / f"{unit}.png" for unit in range(data.n_units)]
    for path in paths:
        pillow.new("RGB", (64, 48)).save(path)
    metric = fed(data, {**ALL, "images": 4, "side": 32}, unit_image=np.array([str(one) for one in paths]))
    rows = metric.tables()["pictures"]
    paths[int(rows[1]["picture"])].write_bytes(b"broken")
    run = Run(tmp_path / "run")
    metric.illustrate(run)
    names = {path.relative_to(run.directory).as_posix() for path in run.artifacts}
    assert names == {row["file"] for place, row in enumerate(rows) if place != 1}
    with pillow.open(run.directory / rows[0]["file"]) as small:
        assert small.size == (32, 24)
    assert len(run.warnings) == 1
    assert "no image that can be read" in run.warnings[0]


def in_shards(data, names, units):
    """Return the metric merged of shards of one image each, in an order of them."""
    merged = build("metric", ALL)
    for unit in units:
        truth, detection = data.truth_unit == unit, data.detection_unit == unit
        shard = build("metric", ALL)
        columns = {name: np.asarray(one) for name, one in batch(data).items() if name != "unit"}
        part = {n: one[truth if n.startswith("truth") else detection] for n, one in columns.items()}
        part["truth_unit"], part["detection_unit"] = part["truth_unit"] * 0, part["detection_unit"] * 0
        shard.update(
            {
                "unit": np.array([unit]),
                "unit_image": names[unit : unit + 1],
                "class": np.arange(data.n_classes),
                "class_name": np.array([f"class {index}" for index in range(data.n_classes)]),
                **part,
            }
        )
        merged.merge(shard)
    return merged


def test_shards_know_the_images_too(tmp_path):
    data = plain(4)
    names = np.array([str(tmp_path / f"{unit}.png") for unit in range(data.n_units)])
    whole = fed(data, unit_image=names)
    assert in_shards(data, names, range(data.n_units)).tables() == whole.tables()


@pytest.mark.parametrize("seed", range(4))
def test_errors_are_grouped_alike_where_parts_know_other_classes(seed, monkeypatch):
    monkeypatch.setattr(in_parts, "_ENOUGH", 1)
    case = busy_case(np.random.default_rng(seed))
    images = [one["id"] for one in case["images"]]
    whole, parts = build("metric", ALL), build("metric", ALL)
    whole.update(batch_of(case, images))
    for image in images:
        parts.update(batch_of(case, [image]))

    def errors(metric):
        unit, cost, groups = metric._whole.errors()
        names = [[name(one) if one >= 0 else "" for one in values.tolist()] for values, name in groups.values()]
        return sorted(zip(unit.tolist(), cost.tolist(), *names, strict=True))

    found = errors(parts)
    assert found == errors(whole)
    said = {confusion.split(" ")[1] for *_, confusion in found if confusion}
    assert said == {"missed", "where", "in"}
    assert {kind for _, _, kind, *_ in found} == set(KINDS)


@pytest.mark.parametrize("seed", range(6))
def test_two_detectors_may_come_in_shards_of_any_order(seed, tmp_path):
    data, fewer = two(seed)
    names = np.array([f"{unit}.png" for unit in range(data.n_units)])
    expected = fed(data, unit_image=names).contrast(fed(fewer, unit_image=names), Run(tmp_path / "whole"))
    rng = np.random.default_rng(seed)
    first, second = (in_shards(one, names, rng.permutation(data.n_units)) for one in (data, fewer))
    assert first.contrast(second, Run(tmp_path / "shards")) == expected


def test_hundredths_are_those_that_python_rounds_to(monkeypatch):
    rng = np.random.default_rng(0)
    ties = rng.integers(-50_000, 50_000, 500) + rng.choice([0.125, 0.375, 0.625, 0.875], 500)
    near = np.nextafter(rng.integers(-50_000, 50_000, 500) / 200, rng.choice([-1e9, 1e9], 500))
    box = np.concatenate([ties, near, rng.integers(-99_999, 99_999, 500) / 200, rng.normal(0, 300, 500)]).reshape(-1, 4)
    found = hundredths(box)
    assert found.dtype == np.int32
    assert (found / 100).ravel().tolist() == [round(one, 2) for one in box.ravel().tolist()]
    monkeypatch.setattr(marks, "_BLOCK", 7)
    np.testing.assert_array_equal(hundredths(box), found)
    far = np.array([[0.125, 0, 1e9, 4]])
    assert hundredths(far) is far
