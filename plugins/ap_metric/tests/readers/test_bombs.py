"""Files of a few kilobytes that stand for gigabytes, or that C++ would not survive, are refused in one line."""

from __future__ import annotations

import gzip
import random
import subprocess
import sys

import numpy as np
import pytest
from a4eval_ap_metric.identifiers import as_ids
from a4eval_ap_metric.readers.columns import read_columns
from a4eval_ap_metric.readers.files import content
from a4eval_ap_metric.readers.voc import read_annotations

from a4eval import DataError

from ..text_files import lines
from ..voc_cases import xml

COLUMNS = {"id": "image", "score": "score"}


def columns(path):
    return read_columns(path, COLUMNS, ids=("id",))


@pytest.fixture
def arrow():
    return pytest.importorskip("pyarrow", reason="pyarrow writes and reads these formats")


def write(table, path):
    """Write a table in the format that the file's suffix names."""
    if path.suffix == ".parquet":
        from pyarrow import parquet

        parquet.write_table(table, path, compression="zstd")
    else:
        from pyarrow import feather

        feather.write_feather(table, path, compression="zstd" if path.suffix == ".feather" else "uncompressed")


@pytest.mark.parametrize("name", ["a.parquet", "a.feather", "a.arrow"])
def test_texts_and_numbers_come_back(tmp_path, arrow, name):
    given = {"image": ["b", "a", "b", "ü"], "score": [1.5, 2, 3, -4], "kind": arrow.array(["x", "y", "x", "x"])}
    table = arrow.table({**given, "kind": given["kind"].dictionary_encode()})
    write(arrow.concat_tables([table, table]), tmp_path / name)
    found = read_columns(tmp_path / name, {**COLUMNS, "kind": "kind"}, ids=("id", "kind"))
    assert found["id"].tolist() == given["image"] * 2
    assert found["score"].tolist() == given["score"] * 2
    assert found["kind"].tolist() == ["x", "y", "x", "x"] * 2
    write(arrow.table({"image": ["a", None], "score": [1.0, 2.0]}), tmp_path / name)
    with pytest.raises(DataError, match=r"column 'image': the cell in row 2 is empty$"):
        columns(tmp_path / name)
    write(
        arrow.table({"image": arrow.array([], arrow.string()), "score": arrow.array([], arrow.float64())}),
        tmp_path / name,
    )
    assert len(columns(tmp_path / name)["id"]) == 0


@pytest.mark.parametrize("name", ["a.parquet", "a.feather"])
def test_one_number_many_times(tmp_path, arrow, name):
    n = 12_000_000
    write(arrow.table({"image": np.zeros(n, np.int8), "score": np.zeros(n, np.int8)}), tmp_path / name)
    assert (tmp_path / name).stat().st_size < 100_000
    with pytest.raises(DataError, match=r"12,000,000 rows of 2 columns in .* bytes: no real table shrinks so far"):
        columns(tmp_path / name)


def test_one_long_text_many_times(tmp_path, arrow):
    table = arrow.table({"image": ["x" * 100_000] * 4_000, "score": np.zeros(4_000)})
    write(table, tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"column 'image': got a text of 100,000 characters, expected 1,024 at most"):
        columns(tmp_path / "a.parquet")


FUZZ = """
import sys
from pathlib import Path
from a4eval import DataError
from a4eval_ap_metric.readers.columns import read_columns
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        read_columns(path, {"id": "image", "score": "score"}, ids=("id",))
    except DataError as error:
        assert path.name in str(error), error
print("survived")
"""


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "feather"])
def test_damaged_files_kill_no_process(tmp_path, arrow, suffix):
    path = tmp_path / f"a.{suffix}"
    write(arrow.table({"image": [f"a{one}" for one in range(40)], "score": np.arange(40.0)}), path)
    raw, rng = path.read_bytes(), random.Random(0)
    (tmp_path / "bent").mkdir()
    for number in range(300):
        bent = bytearray(raw)
        for _ in range(rng.choice([1, 1, 2, 4])):
            place = rng.randrange(len(bent) - 8) // 4 * 4
            bent[place : place + 4] = rng.choice([b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\x40", b"\0\1\0\0"])
        (tmp_path / "bent" / f"{number}.{suffix}").write_bytes(bent)
    done = subprocess.run(
        [sys.executable, "-c", FUZZ, str(tmp_path / "bent")], capture_output=True, text=True, check=False
    )
    assert done.stdout == "survived\n", done.stderr


def test_packed_zeros(tmp_path):
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(bytes(15_000_000), 9))
    with pytest.raises(DataError, match=r"more than 10,000,000 bytes are packed into .*, which no real text is"):
        content(tmp_path / "a.json.gz")


def test_one_long_id():
    with pytest.raises(DataError, match="ids: got a text of 2,000 characters"):
        as_ids(["a", "b" * 2_000], "ids")


OBJECT = "<object><name>cat</name><bndbox/></object>"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<html><body><p>404 Not Found</p></body></html>", "got <html>, expected <annotation>"),
        ("<!DOCTYPE html><html><br></html>", "is not XML"),
        (f'<annotation xmlns="urn:voc">{OBJECT}</annotation>', "got <{urn:voc}annotation>, expected <annotation>"),
        (f'<annotation xmlns:v="urn:voc">{OBJECT.replace("object", "v:object")}</annotation>', "got <{urn:voc}object>"),
        (f"<annotation>{OBJECT.replace('object', 'Object')}</annotation>", "got <Object>; VOC uses small letters"),
        ("<annotations><image/></annotations>", "got <annotations>"),
        ("<Annotation/>", "got <Annotation>"),
        ("<?xml version='1.0' encoding='punycode'?><annotation/>", "'punycode' is no encoding of characters"),
        ("<?xml version='1.0' encoding='zlib'?><annotation/>", "'zlib' is no encoding of characters"),
        ("<a>" * 100_000, "is not XML"),
        ("<annotation>" + "<a>" * 100_000 + "</a>" * 100_000 + "</annotation>", "has no object"),
        (
            "<!DOCTYPE a [<!ENTITY a0 'xxxxxxxxxx'>"
            + "".join(f"<!ENTITY a{one} '{f'&a{one - 1};' * 10}'>" for one in range(1, 20))
            + "]><annotation>&a19;</annotation>",
            "is not XML: limit on input amplification factor",
        ),
        ("<!DOCTYPE a [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><annotation>&a;</annotation>", "undefined entity"),
    ],
)
def test_xml_that_is_no_annotation_is_no_image_without_objects(tmp_path, text, why):
    lines(tmp_path, "a.xml", text)
    try:
        images, found = read_annotations(tmp_path)
        said = "has no object"
        assert (images, len(found["unit"])) == (["a"], 0)
    except DataError as error:
        said = str(error)
    assert why in said


def test_an_annotation_in_another_encoding(tmp_path):
    text = f'<?xml version="1.0" encoding="Windows-1252"?>{xml(("café", 0, 1, 1, 5, 5))}'
    (tmp_path / "a.xml").write_bytes(text.encode("cp1252"))
    assert read_annotations(tmp_path)[1]["class"].tolist() == ["café"]
