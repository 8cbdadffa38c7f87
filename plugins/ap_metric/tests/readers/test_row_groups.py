"""Parquet tables in the order of their images are read some row groups at a time."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from a4eval_ap_metric.readers import box_table, row_groups

from a4eval import DataError, Run, build

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def tables(tmp_path):
    """Return a function that writes tables of 30 images and gives the reader's config."""

    def write(images, *, order=None, shift=0):
        rng = np.random.default_rng(0)
        for name, n in (("truth", 90), ("found", 400)):
            row = np.sort(rng.integers(0, 30, n))
            row = row if order is None else order(row)
            box = rng.integers(1, 60, (n, 4)) if name == "found" else np.tile([5, 5, 30, 30], (n, 1))
            columns = {"image": images[row + (shift if name == "found" else 0)], "class": rng.integers(0, 3, n)}
            columns |= {f"box_{one}": box[:, one - 1].astype(float) for one in (1, 2, 3, 4)}
            if name == "found":
                columns |= {"score": np.round(rng.random(n), 1), "class": rng.integers(0, 4, n)}
            pq.write_table(pa.table(columns), tmp_path / f"{name}.parquet", row_group_size=13)
        paths = {"ground_truth": str(tmp_path / "truth.parquet"), "detections": str(tmp_path / "found.parquet")}
        return {"name": "detection_table", "format": "xywh", **paths}

    return write


def evaluated(node, count=1):
    """Return the statistics, the number of batches and the warnings of a table that is read in parts."""
    run, whole, batches = Run(directory=Path()), build("metric", "coco_detection"), 0
    for index in reversed(range(count)):
        part = build("metric", "coco_detection")
        for batch in build("reader", node).part(index, count).batches(run):
            part.update(batch)
            batches += 1
        whole.merge(part)
    return repr(whole.compute()), batches, run.warnings


@pytest.mark.parametrize("images", [np.arange(40) * 7, np.array([f"é{one:03}" for one in range(40)])])
def test_pieces_and_parts_are_the_whole(tables, images, monkeypatch):
    node = tables(images)
    whole, one, (doubt,) = evaluated(node)
    assert one == 1
    monkeypatch.setattr(box_table, "ROWS", 60)
    values, some, (doubts,) = evaluated(node)
    assert values == whole
    assert some > 4
    assert doubts.endswith(f"(so in {some} of {some} pieces of the tables)")
    assert "classes the ground truth does not know: 3" in doubt
    assert "classes the ground truth does not know: 3" in doubts
    values, in_parts, _ = evaluated(node, 3)
    assert (values, in_parts) == (whole, some)


def test_tables_in_another_order_are_read_whole(tables, monkeypatch):
    monkeypatch.setattr(box_table, "ROWS", 60)
    node = tables(np.arange(40), order=lambda row: row[::-1])
    assert evaluated(node)[1] == 1
    assert evaluated(node, 2)[0] == evaluated(node)[0]


def test_tables_without_a_common_image_are_refused(tables, monkeypatch):
    monkeypatch.setattr(box_table, "ROWS", 60)
    with pytest.raises(DataError, match=r"found.parquet: no image has both detections and truths in .*truth.parquet"):
        evaluated(tables(np.arange(80), shift=40))


def test_a_column_whose_name_is_no_text_is_one_clear_error(tables):
    node = tables(np.arange(30))
    path = Path(node["detections"])
    path.write_bytes(path.read_bytes().replace(b"score", b"sc\xf0re"))
    with pytest.raises(DataError, match=r"found\.parquet: cannot be read: "):
        list(build("reader", node).batches(Run(path.parent)))


def test_what_a_file_says_of_its_row_groups_is_not_believed(tables, monkeypatch):
    monkeypatch.setattr(box_table, "ROWS", 60)
    node = tables(np.arange(40, dtype=np.int64) + 1_000_000)
    whole = evaluated(node)
    path = Path(node["detections"])
    content = path.read_bytes()
    highest = b"\x18\x08" + (1_000_029).to_bytes(8, "little")  # the last row group's highest image
    assert highest in content
    path.write_bytes(content.replace(highest, b"\x18\x08" + (7).to_bytes(8, "little")))
    assert evaluated(node) == whole
    assert evaluated(node, 2)[0] == whole[0]


def test_a_type_that_is_none_is_no_end_of_the_process(tables):
    node = tables(np.array([f"é{one:03}" for one in range(40)]))
    path = Path(node["detections"])
    content = path.read_bytes()
    said = b"\x15\x0c\x19\x35\x00\x06\x10\x19\x18\x05image"  # BYTE_ARRAY, of the column chunks
    assert said in content
    path.write_bytes(content.replace(said, b"\x15\x3a" + said[2:]))
    got = subprocess.run([sys.executable, "-c", READ.format(node)], capture_output=True, text=True, check=False)
    assert (got.returncode, got.stdout) in {(0, "read\n"), (0, "DataError\n")}, got.stderr


READ = """
from pathlib import Path
from a4eval import DataError, Run, build
try:
    list(build("reader", {!r}).batches(Run(Path())))
    print("read")
except DataError:
    print("DataError")
"""


def test_a_column_that_is_named_and_not_there_is_told(tables, monkeypatch):
    node = tables(np.arange(30))
    real = pq.ParquetFile.read
    monkeypatch.setattr(pq.ParquetFile, "read", lambda self, columns, **more: real(self, columns[:-1], **more))
    with pytest.raises(DataError, match=r"truth\.parquet: cannot be read: column 'box_4' is named and not there"):
        list(build("reader", node).batches(Run(Path())))


@pytest.mark.parametrize(
    ("name", "column", "value", "words"),
    [
        ("truth", "crowd", 2, "column 'crowd': row 81: got 2, expected 0 or 1"),
        ("truth", "box_3", -5, r"entry 80: bbox \[5.0, 5.0, -5.0, 30.0\] has a negative"),
        ("found", "score", np.nan, "entry 80: score nan is not finite"),
    ],
)
def test_a_row_has_its_number_in_the_table_in_every_split(tables, monkeypatch, name, column, value, words):
    node = tables(np.arange(40)) | {"columns": {"crowd": "crowd"}}
    for one in ("truth", "found"):
        path = Path(node["ground_truth"]).with_name(f"{one}.parquet")
        table = pq.read_table(path)
        columns = {key: table.column(key).to_numpy().copy() for key in table.column_names}
        columns["crowd"] = np.zeros(len(columns["image"]), np.int64)
        if one == name:
            columns[column][80] = value
        pq.write_table(pa.table(columns), path, row_group_size=13)
    for rows, count in ((box_table.ROWS, 1), (60, 1), (60, 3)):
        monkeypatch.setattr(box_table, "ROWS", rows)
        with pytest.raises(DataError, match=words):
            evaluated(node, count)


@pytest.mark.parametrize("kind", [pa.uint64(), pa.decimal128(20)])
def test_classes_beyond_64_bits_in_some_row_groups_alone(tables, monkeypatch, tmp_path, kind):
    node = tables(np.arange(40))
    for name in ("truth", "found"):
        table = pq.read_table(tmp_path / f"{name}.parquet")
        ids = [(1 << 64) - 4 + one if row > 50 else one for row, one in enumerate(table["class"].to_pylist())]
        column = pa.array(list(map(Decimal, ids)) if pa.types.is_decimal(kind) else ids, kind)
        table = table.set_column(1, "class", column)
        pq.write_table(table, tmp_path / f"{name}.parquet", row_group_size=13)
    monkeypatch.setattr(box_table, "ROWS", 60)
    whole, batches, _ = evaluated(node)
    assert batches == 1
    assert evaluated(node, 3)[0] == whole


def test_an_empty_cell_has_its_row_in_every_split(tables, monkeypatch, tmp_path):
    node = tables(np.arange(40))
    for column in ("image", "score"):
        table = pq.read_table(tmp_path / "found.parquet")
        cells = table[column].to_pylist()
        cells[321] = None
        some = table.set_column(table.column_names.index(column), column, pa.array(cells))
        path = tmp_path / f"{column}.parquet"
        pq.write_table(some, path, row_group_size=13)
        for rows in (1_000_000, 60):
            monkeypatch.setattr(box_table, "ROWS", rows)
            monkeypatch.setattr(row_groups, "ROWS", rows)
            with pytest.raises(DataError, match=f"column '{column}': the cell in row 322 is empty"):
                evaluated(node | {"detections": str(path)})
