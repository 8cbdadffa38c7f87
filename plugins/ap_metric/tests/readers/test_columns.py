"""Flat tables, read from CSV and Arrow's formats."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric.readers.arrow import _array
from a4eval_ap_metric.readers.columns import read_columns

from a4eval import DataError, Run, build

from ..text_files import lines

TABLE = "query,score,relevance,document\nx,0.5,1,a\nx,0.5,0,b\ny,1,1,a\n"


def evaluated(tmp_path, path, **metric):
    node = {
        "name": "evaluate",
        "data": {"name": "ranking_table", "path": str(path), "document": "document"},
        "metrics": {"ap": {"name": "average_precision", **metric}, "range": "average_precision_range"},
    }
    result = build("task", node).run(Run(directory=tmp_path))
    return {name: value.value for name, value in result.metrics.items()}


def test_flat_tables(tmp_path):
    path = lines(tmp_path, "ranking.csv", TABLE)
    assert evaluated(tmp_path, path) == {"ap": 1, "lowest": 0.75, "highest": 1}
    assert evaluated(tmp_path, path, ties="trec")["ap"] == 0.75
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow writes and reads these formats")
    from pyarrow import csv, feather, parquet

    table = csv.read_csv(path)
    assert isinstance(table, pyarrow.Table)
    parquet.write_table(table, tmp_path / "ranking.parquet")
    feather.write_feather(table, tmp_path / "ranking.arrow")
    for name in ("ranking.parquet", "ranking.arrow"):
        assert evaluated(tmp_path, tmp_path / name) == evaluated(tmp_path, path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty, expected a header"),
        ("query,score\nx,1\n", "there is no column 'relevance'; it has query, score"),
        (TABLE + "y,1\n", "line 5: got 2 cells, expected 4"),
        (TABLE + "y,,1,b\n", "column 'score': the cell in row 4 is empty"),
        (TABLE + "y,high,1,b\n", "column 'score': row 4: got 'high', expected a number"),
        (TABLE + "y,nan,1,b\n", "column 'score': row 4 is not a finite number"),
        (TABLE.replace("document", "score"), "column 'score' is there 2 times"),
    ],
)
def test_bad_tables_are_refused(tmp_path, text, words):
    with pytest.raises(DataError, match=words):
        evaluated(tmp_path, lines(tmp_path, "ranking.csv", text))


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_column_that_is_there_twice_is_refused(tmp_path, kind):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow writes and reads these formats")
    from pyarrow import feather, parquet

    names = ["query", "score", "relevance", "document", "score"]
    table = pyarrow.Table.from_arrays([pyarrow.array([0.5, 1.0])] * 5, names=names)
    path = tmp_path / f"ranking.{kind}"
    (parquet.write_table if kind == "parquet" else feather.write_feather)(table, path)
    with pytest.raises(DataError, match=f"{kind}: column 'score' is there 2 times"):
        evaluated(tmp_path, path)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"expected \.csv"):
        evaluated(tmp_path, lines(tmp_path, "ranking.txt", TABLE))
    with pytest.raises(DataError, match="No such file"):
        evaluated(tmp_path, tmp_path / "nowhere.csv")
    pytest.importorskip("pyarrow", reason="pyarrow reads Parquet")
    with pytest.raises(DataError, match="cannot be read"):
        evaluated(tmp_path, lines(tmp_path, "ranking.parquet", TABLE))


def test_booleans_of_any_chunks_are_what_they_were(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow writes and reads these formats")
    from pyarrow import feather, parquet

    rng = np.random.default_rng(0)
    expected = rng.random(1000) < 0.5
    whole = pyarrow.array(expected)
    chunks = [whole.slice(0, 0), whole.slice(0, 3), whole.slice(3, 61), whole.slice(64, 900), whole.slice(964)]
    table = pyarrow.table({"crowd": pyarrow.chunked_array(chunks)})
    feather.write_feather(table, tmp_path / "table.arrow")
    parquet.write_table(table, tmp_path / "table.parquet", row_group_size=7)
    for name in ("table.arrow", "table.parquet"):
        found = read_columns(tmp_path / name, {"crowd": "crowd"}, ids=())["crowd"]
        np.testing.assert_array_equal(found, expected)
    assert _array(table.column("crowd")).tolist() == expected.tolist()  # whose chunks begin within a byte
    assert _array(table.column("crowd").slice(5, 0)).tolist() == []


def test_blanks_around_the_cells_of_a_csv_are_none_of_theirs(tmp_path):
    path = lines(tmp_path, "table.csv", "id , score\n a, 0.5\nb c , 1 \n")
    found = read_columns(path, {"id": "id", "score": "score"}, ids=("id",))
    assert found["id"].tolist() == ["a", "b c"]
    assert found["score"].tolist() == [0.5, 1]
    with pytest.raises(DataError, match="column 'id': the cell in row 1 is empty"):
        read_columns(lines(tmp_path, "blank.csv", "id,score\n ,1\n"), {"id": "id"}, ids=("id",))


@pytest.mark.parametrize("cell", ["1_000", "١", "0x10"])
def test_a_number_is_what_c_reads_as_one(tmp_path, cell):
    with pytest.raises(DataError, match=f"column 'score': row 2: got '{cell}', expected a number"):
        read_columns(lines(tmp_path, "table.csv", f"score\n1\n{cell}\n"), {"score": "score"}, ids=())


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_dates_and_lists_are_no_numbers_and_no_ids(tmp_path, kind):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow writes and reads these formats")
    from pyarrow import feather, parquet

    write = parquet.write_table if kind == "parquet" else feather.write_feather
    path = tmp_path / f"table.{kind}"
    numbers = pyarrow.array([3, 4])
    kinds = [pyarrow.timestamp("ns"), pyarrow.timestamp("s"), pyarrow.duration("ns")]
    dates = [*(numbers.cast(one) for one in kinds), numbers.cast(pyarrow.int32()).cast(pyarrow.date32())]
    for column in [*dates, pyarrow.array([[3.0], [4.0]])]:
        write(pyarrow.table({"x": column}), path)
        with pytest.raises(DataError, match=r"column 'x': row 1: got .*, expected a number"):
            read_columns(path, {"x": "x"}, ids=())
        with pytest.raises(DataError, match=r"column 'x': got .*, expected whole numbers or text"):
            read_columns(path, {"x": "x"}, ids=("x",))
