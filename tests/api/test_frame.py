"""Tables: numbers are numbers, in every library and file alike, and read in pieces."""

from __future__ import annotations

import csv
import json
import math
import tracemalloc

import pytest

from a4eval import ConfigError, Frame
from a4eval.api import pieces
from a4eval.api.columns import Kinds
from a4eval.journal import texts

ROWS = [
    {"k": 1, "AP": 0.25, "hit": True, "class": "dog", "boxes": [1, 2]},
    {"k": None, "AP": "Infinity", "hit": None, "class": "NaN", "boxes": None},
    {"k": 3, "AP": 1, "hit": False, "class": None, "late": 7},
]


@pytest.fixture
def frame():
    return Frame.of(ROWS)


def test_kinds(frame):
    assert frame.kinds == {
        "k": "integer",
        "AP": "number",
        "hit": "truth",
        "class": "text",
        "boxes": "text",
        "late": "integer",
    }
    assert len(frame) == 3


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2.5], "number"),
        (["NaN", None], "number"),
        (["NaN", "x"], "text"),
        ([1, "x"], "text"),
        ([True, 1], "text"),
        ([2**63], "number"),
        ([-(2**63), 2**63 - 1], "integer"),
        ([None], "text"),
    ],
)
def test_kind_of_a_column(values, kind):
    kinds = Kinds()
    kinds.take({"x": value} for value in values)
    assert kinds.found == {"x": kind}


def test_to_dicts(frame):
    first, second, third = frame.to_dicts()
    assert first == {"k": 1, "AP": 0.25, "hit": True, "class": "dog", "boxes": "[1,2]", "late": None}
    assert second["AP"] == math.inf
    assert second["class"] == "NaN"
    assert third["late"] == 7


def test_to_pandas(frame):
    pytest.importorskip("pandas", reason="reads frames")
    found = frame.to_pandas()
    assert list(map(str, found.dtypes))[:3] == ["Int64", "float64", "boolean"]
    assert found["AP"].tolist() == [0.25, math.inf, 1.0]
    assert found["k"].sum() == 4


def test_to_polars(frame):
    polars = pytest.importorskip("polars", reason="reads frames")
    found = frame.to_polars()
    assert found["AP"].to_list() == [0.25, math.inf, 1.0]
    assert found["k"].to_list() == [1, None, 3]
    assert found.schema["hit"] == polars.Boolean


def test_to_arrow(frame):
    pytest.importorskip("pyarrow", reason="makes Arrow tables")
    assert frame.to_arrow().to_pylist() == frame.to_dicts()


def test_an_empty_frame_keeps_its_columns():
    empty = Frame(lambda: iter([]), {"AP": "number"})
    assert empty.columns == ["AP"]
    assert empty.to_dicts() == []
    pytest.importorskip("pandas", reason="reads frames")
    assert list(empty.to_pandas().columns) == ["AP"]


def test_csv(frame, tmp_path):
    frame.write(tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(newline="") as file:
        header, *lines = csv.reader(file)
    assert header == ["k", "AP", "hit", "class", "boxes", "late"]
    assert lines[0] == ["1", "0.25", "true", "dog", "[1,2]", ""]
    assert lines[1][1] == "inf"


def test_json_lines(frame, tmp_path):
    frame.write(tmp_path / "x.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert [line["AP"] for line in lines] == [0.25, "Infinity", 1.0]


FORMULAS = [
    "a\r=1",
    "=1+1",
    "+1+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    '=HYPERLINK("x")',
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_is_no_formula_to_a_spreadsheet_and_numbers_stay_numbers(tmp_path, text):
    mark = "" if text[0] == "a" else "'"
    table = Frame.of([{text: text, "number": -0.5, "as text": "-0.5", "word": "a=1", "inf": float("-inf")}])
    table.write(tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(newline="") as file:
        header, line = csv.reader(file)
    assert (header[0], line) == (f"{mark}{text}", [f"{mark}{text}", "-0.5", "-0.5", "a=1", "-inf"])
    table.write(tmp_path / "x.jsonl")
    assert json.loads((tmp_path / "x.jsonl").read_text())[text] == text


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_are_read_alike(frame, tmp_path, suffix):
    pandas = pytest.importorskip("pandas", reason="reads the files")
    polars = pytest.importorskip("polars", reason="reads the files")
    pytest.importorskip("pyarrow", reason="writes and reads Parquet")
    path = frame.write(tmp_path / f"x.{suffix}")
    assert getattr(pandas, f"read_{suffix}")(path)["AP"].tolist() == [0.25, math.inf, 1.0]
    found = getattr(polars, f"read_{suffix}")(path)
    assert found["AP"].to_list() == [0.25, math.inf, 1.0]
    assert found["hit"].to_list() == [True, None, False]
    assert found["k"].to_list() == [1, None, 3]


def test_a_file_of_the_users_is_not_overwritten(frame, tmp_path):
    (tmp_path / "x.csv").write_text("mine")
    with pytest.raises(ConfigError, match="is there already"):
        frame.write(tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == "mine"
    frame.write(tmp_path / "x.csv", overwrite=True)
    assert (tmp_path / "x.csv").read_text().startswith("k,AP")
    with pytest.raises(ConfigError, match=r"ends in \.parquet, \.csv, \.jsonl"):
        frame.write(tmp_path / "x.xlsx")
    with pytest.raises(ConfigError, match="no folder"):
        frame.write(tmp_path / "none" / "x.csv")


def test_what_fails_half_way_leaves_nothing(tmp_path):
    def rows():
        yield [{"x": 1}]
        if times.pop():
            raise RuntimeError

    times = [True, False]
    with pytest.raises(RuntimeError):
        Frame(rows).write(tmp_path / "x.csv")
    assert list(tmp_path.iterdir()) == []


def test_html_is_text_and_nothing_else():
    shown = Frame.of([{"<script>": "<img src=x onerror=alert(1)>", "x": "\x1b[31m"}] * 30)._repr_html_()
    assert "<script" not in shown
    assert "<img" not in shown
    assert "\x1b" not in shown
    assert "&lt;img" in shown
    assert "… and 10 more" in shown


ODD = [{"t": 'a } , { " \\ ]'}, {"t": "}" * 50}, {"t": "x" * 300}, {"t": None}, {"t": "ü}"}]


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1000, 10**6])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("large", [10, 2**24])
def test_pieces_are_the_whole(tmp_path, monkeypatch, size, indent, large):
    monkeypatch.setattr(pieces, "BYTES", size)
    monkeypatch.setattr(texts, "LARGE", large)
    rows = [dict(one, number=number) for number, one in enumerate(ODD * 5)]
    record = {"run_id": "a", "tables": {"none": [], "odd": rows, "more": [{"x": 1}]}, "data": []}
    file = tmp_path / "result.json"
    file.write_text(json.dumps(record, indent=indent))
    assert [row for piece in pieces.rows_of(file, 0, "odd") for row in piece] == rows
    assert [row for piece in pieces.rows_of(file, 0, "more") for row in piece] == [{"x": 1}]
    assert [row for piece in pieces.rows_of(file, 0, "none") for row in piece] == []
    assert list(pieces.rows_of(file, 0, "absent")) == []


def test_pieces_of_a_line_of_a_journal(tmp_path, monkeypatch):
    monkeypatch.setattr(texts, "LARGE", 50)
    lines = [json.dumps({"run_id": name, "tables": {"t": [{"x": name}] * 9}}) + "\n" for name in ("a", "bb")]
    (tmp_path / "results.jsonl").write_text("".join(lines))
    found = list(pieces.rows_of(tmp_path / "results.jsonl", len(lines[0]), "t"))
    assert [row for piece in found for row in piece] == [{"x": "bb"}] * 9


def test_a_large_table_takes_no_more_memory_than_a_small_one(tmp_path, monkeypatch):
    monkeypatch.setattr(texts, "LARGE", 2**16)
    monkeypatch.setattr(pieces, "BYTES", 2**16)

    def peak(rows):
        file = tmp_path / f"{rows}" / "result.json"
        file.parent.mkdir()
        with file.open("w") as out:
            out.write('{"tables": {"t": [')
            out.writelines(f'{"," if row else ""}{{"row": {row}, "score": 0.5, "class": "dog"}}' for row in range(rows))
            out.write("]}}")
        tracemalloc.start()
        Frame(lambda: pieces.rows_of(file, 0, "t")).write(tmp_path / f"{rows}.csv")
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    few, many = peak(20_000), peak(80_000)
    assert many < 1.2 * few
