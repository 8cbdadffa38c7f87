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
