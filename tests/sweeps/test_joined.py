"""Keys swept together, and files of points."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROWS = [{"task.x": 1, "task.y": "a, b"}, {"task.x": 2, "task.y": "${seed}"}, {"task.y": None, "seed": 7}]


@pytest.fixture
def points(cli, probe):
    """Plan a sweep and return its first and last config, or the error; or run it and return what its points were."""

    def run(*words):
        chosen = [] if "points=configs.jsonl" in words else ["experiment=probe"]
        done = cli("run", "-m", *chosen, "hydra.sweep.dir=sweep", "executor.name=here", *words)
        if done.code:
            assert done.err.count("\n") == 1, done.err
            return done.err.removeprefix("a4eval: error: ").strip()
        lines = (done.cwd / "sweep" / "results.jsonl").read_text().splitlines()
        found = [json.loads(line)["config"] for line in lines]
        return [(one["task"].get("x"), one["task"].get("y"), one["seed"]) for one in found]

    return run


def test_keys_are_swept_together(points):
    assert points('zip="task.x=1,2,3; task.y=a,b,c"') == [(1, "a", 0), (2, "b", 0), (3, "c", 0)]


def test_together_and_each_with_every_value_of_others(points):
    found = points("zip=['task.x=range(1,3);task.y=[1],[2,3]','seed=4,5']")
    assert found == [(1, [1], 4), (1, [1], 5), (2, [2, 3], 4), (2, [2, 3], 5)]


def test_quoted_semicolons_and_interpolations(points):
    found = points(r"""zip="task.x=1,2; task.y='p;q',/c/${task.x}" """.strip())
    assert found == [(1, "p;q", 0), (2, "/c/2", 0)]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (['zip="task.x=1,2; task.y=a"'], "zip: got 'task.x=1,2; task.y=a', expected lists of one length"),
        (['zip="task.x=1,2"', "task.x=3,4"], "task.x: is set by points= or zip= as well; leave one of them out"),
        (["zip=['task.x=1,2','task.x=3,4']"], "task.x: is set twice by points= and zip="),
        (['zip=""'], "zip: got '', expected lists of one length"),
        (['zip="task.x"'], "got 'task.x', expected KEY=VALUE"),
        (['zip="retries=1,2; task.x=1,2"'], "retries: says how the sweep runs and cannot be swept itself"),
        (["zip=3"], "zip: got 3, expected str"),
        (["points=rows.txt"], "points: got 'rows.txt', expected a file .csv, .jsonl, .ndjson, .parquet"),
        (["points=rows.csv"], "points: there is no file 'rows.csv'"),
        (["points=a.csv,b.csv"], "points: says how the sweep runs and cannot be swept itself"),
    ],
)
def test_a_slip_is_one_line(points, words, text):
    assert points(*words).startswith(text)


def written(path):
    """Write ROWS in the form that the name of the file asks for."""
    if path.suffix == ".csv":
        path.write_text('task.x,task.y,seed\n1,"a, b",\n2,${seed},\n,null,7\n')
    elif path.suffix == ".parquet":
        pyarrow = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(
            pyarrow.Table.from_pylist(ROWS[:2], pyarrow.schema([("task.x", "int64"), ("task.y", "string")])), path
        )
    else:
        path.write_text("\n".join(map(json.dumps, ROWS)) + "\n\n")


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.parquet"])
def test_each_row_of_a_file_is_a_point(points, tmp_path, name):
    written(tmp_path / name)
    expected = [(1, "a, b", 0), (2, "${seed}", 0), (None, None, 7)]
    assert points(f"points={name}") == expected[: 2 if name.endswith("parquet") else 3]


def test_a_row_may_hold_a_mapping(points, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"task.y": {"a": [1, {"b/c": "d, e"}]}}\n')
    assert points("points=rows.jsonl") == [(None, {"a": [1, {"b/c": "d, e"}]}, 0)]


def test_a_cell_of_parquet_is_named(points, tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow writes Parquet")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"task.x": ["two"]}), tmp_path / "rows.parquet")
    assert "(in the point of rows.parquet, row 1, column task.x)" in points("points=rows.parquet")
    parquet.write_table(
        pyarrow.table({"task.y": pyarrow.array([0], pyarrow.timestamp("s"))}), tmp_path / "rows.parquet"
    )
    assert points("points=rows.parquet").startswith("rows.parquet, row 1, column task.y: got datetime")


def test_rows_with_every_value_of_others(points, tmp_path):
    (tmp_path / "rows.csv").write_text("\ufefftask.x,task.y\n1,[1,2]\n".replace("[1,2]", '"[1,2]"') + "2.5,true\n")
    assert points("points=rows.csv", "seed=3,4") == [
        (1, [1, 2], 3), (1, [1, 2], 4), (2.5, True, 3), (2.5, True, 4),
    ]  # fmt: skip


def test_rows_may_choose_configs(points, tmp_path):
    (tmp_path / "configs.jsonl").write_text(
        '{"experiment": "nested/one"}\n{"experiment": "nested/two", "task.y.a": 9}\n'
    )
    assert points("points=configs.jsonl") == [(1, None, 0), (2, {"a": 9, "b": 2}, 0)]


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("rows.csv", "task.x,task.x\n1,2\n", "rows.csv, line 1: two columns have the name 'task.x'"),
        ("rows.csv", "task.x,task.y\n1\n", "rows.csv, line 2: has not as many cells as there are columns, 2"),
        ("rows.csv", "task.x\n1,2\n", "rows.csv, line 2: has not as many cells as there are columns, 1"),
        ("rows.csv", "", "rows.csv: holds no point"),
        ("rows.csv", "task x\n1\n", "rows.csv, line 1: the column 'task x' is no key of a config, such as task.x"),
        ("rows.csv", "hydra.run.dir\n/x\n", "rows.csv, line 1: the column 'hydra.run.dir' says how a sweep runs"),
        ("rows.csv", "executor\nslurm\n", "rows.csv, line 1: the column 'executor' says how a sweep runs"),
        (
            "rows.csv",
            "task.x,a b,seed,c d\n1,,2,\n",
            "rows.csv, line 1: the column 'a b' is no key of a config, such as",
        ),
        ("rows.csv", "a b,c d\n1,\n", "task.x; rows.csv, line 1: the column 'c d' is no key of a config"),
        ("rows.jsonl", '{}\n\n{"a b": 1}', "rows.jsonl, line 3: the column 'a b' is no key of a config"),
        ("rows.csv", "~task.x\n1\n", "rows.csv, line 1: the column '~task.x' is no key of a config"),
        ("rows.csv", "task.x\ntwo\n", "task.x: got 'two', expected float"),
        ("rows.csv", "task.z\n1\n", "task.z: unknown key"),
        (
            "rows.csv",
            "task.x\n1\ntwo\n",
            "task.x: got 'two', expected float (in the point of rows.csv, line 3, column task.x)",
        ),
        (
            "rows.jsonl",
            '{"task.x": {"a": 1}}',
            "task.x: got {'a': 1}, expected float (in the point of rows.jsonl, line 1,",
        ),
        (
            "rows.jsonl",
            '{}\n{"task.y": {"a b": 1}}',
            "rows.jsonl, line 2, column task.y: got a mapping with the key 'a b', exp",
        ),
        ("rows.jsonl", "{}\n[1]\n", "rows.jsonl, line 2: is no JSON object"),
        ("rows.jsonl", "not\n", "rows.jsonl, line 1: is no JSON object"),
        ("rows.parquet", "not", "rows.parquet: cannot be read as points"),
    ],
)
def test_a_bad_file_is_one_line(points, tmp_path, name, content, text):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    (tmp_path / name).write_text(content)
    assert text in points(f"points={name}")
    assert not Path("sweep").exists()


def test_a_file_that_is_no_utf8(points, tmp_path):
    (tmp_path / "rows.csv").write_bytes(b"task.x\n\xff\n")
    assert points("points=rows.csv").startswith("rows.csv: is no CSV in UTF-8")


def test_points_are_for_sweeps(cli, probe):
    done = cli("run", "experiment=probe", "points=rows.csv")
    assert (done.code, done.err) == (2, "a4eval: error: points: is for a sweep; add -m (on the command line)\n")


def test_a_point_runs_again_by_itself_and_a_sweep_goes_on(place):
    (place.folder / "rows.csv").write_text("task.x,task.y\n1,a\n2,b\n3,c\n")
    done = place.sweep("points=rows.csv", "task.fail=[2]")
    assert done.code == 1
    assert "a4eval run task.x=2 task.y=b experiment=probe task.fail='[2]'" in done.out.replace(
        "'task.fail=[2]'", "task.fail='[2]'"
    )
    journal = place.folder / "sweep" / "results.jsonl"
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    again = place.run("resume", "sweep")
    assert "3 points: 2 ok, 1 failed" in again.out
    assert "1 of them earlier" in again.out


def test_a_parquet_file_of_one_number_many_times(cli, probe, tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow writes Parquet")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"seed": pyarrow.array([1] * 2_000_000)}), tmp_path / "rows.parquet")
    assert (tmp_path / "rows.parquet").stat().st_size < 10_000
    done = cli("run", "-m", "experiment=probe", "points=rows.parquet")
    assert (done.code, "packed into" in done.err, done.err.count("\n")) == (2, True, 1), done.err
