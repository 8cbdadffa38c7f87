"""Flat tables of boxes."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import ConfigError, DataError, Run, build

from ..voc_cases import evaluated

TRUTH = "ImageID,LabelName,XMin,XMax,YMin,YMax,IsGroupOf,w,h\na,/m/1,0.1,0.3,0.1,0.5,0,100,200\n"
FOUND = "ImageID,LabelName,XMin,XMax,YMin,YMax,Score,w,h\na,/m/1,0.1,0.3,0.1,0.5,0.9,100,200\n"
COLUMNS = {
    "image": "ImageID",
    "class": "LabelName",
    "box_1": "XMin",
    "box_2": "YMin",
    "box_3": "XMax",
    "box_4": "YMax",
    "score": "Score",
    "width": "w",
    "height": "h",
}


def tables(tmp_path, truth=TRUTH, found=FOUND):
    (tmp_path / "truth.csv").write_text(truth)
    (tmp_path / "found.csv").write_text(found)
    return {
        "name": "detection_table",
        "ground_truth": str(tmp_path / "truth.csv"),
        "detections": str(tmp_path / "found.csv"),
        "format": "xyxy",
        "relative": True,
        "columns": COLUMNS,
    }


def test_flat_tables_such_as_open_images(tmp_path):
    reader = tables(tmp_path)
    (batch,) = build("reader", reader).batches(Run(directory=tmp_path))
    np.testing.assert_allclose(batch["truth_box"], [[10, 20, 20, 80]])
    assert evaluated(tmp_path, reader)[0] == 1
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow writes and reads Parquet")
    from pyarrow import csv

    for name in ("truth", "found"):
        parquet.write_table(csv.read_csv(tmp_path / f"{name}.csv"), tmp_path / f"{name}.parquet")
        (tmp_path / f"{name}.csv").unlink()
    files = {"ground_truth": str(tmp_path / "truth.parquet"), "detections": str(tmp_path / "found.parquet")}
    assert evaluated(tmp_path, reader | files)[0] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"columns": {"picture": "ImageID"}, "relative": False}, "columns: got 'picture'"),
        ({"columns": {}}, "relative: set columns.width"),
        ({"format": "xxyy"}, "xxyy"),
    ],
)
def test_bad_table_parameters_are_refused(tmp_path, change, words):
    with pytest.raises(ConfigError, match=words):
        build("reader", tables(tmp_path) | change)


def test_bad_cells_are_refused(tmp_path):
    with pytest.raises(DataError, match="column 'XMin': row 1: got 'left', expected a number"):
        evaluated(tmp_path, tables(tmp_path, truth=TRUTH.replace("0.1,0.3,0.1", "left,0.3,0.1")))
    with pytest.raises(DataError, match="negative width or height"):
        evaluated(tmp_path, tables(tmp_path, found=FOUND.replace("0.1,0.3", "0.3,0.1")))


CROWDED = TRUTH.replace("IsGroupOf,w,h\n", "crowd,w,h\n")


def test_columns_that_mean_something_and_are_not_named_are_told(tmp_path):
    node = tables(tmp_path, truth=CROWDED.replace("crowd,w", "crowd,area"))
    node |= {"relative": False, "columns": {one: COLUMNS[one] for one in COLUMNS if one not in ("width", "height")}}
    run = Run(directory=tmp_path)
    list(build("reader", node).batches(run))
    assert [one for one in run.warnings if "columns" in one] == [
        f"{tmp_path / 'truth.csv'}: columns that are not read: area, crowd; "
        "to read them: task.data.columns.area=area task.data.columns.crowd=crowd"
    ]
    node["columns"] |= {"area": "area", "crowd": "crowd"}
    run = Run(directory=tmp_path)
    list(build("reader", node).batches(run))
    assert not [one for one in run.warnings if "columns" in one]


@pytest.mark.parametrize(
    ("cell", "expected"), [("0", False), ("1", True), ("1.0", True), ("True", True), ("false", False)]
)
def test_flags_are_numbers_or_words(tmp_path, cell, expected):
    node = tables(tmp_path, truth=CROWDED.replace("0.5,0,", f"0.5,{cell},"))
    node["columns"] = COLUMNS | {"crowd": "crowd"}
    (batch,) = build("reader", node).batches(Run(directory=tmp_path))
    assert batch["truth_crowd"].tolist() == [expected]


@pytest.mark.parametrize("cell", ["2", "-1", "0.5", "nan"])
@pytest.mark.parametrize("name", ["crowd", "difficult"])
def test_a_flag_of_another_value_is_refused_with_its_row(tmp_path, cell, name):
    truth = CROWDED + CROWDED.splitlines()[1].replace("0.5,0,", f"0.5,{cell},") + "\n"
    node = tables(tmp_path, truth=truth)
    node["columns"] = COLUMNS | {name: "crowd"}
    with pytest.raises(DataError, match=rf"truth\.csv: column 'crowd': row 2: got {cell}, expected 0 or 1"):
        list(build("reader", node).batches(Run(directory=tmp_path)))


@pytest.mark.parametrize(("name", "meaning"), [("iscrowd", "crowd"), ("Area", "area"), ("is_difficult", "difficult")])
def test_columns_that_others_name_in_another_way_are_told_too(tmp_path, name, meaning):
    node = tables(tmp_path, truth=CROWDED.replace("crowd,w", f"{name},w"))
    node["columns"] = COLUMNS
    for columns in (COLUMNS, COLUMNS | {meaning: name}):
        run = Run(directory=tmp_path)
        list(build("reader", node | {"columns": columns}).batches(run))
        told = [one for one in run.warnings if "columns" in one]
        assert bool(told) == (columns is COLUMNS)
        assert all(one.endswith(f"not read: {name}; to read them: task.data.columns.{meaning}={name}") for one in told)
