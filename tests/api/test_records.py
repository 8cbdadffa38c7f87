"""Records: chosen from, ordered, and taken on as tables and files."""

from __future__ import annotations

import json

import pytest

import a4eval

QUERY = """
select "task.x", value from 'm.parquet' where metric = 'value' order by value desc
"""


def record(x, value):
    """Return a record as far as it is read without its bulk; without a value it failed."""
    metrics = {
        "value": {"value": value, "unit": "1", "higher_is_better": True},
        "seed": {"value": x, "unit": "1", "higher_is_better": None},
    }
    return {
        "run_id": f"run{x}",
        "experiment": "probe",
        "status": "failed" if value is None else "ok",
        "config": {"task": {"name": "probe", "x": x}},
        "overrides": ["experiment=probe", f"task.x={x}"],
        "metrics": {} if value is None else metrics,
        "tables": {"by_class": [{"class": "dog", "AP": "NaN" if x == 1 else x / 10, "seed": 7}] * x},
    }


@pytest.fixture
def folder(tmp_path):
    """Four points, the second with an infinite value, the last failed."""
    lines = [record(x, value) for x, value in enumerate((0.5, "Infinity", 0.25, None), 1)]
    interval = {"level": 0.95, "low": 0.25, "high": "Infinity", "method": "m"}
    lines[0]["metrics"]["value"].update(interval=interval, n=12)
    (tmp_path / "results.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    return tmp_path


def test_filter_sort_and_columns(folder):
    records = a4eval.load(folder)
    assert len(records) == 4
    assert records.column("task.x") == [1, 2, 3, 4]
    assert records.sort("value").column("task.x") == [2, 1, 3, 4]
    assert records.sort("-task.x").column("task.x") == [4, 3, 2, 1]
    assert records.filter("value>0.3", "task.x<2").column("value") == [0.5]
    assert records[1:3].column("task.x") == [2, 3]
    assert records.varied == ["task.x"]
    with pytest.raises(a4eval.ConfigError, match="did you mean 'value'"):
        records.column("valeu")
    assert records.columns[-3:] == ["task.x", "value", "metrics.seed"]


def test_a_row_a_record(folder):
    rows = a4eval.load(folder).to_dicts()
    assert [row["value"] for row in rows] == [0.5, float("inf"), 0.25, None]
    assert [row["metrics.seed"] for row in rows] == [1, 2, 3, None]
    assert {row["status"] for row in rows} == {"ok", "failed"}
    shown = a4eval.load(folder)._repr_html_()
    assert "<td>failed" in shown


def test_a_row_a_metric(folder):
    first, *_ = a4eval.load(folder).long().to_dicts()
    assert {key: first[key] for key in ("metric", "value", "low", "high", "level", "n")} == {
        "metric": "value",
        "value": 0.5,
        "low": 0.25,
        "high": float("inf"),
        "level": 0.95,
        "n": 12,
    }
    assert len(a4eval.load(folder).long()) == 6


def test_the_rows_of_a_table(folder):
    frame = a4eval.load(folder).table("by_class")
    assert len(frame) == 10
    assert frame.columns[-3:] == ["class", "AP", "table.seed"]
    assert [row["task.x"] for row in frame] == [1, 2, 2, 3, 3, 3, 4, 4, 4, 4]
    with pytest.raises(a4eval.ConfigError, match="no record has a table 'by_clas'; did you mean 'by_class'"):
        a4eval.load(folder).table("by_clas")


def test_what_is_not_there(tmp_path):
    with pytest.raises(a4eval.DataError, match="there is no such file or folder"):
        a4eval.load(tmp_path / "none")
    with pytest.raises(a4eval.DataError, match="no record of a4eval here"):
        a4eval.load(tmp_path)


def test_a_record_that_is_gone_or_no_record_is_said(folder):
    records = a4eval.load(folder)
    with pytest.raises(a4eval.DataError, match="is no record of a run"):
        records[0]  # what this file makes is no whole record
    (folder / "results.jsonl").unlink()
    with pytest.raises(a4eval.DataError, match="cannot be read"):
        records[0]


def test_export(cli, folder):
    done = cli("export", ".", "long.csv")
    assert done.code == 0, done.err
    assert done.out == "6 rows of 17 columns from 4 records\nlong.csv\n"
    assert cli("export", ".", "wide.jsonl", "--wide", "status=ok").code == 0
    lines = [json.loads(line) for line in (folder / "wide.jsonl").read_text().splitlines()]
    assert [line["value"] for line in lines] == [0.5, "Infinity", 0.25]
    assert cli("export", ".", "by_class.csv", "--table", "by_class").out.startswith("10 rows")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none", "x.csv"], 2, "there is no such file or folder"),
        ([".", "x.xlsx"], 2, "expected a name that ends in"),
        ([".", "results.jsonl"], 2, "is there already"),
        ([".", "x.csv", "value>9999", "status=failed"], 2, "no record under . meets the conditions"),
        ([".", "x.csv", "--table", "nope"], 2, "no record has a table 'nope'"),
        ([".", "x.csv", "--table", "by_class", "--wide"], 2, "choose one of"),
    ],
)
def test_an_export_that_cannot_be(cli, folder, arguments, code, message):
    before = (folder / "results.jsonl").read_bytes()
    done = cli("export", *arguments)
    assert (done.code, message in done.err) == (code, True), done.err
    assert (folder / "results.jsonl").read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["results.jsonl"]


def test_parquet_for_duckdb(cli, folder, monkeypatch):
    pytest.importorskip("pyarrow", reason="writes Parquet")
    duckdb = pytest.importorskip("duckdb", reason="reads Parquet")
    assert cli("export", ".", "m.parquet").code == 0
    assert duckdb.sql(QUERY).fetchall() == [(2, float("inf")), (1, 0.5), (3, 0.25)]


def test_a_missing_extra_is_named(folder, monkeypatch):
    import sys

    for name in ("pandas", "polars", "pyarrow"):
        monkeypatch.setitem(sys.modules, name, None)
    records = a4eval.load(folder)
    for extra, method in {"pandas": "to_pandas", "polars": "to_polars", "arrow": "to_arrow"}.items():
        with pytest.raises(a4eval.MissingExtraError, match=rf"pip install 'a4eval\[{extra}\]'"):
            getattr(records, method)()
