"""Panoptic quality against a loop over pairs of segments, pixel by pixel."""

from __future__ import annotations

import json

import numpy as np
import pytest

from a4eval import DataError, Run, build

from ..file_sets import panoptic


def by_hand(images):
    """Return PQ, SQ and RQ of each class: truth, found, their classes and crowds of each image."""
    sums = {}
    for truth, found, classes, found_classes, crowds in images:
        used = set()
        for one, name in classes.items():
            if one in crowds:
                continue
            best = None
            for other, other_name in found_classes.items():
                mine, theirs = truth == one, (found == other) & (truth != 0)
                overlap = (mine & theirs).sum() / (mine | theirs).sum()
                if other_name == name and overlap > 0.5:
                    best = overlap
                    used.add(other)
            sums.setdefault(name, []).append(("missed", 0) if best is None else ("found", best))
        for other, name in found_classes.items():
            if other not in used:
                mine = found == other
                crowd = np.isin(truth, [one for one in crowds if classes[one] == name])
                if (mine & ((truth == 0) | crowd)).sum() / mine.sum() <= 0.5:
                    sums.setdefault(name, []).append(("wrong", 0))
    quality = {}
    for name, rows in sums.items():
        found = [overlap for kind, overlap in rows if kind == "found"]
        recognition = len(found) / (len(found) + (len(rows) - len(found)) / 2)
        quality[name] = (np.mean(found) if found else 0.0, recognition)
    return quality


@pytest.mark.parametrize("seed", range(12))
def test_by_hand(tmp_path, seed):
    node, _ = panoptic(tmp_path, np.random.default_rng(seed))
    truth, found = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("truth", "found"))
    (batch,) = build("reader", node).batches(Run(directory=tmp_path))
    metric = build("metric", "panoptic_quality")
    metric.update(batch)
    from PIL import Image

    def read(folder, one):
        ids = np.asarray(Image.open(tmp_path / folder / one["file_name"]).convert("RGB"), int) @ [1, 256, 65536]
        classes = {segment["id"]: segment["category_id"] for segment in one["segments_info"]}
        return ids, classes, {segment["id"] for segment in one["segments_info"] if segment.get("iscrowd")}

    assert batch["count_found"].sum() > 0
    images = []
    for one, other in zip(truth["annotations"], found["annotations"], strict=True):
        ids, classes, crowds = read("truth", one)
        found_ids, found_classes, _ = read("found", other)
        images.append((ids, found_ids, classes, found_classes, crowds))
    expected = by_hand(images)
    got = {name: one.value for name, one in metric.compute().items()}
    things = {one["id"] for one in truth["categories"] if one["isthing"]}
    for kind, chosen in (("", set(expected)), ("th", things), ("st", set(expected) - things)):
        rows = [row for name, row in expected.items() if name in chosen]
        mean = np.array([(s * r, s, r) for s, r in rows]).mean(axis=0) if rows else [np.nan] * 3
        np.testing.assert_allclose([got[f"{of}{kind}"] for of in ("PQ", "SQ", "RQ")], mean, atol=1e-12)
    # an image that counts twice is there twice
    weights = np.arange(1, len(images) + 1)
    doubled = by_hand([image for image, n in zip(images, weights, strict=True) for _ in range(n)])
    value = metric.compute(weights)["PQ"].value
    assert value == pytest.approx(np.mean([s * r for s, r in doubled.values()]), abs=1e-12)
    assert metric.compute_many(weights[None])["PQ"].tolist() == [value]


def test_an_image_that_comes_twice_is_refused(tmp_path):
    node, _ = panoptic(tmp_path, np.random.default_rng(0))
    (batch,) = build("reader", node).batches(Run(directory=tmp_path))
    metric = build("metric", "panoptic_quality")
    metric.update(batch)
    metric.update(batch)
    with pytest.raises(DataError, match="is in two batches: a batch is of whole images"):
        metric.compute()


def test_slips(tmp_path):
    node, _ = panoptic(tmp_path, np.random.default_rng(0))
    found = json.loads((tmp_path / "found.json").read_text())

    def refused(change, message):
        changed = json.loads(json.dumps(found))
        change(changed["annotations"][0])
        (tmp_path / "found.json").write_text(json.dumps(changed))
        with pytest.raises(DataError, match=message):
            list(build("reader", node).batches(Run(directory=tmp_path)))

    refused(lambda one: one.update(image_id=99), "image_id 99 is not in")
    refused(lambda one: one.update(file_name="../truth/1.png"), r"file_name '\.\./truth/1\.png' leads out of")
    refused(lambda one: one.update(file_name="none.png"), r"none\.png: is no PNG: No such file")
    refused(
        lambda one: one["segments_info"].append({"id": 7, "category_id": 1}), "segment 7 is in segments_info and not"
    )
    refused(lambda one: one["segments_info"].clear(), r"segment \d+ is in .*png and not in segments_info")
    refused(lambda one: one["segments_info"][0].update(category_id=77), "category_id 77 is not among")
    (tmp_path / "found.json").write_text(json.dumps({"annotations": found["annotations"][1:]}))
    run = Run(directory=tmp_path)
    list(build("reader", node).batches(run))
    assert "1 of 4 images have no annotation" in run.warnings[0]
