"""Folders of files: a part takes what is of its own images, and parts are together the whole, whatever the files."""

from __future__ import annotations

import gzip
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from a4eval_ap_metric.readers import files, oriented_text, voc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from a4eval import DataError

from .. import file_sets
from ..parts import batches_of, check_parts
from ..voc_cases import xml

IMAGES = ("a", "a-b", "b", "é", "c c", "0007", "7")
many = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def box(rng):
    corner = rng.integers(0, 3, 2) * 10 + 5
    return [*corner, *(corner + rng.choice([10, 12, 15, 20], 2))]


def saved(folder, name, text, rng, *, encodings=("utf-8",)):
    """Write a text in one of the ways it may stand in a file."""
    text = text.replace("\n", "\r\n") if rng.random() < 0.2 else text
    raw = text.encode(rng.choice(encodings) if rng.random() < 0.3 else "utf-8")
    packed = rng.random() < 0.2
    (folder / (f"{name}.gz" if packed else name)).write_bytes(gzip.compress(raw) if packed else raw)


def odd_xml(rng):
    """Return an annotation in which names stand in other places than usual, some of them not to be taken."""
    name = str(rng.choice(["x", "y", "traffic_light", "light", "of &amp; by", "only here"]))
    plain = xml((name, int(rng.random() < 0.2), *box(rng)))
    named = f"<object><name>{name}</name>"
    part = "<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>"
    return str(
        rng.choice(
            [
                plain,
                plain,
                "<annotation/>",
                plain.replace(named, f"<object><!-- <name>z</name> --><name>{name}</name>"),
                plain.replace(named, f"<!-- <object><name>z</name></object> -->{named}"),
                plain.replace(named, f"<object>{part}<name>{name}</name>"),
                plain.replace("</object>", f"{part}</object>"),
                plain.replace(named, f"<object id='1'>\n <name>{name}\n</name>"),
                plain.replace(named, f"<object><name> <![CDATA[{name.partition('&')[0]}]]></name>"),
                plain.replace("<annotation>", "<annotation><?tool <object><name>z</name></object>?>"),
                plain.replace("<annotation>", f"<annotation>{'' if rng.random() < 0.5 else plain[12:-13]}"),
                f'<?xml version="1.0" encoding="utf-8"?>\n{plain}',
                f'<!DOCTYPE a [<!ENTITY n "{name}">]>{plain.replace(named, "<object><name>&n;</name>")}',
            ]
        )
    )


BROKEN_XML = (
    "<annotation><object><name>x</name></object></annotation>",
    "<annotation><object><name></name></object></annotation>",
    "<annotation><object>",
    "<annotations/>",
    xml(("x", 0, 20, 20, 10, 10)),
    xml(("x", 0, 1, 1, "nan", 2)),
)


def line_of(rng, image, values):
    return " ".join(map(str, [image, f"{rng.random():.1f}", *values])) + str(rng.choice(["\n", "  \n", "\n\n"]))


@many
@given(seed=st.integers(0, 2**32))
def test_voc(tmp_path_factory, seed):
    rng, folder = np.random.default_rng(seed), tmp_path_factory.mktemp("voc")
    truth, found = folder / "truth", folder / "found"
    truth.mkdir()
    found.mkdir()
    fault = str(rng.choice(["", "", "xml", "image", "line"]))
    images = [one for one in IMAGES if rng.random() < 0.7 and one != "c c"] or ["a"]
    for one in images:
        text = str(rng.choice(BROKEN_XML)) if fault == "xml" and one == images[-1] else odd_xml(rng)
        saved(truth, f"{one}.xml", text, rng, encodings=("utf-8-sig", "utf-16"))
    for name in ("x", "comp4_det_test_traffic_light", "comp4_det_test_only here", "z"):
        n = int(rng.integers(0, 12))
        lines = [line_of(rng, rng.choice(images), box(rng)) for _ in range(n)]
        if fault == "line" and name == "x":
            wrong = [box(rng)[:3], [*box(rng)[:3], "far"], [1, 2, 3, 4, 5], [30, 30, 1, 1], [1, 1, "inf", 3]]
            lines.insert(n // 2, line_of(rng, rng.choice(images), wrong[rng.integers(len(wrong))]))
        if fault == "image" and name == "x":
            lines.insert(n // 2, line_of(rng, "nobody's", box(rng)))
        saved(found, f"{name}.txt", "".join(lines), rng, encodings=("utf-16",))
    node = {"name": "voc", "ground_truth": str(truth), "detections": str(found)}
    assert check_parts(node) == bool(fault)


@many
@given(seed=st.integers(0, 2**32), form=st.sampled_from(["dota", "yolo"]))
def test_oriented_text(tmp_path_factory, seed, form):
    rng, folder = np.random.default_rng(seed), tmp_path_factory.mktemp("oriented")
    truth, found = folder / "truth", folder / "found"
    truth.mkdir()
    found.mkdir()
    fault = str(rng.choice(["", "", "label", "image", "line"]))
    images = [one for one in IMAGES if rng.random() < 0.7 and " " not in one] or ["a"]
    classes = ["x", "y", "light", "traffic_light"]

    def corners():
        left, top, right, bottom = (one if form == "dota" else one / 100 for one in box(rng))
        return [left, top, right, top, right, bottom, left, bottom]

    for one in images:
        lines = ["imagesource:x\n", "gsd:0.1\n"] if form == "dota" and rng.random() < 0.5 else []
        for _ in range(rng.integers(0, 4)):
            name, values = str(rng.choice(classes)), corners()
            row = [*values, name, rng.integers(0, 2)][: rng.integers(9, 11)] if form == "dota" else [name, *values]
            lines.append(" ".join(map(str, row)) + "\n")
        if fault == "label" and one == images[-1]:
            head = "" if form == "dota" else "x "
            lines.append(head + str(rng.choice(["1 2 3 4 5 6 7 far x 0\n", "1 2 3 4 5\n", "1 2 3 4 5 6 7 nan x 0\n"])))
        saved(truth, f"{one}.txt", "".join(lines), rng)
    wrong = [corners()[:7], [*corners()[:7], "far"], [*corners(), 1, 1], ["inf", *corners()[1:]]]
    if form == "dota":
        for name in ("Task1_x", "Task1_traffic_light", "z"):
            lines = [line_of(rng, rng.choice(images), corners()) for _ in range(rng.integers(0, 12))]
            if fault == "line" and name == "Task1_x":
                lines.append(line_of(rng, rng.choice(images), wrong[rng.integers(len(wrong))]))
            if fault == "image" and name == "Task1_x":
                lines.append(line_of(rng, "nobody", corners()))
            saved(found, f"{name}.txt", "".join(lines), rng)
    else:
        for one in images if fault != "image" else [*images, "nobody"]:
            count = rng.integers(0, 6) if one in images else 1
            several = [corners() for _ in range(count)]
            if fault == "line" and one == images[0]:
                several.append(wrong[rng.integers(len(wrong))])
            text = "".join(
                " ".join(map(str, [rng.choice(classes), *values, f"{rng.random():.1f}"])) + "\n" for values in several
            )
            saved(found, f"{one}.txt", text, rng)
        sizes = "".join(f"{one},100,50\n" for one in (*IMAGES, "nobody"))
        (folder / "sizes.csv").write_text(f"image,width,height\n{sizes}")
    node = {"name": "oriented_text", "format": form, "ground_truth": str(truth), "detections": str(found)}
    node |= {"sizes": str(folder / "sizes.csv")} if form == "yolo" else {}
    assert check_parts(node) == bool(fault)


def test_what_is_chosen_is_chosen_in_parts(tmp_path):
    node, _ = file_sets.voc(tmp_path, np.random.default_rng(3))
    for more in ({"classes": ["x"]}, {"image_list": ["a", "d"]}, {"class_agnostic": True}, {"clusters": "[ab]|."}):
        check_parts(node | more)
    (tmp_path / "truth" / "e.xml").write_text("<annotation/>")
    assert batches_of(node | {"class_agnostic": True}, 4, 5)[1] == batches_of(node, 4, 5)[1]


def counting(monkeypatch, module, name):
    """Return a list in which each call of a function is noted by its first argument."""
    calls, real = [], getattr(module, name)

    def counted(first, *more, **options):
        calls.append(first)
        return real(first, *more, **options)

    monkeypatch.setattr(module, name, counted)
    return calls


def test_a_part_of_voc_parses_its_own_annotations(tmp_path, monkeypatch):
    node, _ = file_sets.voc(tmp_path, np.random.default_rng(0))
    parsed = counting(monkeypatch, ET, "fromstring")
    converted = counting(monkeypatch, voc, "numbers")
    whole = batches_of(node)[0][0]
    assert (len(parsed), len(converted)) == (5, 60)
    for index, own in enumerate(("ab", "cde")):
        del parsed[:], converted[:]
        batches_of(node, index, 2)
        assert len(parsed) == len(own)
        assert len(converted) == np.isin(whole["unit"][whole["detection_unit"]], list(own)).sum()


def test_a_part_of_dota_converts_its_own_lines(tmp_path, monkeypatch):
    node, _ = file_sets.oriented_text(tmp_path, np.random.default_rng(0))
    converted = counting(monkeypatch, oriented_text, "numbers")
    batches_of(node)
    assert len(converted) == 90
    del converted[:]
    batches_of(node, 0, 2)
    first = len(converted)
    batches_of(node, 1, 2)
    assert 0 < first < 90
    assert len(converted) == 90


def test_no_detections_or_truths_are_told_of_all_parts_alone(tmp_path):
    node, _ = file_sets.voc(tmp_path, np.random.default_rng(0))
    for one in "ab":
        (tmp_path / "truth" / f"{one}.xml").write_text("<annotation/>")
    for one in "xy":
        (tmp_path / "found" / f"results_{one}.txt").write_text("e 0.5 1 1 5 5\n")
    assert batches_of(node, 0, 2)[1] == []
    for one in "xy":
        (tmp_path / "found" / f"results_{one}.txt").write_text("")
    assert batches_of(node, 0, 2)[1] == ["there are no detections: nothing is found"]
    for one in "cde":
        (tmp_path / "truth" / f"{one}.xml").write_text("<annotation/>")
    assert len(batches_of(node, 0, 2)[1]) == 2


@pytest.mark.parametrize("comment", [None, "#"])
def test_lines_of_some_are_left_out(tmp_path, comment):
    path = tmp_path / "a.txt"
    path.write_text("x 1\n\n  y 2\n#z\nx\nxx 3\n")
    kept = [(where[-1], fields) for where, fields in files.lines(path, comment=comment, but={"x"})]
    assert kept[0] == ("3", ["y", "2"])
    assert kept[-1] == ("6", ["xx", "3"])
    assert len(kept) == (2 if comment else 3)


def test_a_fault_is_told_by_the_part_that_owns_it(tmp_path):
    node, _ = file_sets.voc(tmp_path, np.random.default_rng(0))
    (tmp_path / "truth" / "e.xml").write_text("<annotation><object><name>x</name></annotation>")
    assert batches_of(node, 0, 2)[0][0]["unit"].tolist() == ["a", "b"]
    with pytest.raises(DataError, match=r"e\.xml: is not XML"):
        batches_of(node, 1, 2)


@pytest.mark.parametrize(
    ("write", "name", "text", "where"),
    [
        (file_sets.voc, "found/results_x.txt", "\ne 0.5 9 9 2 5\n", "line 2"),
        (file_sets.voc, "truth/e.xml", xml(("x", 0, 1, 1, 5, 5), ("x", 0, 9, 9, 2, 5)), "object 2"),
        (file_sets.oriented_text, "found/Task1_x.txt", "\ne 0.5 inf 1 5 1 5 5 1 5\n", "line 2"),
        (file_sets.oriented_text, "truth/e.txt", "\n1 1 nan 1 5 5 1 5 x 0\n", "line 2"),
        (file_sets.box_text, "found/e.txt", "\nx 9 9 2 5 0.5\n", "line 2"),
        (file_sets.box_text, "truth/e.txt", "\nx 9 9 2 5\n", "line 2"),
    ],
)
def test_what_is_impossible_is_told_by_its_file_and_place_in_every_split(tmp_path, write, name, text, where):
    node, _ = write(tmp_path, np.random.default_rng(0))
    (tmp_path / name).write_text(text)
    for index, count in ((0, 1), (1, 2), (2, 3)):
        with pytest.raises(DataError, match=rf"{re.escape(name)}: {where}: bbox .* (is not finite|negative)"):
            batches_of(node, index, count)
