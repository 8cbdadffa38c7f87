"""Rotated IoU against shapely, and AP by it against a loop over detections."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric import average_precision_of_points
from a4eval_ap_metric.matching.oriented import intersection_area, signed_area

from a4eval import ConfigError, DataError, Run, build


def turned(rng, n, *, spread=30.0):
    """Return the corners (n, 4, 2) of n boxes, in either direction."""
    centre, size = rng.uniform(0, spread, (n, 1, 2)), rng.uniform(2, 20, (n, 1, 2))
    angle = rng.choice([0, np.pi / 2, 0.3, 1.0, 2.5], n) + rng.choice([0, 1e-12, 0.1], n)
    square = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) * size
    c, s = np.cos(angle), np.sin(angle)
    corners = (
        np.stack(
            [
                square[..., 0] * c[:, None] - square[..., 1] * s[:, None],
                square[..., 0] * s[:, None] + square[..., 1] * c[:, None],
            ],
            axis=2,
        )
        + centre
    )
    return np.where((rng.random(n) < 0.5)[:, None, None], corners[:, ::-1], corners)


def test_a_square_and_itself_turned_have_an_octagon_in_common():
    square = np.array([[[-1.0, -1], [1, -1], [1, 1], [-1, 1]]])
    diamond = np.array([[[0.0, -1], [1, 0], [0, 1], [-1, 0]]]) * np.sqrt(2)
    assert intersection_area(square, diamond)[0] == pytest.approx(8 * (np.sqrt(2) - 1), abs=1e-12)
    assert intersection_area(square, square)[0] == pytest.approx(4, abs=1e-12)
    assert intersection_area(square, square + 2)[0] == 0
    assert intersection_area(square, square + np.array([1, 0]))[0] == pytest.approx(2, abs=1e-12)
    arrow = np.array([[[0.0, 0], [4, 4], [0, 2], [-4, 4]]])  # not convex
    assert abs(signed_area(arrow)[0]) == pytest.approx(8)
    assert intersection_area(arrow, arrow)[0] == pytest.approx(8, abs=1e-12)


def test_shapely_says_the_same():
    geometry = pytest.importorskip("shapely.geometry", reason="shapely is the reference")
    rng = np.random.default_rng(0)
    ones, others = turned(rng, 600), turned(rng, 600)
    others[:100] = ones[:100] + rng.choice([0, 0, 1e-9, 0.5], (100, 1, 1))
    got = intersection_area(ones, others)
    for one, other, area in zip(ones, others, got, strict=True):
        assert area == pytest.approx(geometry.Polygon(one).intersection(geometry.Polygon(other)).area, abs=1e-6)
    assert np.count_nonzero(got) > 200


def dota(folder, rng):
    """Write truths and detections near them, and return the node and the rows."""
    truths, found = [], []
    for image in "abc":
        for corners in turned(rng, 8, spread=60.0):
            truths.append((image, str(rng.choice(["plane", "large-vehicle"])), corners, int(rng.random() < 0.2)))
            for _ in range(int(rng.integers(0, 3))):
                near = corners + rng.normal(0, 0.7, (1, 2))
                found.append((image, truths[-1][1], near, round(float(rng.random()), 6)))
    for name in ("labelTxt", "results"):
        (folder / name).mkdir()
    for image in "abc":
        lines = [f"{' '.join(map(str, c.ravel().tolist()))} {k} {d}" for i, k, c, d in truths if i == image]
        (folder / "labelTxt" / f"{image}.txt").write_text(
            "imagesource:GoogleEarth\ngsd:0.1\n" + "\n".join(lines) + "\n"
        )
    for of_class in ("plane", "large-vehicle"):
        lines = [f"{i} {score} {' '.join(map(str, c.ravel().tolist()))}" for i, k, c, score in found if k == of_class]
        (folder / "results" / f"Task1_{of_class}.txt").write_text("\n".join(lines) + "\n")
    node = {"name": "oriented_text", "ground_truth": str(folder / "labelTxt"), "detections": str(folder / "results")}
    return node, truths, found


def by_hand(truths, found, interpolation, polygon):
    """Return the mean over classes of AP as DOTA's kit matches: the best truth of all, once."""
    values = []
    for of_class in sorted({one[1] for one in truths}):
        mine = [one for one in truths if one[1] == of_class]
        taken, hits, ranks = set(), [], []
        n_hits = n_counted = 0
        for image, _, corners, _ in sorted((one for one in found if one[1] == of_class), key=lambda one: -one[3]):
            shape, best, at = polygon(corners), 0.0, None
            for index, (truth_image, _, truth, _) in enumerate(mine):
                if truth_image == image:
                    other = polygon(truth)
                    overlap = shape.intersection(other).area / shape.union(other).area
                    if overlap > best:
                        best, at = overlap, index
            if best >= 0.5 and mine[at][3]:
                continue
            n_counted += 1
            if best >= 0.5 and at not in taken:
                taken.add(at)
                n_hits += 1
            hits.append(n_hits)
            ranks.append(n_counted)
        n = sum(not one[3] for one in mine)
        points = np.array(hits, int), np.array(ranks, int)
        values.append(average_precision_of_points(*points, n, interpolation, exact=False))
    return np.nanmean(values)


@pytest.mark.parametrize("interpolation", ["11_point", "every_point"])
@pytest.mark.parametrize("seed", range(5))
def test_average_precision(tmp_path, interpolation, seed):
    geometry = pytest.importorskip("shapely.geometry", reason="shapely is the reference")
    node, truths, found = dota(tmp_path, np.random.default_rng(seed))
    (batch,) = build("reader", node).batches(Run(directory=tmp_path))
    metric = build(
        "metric", {"name": "detection_average_precision", "geometry": "oriented", "interpolation": interpolation}
    )
    metric.update(batch)
    expected = by_hand(truths, found, interpolation, geometry.Polygon)
    assert metric.compute()["mean_average_precision"].value == pytest.approx(expected, abs=1e-12)


def test_axis_parallel_boxes_are_boxes_and_yolo_says_the_same(tmp_path):
    """COCO's statistics of oriented boxes that are not turned are those of boxes; YOLO's files give DOTA's numbers."""
    rng = np.random.default_rng(0)
    for name in ("labelTxt", "results", "labels", "found"):
        (tmp_path / name).mkdir()
    lines = {"labels": {"a": [], "b": []}, "labelTxt": {"a": [], "b": []}, "found": {"a": [], "b": []}, "results": []}
    for image in "ab":
        for _ in range(6):
            x, y, w, h = (int(one) for one in rng.integers(4, 40, 4))
            for side, shift in (("truth", 0), ("found", int(rng.integers(0, 3)))):
                corners = [x + shift, y, x + shift + w, y, x + shift + w, y + h, x + shift, y + h]
                shares = [one / (128 if place % 2 == 0 else 64) for place, one in enumerate(corners)]
                score = int(rng.integers(1, 9)) / 16
                if side == "truth":
                    lines["labels"][image].append(f"0 {' '.join(map(str, shares))}")
                    lines["labelTxt"][image].append(f"{' '.join(map(str, corners))} ship 0")
                else:
                    lines["found"][image].append(f"0 {' '.join(map(str, shares))} {score}")
                    lines["results"].append(f"{image} {score} {' '.join(map(str, corners))}")
    for folder in ("labels", "labelTxt", "found"):
        for image, rows in lines[folder].items():
            (tmp_path / folder / f"{image}.txt").write_text("\n".join(rows) + "\n")
    (tmp_path / "results" / "Task1_ship.txt").write_text("\n".join(lines["results"]) + "\n")
    (tmp_path / "sizes.csv").write_text("image,width,height\na,128,64\nb,128,64\n")
    (tmp_path / "names.txt").write_text("ship\n")
    here = {name: str(tmp_path / name) for name in ("labelTxt", "results", "labels", "found", "sizes.csv", "names.txt")}
    dota_node = {"name": "oriented_text", "ground_truth": here["labelTxt"], "detections": here["results"]}
    yolo_node = {"name": "oriented_text", "format": "yolo", "ground_truth": here["labels"], "detections": here["found"]}
    yolo_node |= {"sizes": here["sizes.csv"], "names": here["names.txt"]}
    values = []
    for node, geometry in ((dota_node, "oriented"), (dota_node, "box"), (yolo_node, "oriented")):
        (batch,) = build("reader", node).batches(Run(directory=tmp_path))
        metric = build("metric", {"name": "coco_detection", "geometry": geometry})
        metric.update(batch)
        values.append([one.value for one in metric.compute().values()])
    assert values[0][0] > 0
    np.testing.assert_allclose(values[0], values[1], atol=1e-12)
    np.testing.assert_allclose(values[2], values[0], atol=1e-12)
    with pytest.raises(ConfigError, match="sizes: YOLO's corners are shares"):
        build("reader", {key: one for key, one in yolo_node.items() if key != "sizes"})


def test_slips(tmp_path):
    node, _, _ = dota(tmp_path, np.random.default_rng(0))
    file = tmp_path / "labelTxt" / "a.txt"
    for text, message in (
        ("1 2 3 4 5 6 7 plane 0", "line 1: got 9 fields, expected 10|got 'plane', expected a number"),
        ("1 2 3 4 5 6 7 8", "line 1: got 8 fields, expected 10: x1 y1"),
        ("1 2 3 4 5 6 7 x plane 0", "line 1: got 'x', expected a number"),
    ):
        file.write_text(text + "\n")
        with pytest.raises(DataError, match=message):
            list(build("reader", node).batches(Run(directory=tmp_path)))


def test_the_metric_says_what_it_needs(tmp_path):
    from ..file_sets import voc

    (batch,) = build("reader", voc(tmp_path, np.random.default_rng(0))[0]).batches(Run(directory=tmp_path))
    for name in ("coco_detection", "detection_average_precision"):
        metric = build("metric", {"name": name, "geometry": "oriented"})
        metric.update(batch)
        with pytest.raises(DataError, match="geometry oriented needs the reader oriented_text"):
            metric.compute()


@pytest.mark.parametrize("name", ["coco_detection", "detection_average_precision", "tide"])
def test_upright_boxes_around_turned_ones_are_worth_a_word(tmp_path, name):
    for folder, line in (
        ("truth", "5 0 10 5 5 10 0 5 ship 0\n0 0 9 0 9 9 0 9 ship 0"),
        ("found", "a 0.5 5 0 10 5 5 10 0 5"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / ("a.txt" if folder == "truth" else "Task1_ship.txt")).write_text(f"{line}\n")
    here = {"ground_truth": str(tmp_path / "truth"), "detections": str(tmp_path / "found")}
    (batch,) = build("reader", {"name": "oriented_text", **here}).batches(Run(directory=tmp_path))
    with pytest.warns(UserWarning, match="1 of 2 ground-truth boxes are turned, and the upright boxes around them"):
        build("metric", name).update(batch)
    if name != "tide":
        build("metric", {"name": name, "geometry": "oriented"}).update(batch)


@pytest.mark.parametrize("name", ["coco_detection", "detection_average_precision"])
def test_turned_boxes_none_of_which_is_near_another_are_missed(tmp_path, name):
    for folder, file, line in (
        ("truth", "a.txt", "0 0 10 0 10 10 0 10 ship 0"),
        ("found", "Task1_ship.txt", "a 0.5 50 50 60 50 60 60 50 60"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file).write_text(f"{line}\n")
    here = {"ground_truth": str(tmp_path / "truth"), "detections": str(tmp_path / "found")}
    (batch,) = build("reader", {"name": "oriented_text", **here}).batches(Run(directory=tmp_path))
    metric = build("metric", {"name": name, "geometry": "oriented"})
    metric.update(batch)
    assert next(iter(metric.compute().values())).value == 0
    nothing = np.zeros((0, 4, 2))
    assert intersection_area(nothing, nothing).tolist() == []
