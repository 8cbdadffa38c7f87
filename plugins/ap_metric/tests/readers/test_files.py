"""Every reader takes its files in any Unicode encoding, with any ends of lines, packed or not."""

from __future__ import annotations

import codecs
import gzip
import json
import re

import numpy as np
import pytest
from a4eval_ap_metric.readers.files import files, lines, stem

from a4eval import DataError, Run, build

from ..file_sets import FILE_SETS, trec, voc
from ..voc_cases import xml

ENCODINGS = {
    "byte order mark": lambda raw: codecs.BOM_UTF8 + raw,
    "UTF-16": lambda raw: raw.decode().encode("utf-16"),
    "big-endian UTF-16": lambda raw: codecs.BOM_UTF16_BE + raw.decode().encode("utf-16-be"),
    "UTF-16 without a mark": lambda raw: raw.decode().encode("utf-16-le"),
    "UTF-32": lambda raw: raw.decode().encode("utf-32"),
    "CRLF": lambda raw: raw.replace(b"\n", b"\r\n"),
    "gzip": gzip.compress,
}


def batches(node, folder):
    return list(build("reader", node).batches(Run(directory=folder)))


def assert_same(got, expected):
    assert len(got) == len(expected)
    for one, other in zip(got, expected, strict=True):
        assert one.keys() == other.keys()
        for name, column in other.items():
            np.testing.assert_array_equal(one[name], column, err_msg=name)


def text_files(folder):
    return [one for one in folder.rglob("*") if one.is_file() and one.suffix != ".png"]


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("write", FILE_SETS)
def test_encodings(tmp_path, write, name):
    node, _ = write(tmp_path, np.random.default_rng(1))
    expected = batches(node, tmp_path)
    for one in text_files(tmp_path):
        one.write_bytes(ENCODINGS[name](one.read_bytes()))
    assert_same(batches(node, tmp_path), expected)


@pytest.mark.parametrize("write", FILE_SETS)
def test_names_in_capitals_and_packed(tmp_path, write):
    node, _ = write(tmp_path, np.random.default_rng(2))
    expected = batches(node, tmp_path)
    for number, one in enumerate(text_files(tmp_path)):
        new = one.with_name(one.stem + one.suffix.upper())
        if number % 2:
            new = new.with_name(f"{new.name}.gz")
            one.write_bytes(gzip.compress(one.read_bytes()))
        one.rename(new)
        node = {key: str(new) if value == str(one) else value for key, value in node.items()}
    assert_same(batches(node, tmp_path), expected)


@pytest.mark.parametrize("write", [one for one in FILE_SETS if one.__name__ not in ("coco", "voc")])
def test_trailing_blanks_and_blank_lines(tmp_path, write):
    node, _ = write(tmp_path, np.random.default_rng(3))
    expected = batches(node, tmp_path)
    for one in text_files(tmp_path):
        text = one.read_text()
        one.write_text((text if one.suffix == ".csv" else text.replace("\n", " \t\n")) + "\n  \n")
    assert_same(batches(node, tmp_path), expected)


@pytest.mark.parametrize("write", FILE_SETS)
def test_what_is_not_text_is_named_with_the_place(tmp_path, write):
    node, _ = write(tmp_path, np.random.default_rng(4))
    for one in text_files(tmp_path):
        raw = one.read_bytes()
        place = len(raw) // 2
        one.write_bytes(raw[:place] + b"\xe9" + raw[place:])
    with pytest.raises(DataError, match=r"line \d+|position \d+|byte \d+|at `\$") as raised:
        batches(node, tmp_path)
    assert any(str(one) in str(raised.value) for one in text_files(tmp_path))


@pytest.mark.parametrize("write", FILE_SETS)
def test_broken_gzip_is_an_error(tmp_path, write):
    node, _ = write(tmp_path, np.random.default_rng(5))
    for one in text_files(tmp_path):
        one.write_bytes(gzip.compress(one.read_bytes())[:-9])
    with pytest.raises(DataError, match="cannot be read: broken gzip"):
        batches(node, tmp_path)


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("ISO-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
        ("UTF-16", "utf-16"),
        ("utf-16", "utf-8"),  # what a program writes that builds text in UTF-16 and saves it as UTF-8
        ("gb2312", "gb2312"),
        ("utf-8", "utf-8-sig"),
    ],
)
def test_xml_in_the_encoding_it_declares(tmp_path, declared, encoding):
    node, _ = voc(tmp_path, np.random.default_rng(6))
    name = "狗" if declared == "gb2312" else "café"
    head = f'<?xml version="1.0" encoding="{declared}"?>\n'
    text = ("" if encoding.startswith("utf") else "\n") + head + xml((name, 0, 1, 2, 30, 40))
    (tmp_path / "truth" / "a.xml").write_bytes(text.encode(encoding))
    assert name in batches(node, tmp_path)[0]["truth_class"]


@pytest.mark.parametrize("declared", ["utf-8", "no-such-encoding", "gb2312"])
def test_xml_that_is_not_in_the_encoding_it_declares(tmp_path, declared):
    node, _ = voc(tmp_path, np.random.default_rng(6))
    text = f'<?xml version="1.0" encoding="{declared}"?>{xml(("café", 0, 1, 2, 30, 40))}'
    (tmp_path / "truth" / "a.xml").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"a\.xml: is not XML.*(byte \d+|no-such-encoding)"):
        batches(node, tmp_path)


def test_trec_evals_comments_and_longer_lines(tmp_path):
    node, _ = trec(tmp_path, np.random.default_rng(7))
    expected = batches(node, tmp_path)
    for name, more in (("qrels", ""), ("run", " of a long name")):
        path = tmp_path / name
        rows = [f"{line}{more}" for line in path.read_text().splitlines()]
        path.write_text("\n".join(["# a comment", *rows[:5], "#another", *rows[5:]]) + "\n")
    assert_same(batches(node, tmp_path), expected)
    (tmp_path / "qrels").write_text("q0 0 d0 1 more\n")
    with pytest.raises(DataError, match="line 1: got 5 fields, expected 4"):
        batches(node, tmp_path)


def test_fields_and_lines_end_where_the_format_says(tmp_path):
    path = tmp_path / "run"
    path.write_text("a\u00a0b\u2028c d\r\ne\tf\rg\n", newline="")
    assert [fields for _, fields in lines(path)] == [["a\u00a0b\u2028c", "d"], ["e", "f"], ["g"]]


def test_two_files_of_one_image_are_refused(tmp_path):
    for name in ("a.txt", "a.TXT", "b.txt.gz", "c.md"):
        (tmp_path / name).write_text("")
    with pytest.raises(DataError, match=re.escape("a.TXT and a.txt are two files of one name")):
        files(tmp_path, ".txt")
    (tmp_path / "a.TXT").unlink()
    assert [stem(one) for one in files(tmp_path, ".txt")] == ["a", "b"]


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, b""])
def test_marks_in_coco_results_that_are_read_in_pieces(tmp_path, mark):
    truth = {"images": [{"id": 1}], "categories": [{"id": 1}], "annotations": []}
    results = [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 0.5}] * 3
    for name, what in (("truth.json", truth), ("found.json", results)):
        (tmp_path / name).write_bytes(mark + json.dumps(what).encode())
    node = {"name": "coco", "ground_truth": str(tmp_path / "truth.json"), "detections": str(tmp_path / "found.json")}
    assert len(batches(node, tmp_path)[0]["detection_score"]) == 3
