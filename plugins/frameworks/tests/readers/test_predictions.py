"""Predictions are read alike from every format, and what is wrong in a file is said with its place."""

from __future__ import annotations

import json

import numpy as np
import pytest

from a4eval import DataError, Run, build

ROWS = [
    {"unit": "b", "cluster": "x", "truth": 1, "prediction": 0, "score": 0.25, "group": "g"},
    {"unit": "a", "cluster": "y", "truth": 0, "prediction": 0, "score": 0.5, "group": "h"},
    {"unit": "b", "cluster": "x", "truth": 2, "prediction": 2, "score": 0.75, "group": "g"},
]


def written(path, rows):
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    if path.suffix == ".csv":
        path.write_text("\n".join([",".join(columns), *(",".join(map(str, row.values())) for row in rows)]) + "\n")
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, rows)))
    elif path.suffix == ".npz":
        np.savez(path, **columns)
    else:
        arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'a4eval[arrow]'")
        pytest.importorskip("pyarrow.parquet").write_table(arrow.table(columns), path)
    return path


def read(path, **options):
    reader = build("reader", {"name": "predictions", "path": str(path), **options})
    return list(reader.batches(Run(directory=None)))


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "npz", "parquet"])
def test_every_format_gives_the_same_batch(tmp_path, suffix):
    (batch,) = read(written(tmp_path / f"p.{suffix}", ROWS))
    assert {name: np.asarray(one).tolist() for name, one in batch.items()} == {
        "unit": ["a", "b"],
        "row_unit": [0, 1, 1],
        "row_truth": [0, 1, 2],
        "row_prediction": [0, 0, 2],
        "row_score": [0.5, 0.25, 0.75],
        "row_group": ["h", "g", "g"],
        "unit_cluster": ["y", "x"],
    }
    assert batch["row_truth"].dtype == np.int64


def test_parts_are_disjoint_and_together_the_whole(tmp_path):
    path = written(tmp_path / "p.csv", ROWS)
    reader = build("reader", {"name": "predictions", "path": str(path)})
    parts = [one for index in range(2) for one in reader.part(index, 2).batches(Run(directory=None))]
    assert [one["unit"].tolist() for one in parts] == [["a"], ["b"]]
    assert [one["row_score"].tolist() for one in parts] == [[0.5], [0.25, 0.75]]
    assert [one["row_unit"].tolist() for one in parts] == [[0], [0, 0]]


def test_several_score_columns_are_one_of_classes(tmp_path):
    (tmp_path / "p.csv").write_text("truth,cat,dog\n0,.9,.1\n1,.2,.8\n")
    (batch,) = read(tmp_path / "p.csv", score=["cat", "dog"])
    assert batch["row_score"].tolist() == [[0.9, 0.1], [0.2, 0.8]]


@pytest.mark.parametrize(
    ("text", "truth"),
    [("007\n008", ["007", "008"]), ("1.5\n2", [1.5, 2.0]), ("cat\ndog", ["cat", "dog"]), ("-1\n1", [-1, 1])],
)
def test_what_labels_are_is_seen_from_the_column(tmp_path, text, truth):
    assert read(_two(tmp_path, text.split()))[0]["row_truth"].tolist() == truth


def test_names_among_numbers_have_to_be_called_text(tmp_path):
    path = _two(tmp_path, ["8", "007", "9"])
    with pytest.raises(DataError, match="line 3: column 'truth': got '007' among numbers"):
        read(path)
    assert read(path, labels="text")[0]["row_truth"].tolist() == ["8", "007", "9"]


def _two(tmp_path, lines):
    path = tmp_path / "p.csv"
    path.write_text("truth,score\n" + "".join(f"{one},0.5\n" for one in lines))
    return path


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("p.csv", "truth,score\n1,0.5\n0,high\n", "line 3: column 'score': got 'high', expected a finite number"),
        ("p.csv", "truth,score\n1,0.5\n0,nan\n", "line 3: column 'score': got 'nan', expected a finite number"),
        ("p.csv", "truth,score\n1,0.5\n0,\n", "line 3: column 'score': the cell is empty"),
        ("p.csv", "truth,score\n1,0.5\n0\n", "line 3: got 1 cells, expected 2"),
        ("p.csv", "truth,truth\n1,0\n", "two columns are called 'truth'"),
        ("p.csv", "truth,prediction\n1,1\n2,one\n", "line 3: column 'prediction': got 'one' among numbers"),
        ("p.csv", "truth,prediction\n1,one\n2,two\n", "line 2: column 'prediction': got 'one', but the column 'truth'"),
        ("p.csv", "truth,unit\n1,a\n", "has neither a column 'prediction' nor one 'score'"),
        ("p.csv", "label,score\n1,1\n", "has no column 'truth'; it has label, score"),
        ("p.csv", "truth,score\n", "holds no row"),
        ("p.csv", "", "is empty"),
        ("p.csv", 'truth,score\n1,"0.5\n', "is not CSV"),
        (
            "p.csv",
            "unit,cluster,truth,score\na,x,1,1\na,y,1,1\n",
            "line 3: column 'cluster': got y, but its unit a was in x",
        ),
        ("p.jsonl", '{"truth": 1, "score": 1}\n{"truth": 1}\n', "line 2: column 'score': it is missing here"),
        ("p.jsonl", '{"truth": 1, "score": NaN}\n', "line 1: is no JSON: NaN is no number of JSON"),
        ("p.jsonl", "[1]\n", "line 1: got '[1]', expected a JSON object"),
        ("p.jsonl", '{"truth": 1, "score": [1, 2]}\n{"truth": 1, "score": [1]}\n', "line 2: column 'score': got [1]"),
        ("p.jsonl", '{"truth": 1, "score": "1"}\n{"truth": true, "score": {}}\n', "line 2: column 'score': got {}"),
        ("p.txt", "x", "got a file .txt, expected .csv"),
        ("p.parquet", "no", "is no Parquet file"),
        ("p.npz", "no", "is no .npz file"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, name, content, says):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'a4eval[arrow]'")
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError) as error:
        read(tmp_path / name)
    assert says in str(error.value)
    assert "\n" not in str(error.value)
    assert name in str(error.value)


def test_arrays_of_other_lengths_and_missing_files_are_refused(tmp_path):
    np.savez(tmp_path / "p.npz", truth=[1, 0], score=[1.0])
    with pytest.raises(DataError, match="its arrays have the shapes"):
        read(tmp_path / "p.npz")
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(DataError, match="has no column 'label'; it has truth, score"):
        read(_two(tmp_path, ["1", "0"]), truth="label")
