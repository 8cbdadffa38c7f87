"""COCO's result lists: a part decodes what is of its own images; parts are together the whole, whatever the file."""

from __future__ import annotations

import gzip
import json

import msgspec
import numpy as np
import pytest
from a4eval_ap_metric.readers import coco_stretches, json_columns
from a4eval_ap_metric.readers.coco_results import read_detections
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from a4eval import DataError

from ..parts import batches_of, check_parts

IMAGES = (-5, 0, 7, 70, 139, 12345678901)
many = settings(
    max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def _any_length(monkeypatch):
    """Let stretches be as short as one entry, and pieces so short that there are several."""
    monkeypatch.setattr(coco_stretches, "SHORTEST", 1)
    monkeypatch.setattr(coco_stretches, "_LOOKED_AT", 150)
    monkeypatch.setattr(coco_stretches, "PIECE", 200)


def entry(rng, image=None):
    box = [*rng.integers(0, 20, 2).tolist(), *rng.choice([5.5, 8.0, 10.0], 2).tolist()]
    category, score = int(rng.integers(1, 4)), round(float(rng.random()), 1)
    image = int(rng.choice(IMAGES)) if image is None else image
    return {"image_id": image, "category_id": category, "bbox": box, "score": score}


def truth_file(folder, rng, images=IMAGES, *, annotations=8):
    rows = [entry(rng) | {"id": index + 1, "area": 50, "iscrowd": 0} for index in range(annotations)]
    content = {"images": [{"id": one} for one in images], "annotations": rows}
    content["categories"] = [{"id": one, "name": "xyz"[one - 1]} for one in (1, 2, 3)]
    (folder / "truth.json").write_text(json.dumps(content))
    return {"name": "coco", "ground_truth": str(folder / "truth.json"), "detections": str(folder / "found.json")}


WRITERS = (
    json.dumps,
    lambda rows: json.dumps(rows, separators=(",", ":")),
    lambda rows: json.dumps(rows, indent=1),
    lambda rows: json.dumps(rows, indent=4).replace("\n", "\r\n"),
    lambda rows: "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n",
)
ODD = {
    "twice": '{"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5, "image_id": 139}',
    "twice the same": '{"image_id": 7, "category_id": 1, "image_id": 7, "bbox": [1, 2, 3, 4], "score": 0.5}',
    "within": '{"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5, "more": {"image_id": 139}}',
    "within, whole": '{"image_id": 7, "of": [{"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}, '
    '{"image_id": 139, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}, {"image_id": 7, "category_id": 2, '
    '"bbox": [1, 2, 3, 4], "score": 0.5}], "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}',
    "within, before": '{"more": {"image_id": 139}, "image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1}',
    "in a text": '{"image_id": 7, "of": "}, {", "image_id": 139, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1}',
    "escaped": r'{"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5, "image\u005fid": 139}',
    "quoted": r'{"image_id": 7, "of": "\"}, {\"image_id\": 139", "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1}',
    "not first": '{"score": 0.25, "image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4]}',
    "spaces": '{ "image_id" :7 , "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}',
    "of class": '{"image_id": 7, "category_id": 9, "bbox": [1, 2, 3, 4], "score": 0.5}',
    "segment": '{"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1, "segmentation": {"size": [1, 1]}}',
}
FAULTY = {
    "unknown": '{"image_id": 8, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}',
    "long": '{"image_id": 123456789012345678901, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}',
    "text": '{"image_id": "7", "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}',
    "float": '{"image_id": 7.5, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}',
    "zeros": '{"image_id": 007, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}',
    "no box": '{"image_id": 7, "category_id": 1, "score": 0.5}',
    "score": '{"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "score": "high"}',
    "three": '{"image_id": 7, "category_id": 1, "bbox": [1, 2, 3], "score": 0.5}',
    "negative": '{"image_id": 7, "category_id": 1, "bbox": [1, 2, -3, 4], "score": 0.5}',
    "NaN": '{"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "score": NaN}',
    "category": '{"image_id": 7, "category_id": "1", "bbox": [1, 2, 3, 4], "score": 0.5}',
    "no comma": '{"image_id": 7, "category_id": 1 "bbox": [1, 2, 3, 4], "score": 0.5}',
    "cut off": '{"image_id": 7, "category_id": 1, "bbox": [1, 2, 3',
    "nothing": "",
}


@many
@given(seed=st.integers(0, 2**32), odd=st.sampled_from([None, None, *ODD, *FAULTY]))
def test_parts_are_the_whole(tmp_path_factory, seed, odd):
    rng, folder = np.random.default_rng(seed), tmp_path_factory.mktemp("coco")
    node = truth_file(folder, rng, annotations=int(rng.integers(0, 9)))
    rows = [entry(rng) for _ in range(rng.integers(0, 30))]
    if rng.random() < 0.7:
        rows.sort(key=lambda one: one["image_id"] if rng.random() < 0.9 else 0)
    text = WRITERS[rng.integers(len(WRITERS))]([*rows, "HERE", *(entry(rng) for _ in range(rng.integers(1, 9)))])
    text = text.replace('"HERE"', json.dumps(entry(rng)) if odd is None else (ODD | FAULTY)[odd])
    if rng.random() < 0.1:
        text = f'{{"annotations": {text}}}'
    raw = text.encode(rng.choice(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16"]))
    (folder / "found.json").write_bytes(gzip.compress(raw) if rng.random() < 0.2 else raw)
    assert check_parts(node) == (odd in FAULTY)


def of_images(columns, images):
    return {name: repr(column[np.isin(columns["image_id"], images)].tolist()) for name, column in columns.items()}


def check_content(folder, content, groups):
    """Check that what is read of some images is what the whole has of them, or that it is refused by one group."""
    path = folder / "found.json"
    path.write_bytes(content)
    try:
        whole, _ = read_detections(path, [])
    except DataError:
        whole = None
    strangers = [] if whole is None else np.setdiff1d(whole["image_id"], np.concatenate(groups)).tolist()
    refused = 0
    for index, group in enumerate(groups):
        but = np.concatenate([one for place, one in enumerate(groups) if place != index])
        try:
            some, left_out = read_detections(path, [], but=but)
        except DataError:
            refused += 1
            continue
        if whole is not None:
            assert of_images(some, [*group, *strangers]) == of_images(whole, [*group, *strangers]), content
            assert len(some["score"]) + left_out == len(whole["score"]), content
    assert bool(refused) == (whole is None), content


BYTES = [*'{}[]",:\\ 0719-ie\n', "}, {", '"image_id": 7', '"image_id": 70', '", "', '{"', ": "]


@settings(many, max_examples=600)
@given(
    seed=st.integers(0, 2**32),
    changes=st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1), st.sampled_from(BYTES)), min_size=1, max_size=4),
)
@example(seed=0, changes=[])
def test_whatever_stands_in_the_file(tmp_path_factory, seed, changes):
    rng = np.random.default_rng(seed)
    rows = [entry(rng, image) for image in sorted(rng.choice([7, 70], rng.integers(2, 9)).tolist())]
    content = WRITERS[rng.integers(2)](rows).encode()
    for kind, share, new in changes:
        place = int(share * len(content))
        content = content[:place] + (new.encode() if kind else b"") + content[place + (kind != 1) :]
    check_content(tmp_path_factory.getbasetemp(), content, [np.array([7]), np.array([70])])


@pytest.mark.parametrize("odd", [*ODD, *FAULTY])
@pytest.mark.parametrize("place", [0, 3, 6])
def test_odd_entries(tmp_path, odd, place):
    rows = [json.dumps(entry(np.random.default_rng(0), one)) for one in (7, 7, 7, 139, 139, 139)]
    rows.insert(place, (ODD | FAULTY)[odd])
    check_content(tmp_path, f"[{', '.join(rows)}]".encode(), [np.array([7]), np.array([139])])


@pytest.mark.parametrize("but", [7, 139])
def test_an_id_that_stands_twice_is_not_trusted(but):
    content = f"[{json.dumps(entry(np.random.default_rng(0), 70))}, {ODD['twice']}]".encode()
    assert len(coco_stretches.stretches(content).image) == 2
    row = msgspec.defstruct("Row", [("image_id", int)])
    assert coco_stretches.columns_but(content, np.array([but]), row, {"image_id": "1q"}) is None


def written(folder, rng, *, order):
    node = truth_file(folder, rng)
    rows = [entry(rng, one) for one in order]
    (folder / "found.json").write_text(json.dumps(rows))
    return node, rows


@pytest.mark.parametrize("order", [np.sort(np.repeat(IMAGES, 9)), np.repeat([7, -5, 139, 12345678901, 0, 70], 9)])
def test_a_part_decodes_its_own_entries(tmp_path, monkeypatch, order):
    monkeypatch.undo()
    node, _ = written(tmp_path, np.random.default_rng(0), order=order.tolist())
    decoded, real = [], json_columns._column

    def column(rows, name, *more):
        decoded.extend(one.image_id for one in rows if name == "score")
        return real(rows, name, *more)

    monkeypatch.setattr(json_columns, "_column", column)
    for index in range(3):
        batches_of(node, index, 3)
        own = sorted(IMAGES)[2 * index : 2 * index + 2]
        assert decoded == [one for one in order.tolist() if one in own]
        del decoded[:]
    for whole in ({"classes": ["x"]}, {"image_list": [7, 139]}, {"compat": "pycocotools"}):
        batches_of(node | whole, 0, 3)
        assert len(decoded) == len(order)
        del decoded[:]


def test_in_a_mixed_order_everything_is_decoded(monkeypatch):
    monkeypatch.undo()
    rng = np.random.default_rng(0)
    rows = [entry(rng, one) for one in [7, 7, 70, 7, 70, 70] * 5]
    assert coco_stretches.stretches(json.dumps(rows).encode()) is None
    rows.sort(key=lambda one: one["image_id"])
    found = coco_stretches.stretches(json.dumps(rows).encode())
    assert set(found.image.tolist()) == {7, 70}
    assert found.entries.sum() == 30


def test_what_is_wrong_is_told_as_of_the_whole_file(tmp_path):
    node, rows = written(tmp_path, np.random.default_rng(0), order=np.sort(np.repeat(IMAGES, 3)).tolist())
    for change in ({"bbox": [1, 2, 3]}, {"bbox": [1, 2, -3, 4]}, {"score": "high"}):
        (tmp_path / "found.json").write_text(json.dumps([*rows[:-1], rows[-1] | change]))
        with pytest.raises(DataError) as whole:
            batches_of(node)
        assert batches_of(node, 0, 2)[0][0]["unit"].tolist() == [-5, 0, 7]
        with pytest.raises(DataError) as part:
            batches_of(node, 1, 2)
        assert str(part.value) == str(whole.value)
    (tmp_path / "found.json").write_text(json.dumps([*rows, rows[0] | {"image_id": 8}]))
    for index in range(2):
        with pytest.raises(DataError, match="entry 18: image_id 8 is not among the 6 images"):
            batches_of(node, index, 2)


def test_no_detections_are_told_of_all_parts_alone(tmp_path):
    node, _ = written(tmp_path, np.random.default_rng(0), order=[139] * 9)
    assert not any(one.startswith("there are no detections") for one in batches_of(node, 0, 2)[1])
    (tmp_path / "found.json").write_text("[]")
    assert "there are no detections: nothing is found" in batches_of(node, 0, 2)[1]


@pytest.mark.parametrize("written_by", ["tools", "in an object", "in a mixed order"])
def test_a_part_counts_what_is_doubtful_among_its_own(tmp_path, written_by):
    node, rows = written(tmp_path, np.random.default_rng(0), order=[139, 70] * 4)
    rows = [one | {"bbox": [1, 2, 0, 4]} for one in rows]
    if written_by == "tools":
        rows.sort(key=lambda one: one["image_id"])
    text = json.dumps(rows if written_by != "in an object" else {"annotations": rows})
    (tmp_path / "found.json").write_text(text)
    said = [[one for one in batches_of(node, index, 6)[1] if "width or height" in one] for index in range(6)]
    of_four = ["4 detections without width or height, which nothing overlaps"]
    assert said == [[], [], [], of_four, of_four, []]
