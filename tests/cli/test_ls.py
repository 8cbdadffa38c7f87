"""``a4eval ls``, and points of sweeps by themselves: what is found, told and refused."""

from __future__ import annotations

import json

import pytest

Q5 = "experiment=assignment4/q5_l2_vs_iou"


@pytest.fixture
def swept(cli):
    cli("run", "-m", Q5, "task.W=6,8,10", "hydra.sweep.dir=swept")
    cli("run", "experiment=assignment4/q3_interpolated_ap", "hydra.run.dir=one")


def facts(lines):
    """Return what stands above the table, by name."""
    return dict(line.split(": ", 1) for line in lines[: next(i for i, line in enumerate(lines) if "──" in line) - 1])


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_where_and_what_each_record_is_always_stands_there(cli, swept, hits, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    hits("a/long/folder/of/which/the/name/is/long/one", [1, 0])
    hits("a/long/folder/of/which/the/name/is/long/two", [1, 0], "seed=1")
    for asked in (["."], ["swept"], ["one"], ["swept", "one"], ["a"], ["a", "one"]):
        lines = cli("ls", *asked).out.splitlines()
        text = "\n".join(lines)
        assert not [line for line in lines if len(line) > width]
        assert "age" in text
        for name in ("a/long/folder/of/which/the/name/is/long/one",) * ("a" in asked or "." in asked):
            assert name in text.split()
        if "swept" in asked or asked == ["."]:
            assert "swept/" in text
            assert "assignment4/q5_l2_vs_iou" in text
        if "one" in asked or asked == ["."]:
            assert "one" in text.split() or "one/result.json" in text.split()
            assert "11_point" in text


def test_what_all_agree_in_stands_above_the_table(cli, swept, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = cli("ls", "swept").out.splitlines()
    assert facts(lines) == {"experiment": "assignment4/q5_l2_vs_iou", "path": "swept/results.jsonl"}
    assert lines[2].split() == ["#", "age", "task.W", "iou_p2", "l2_p1", "l2_p2", "iou_p1"], "what differs first"
    assert lines[-2:] == ["3 runs: 3 ok", "`a4eval show swept/#1` shows the first"]
    alone = cli("ls", "one").out.splitlines()
    assert facts(alone) == {"experiment": "assignment4/q3_interpolated_ap", "path": "one/result.json"}


def test_records_that_share_no_metric_tell_their_own(cli, swept, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    lines = cli("ls", "swept", "one").out.splitlines()
    assert lines[0].split() == ["experiment", "age"]
    assert "    one  11_point=0.753247 every_point=0.728571 step=0.714286 …" in lines
    assert "task.W=6 iou_p2=0.666667 l2_p1=2 l2_p2=2 …" in "\n".join(lines)
    assert "l2_p2=2 iou_p2=" in cli("ls", "swept", "one", "--sort", "l2_p2").out, "first what was asked for"


def test_a_number_that_is_asked_for_has_its_column(cli, swept, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    heading = cli("ls", "swept", "l2_p2>0", "--sort", "l2_p1").out.splitlines()[2].split()
    assert heading[3:5] == ["l2_p1", "l2_p2"]


def test_the_foot_names_the_row_that_stands_first(cli, swept):
    for asked in (["task.W>6"], ["--sort=-task.W"], ["--sort=-task.W", "--limit=1"]):
        lines = cli("ls", "swept", *asked).out.splitlines()
        line = next(place for place, line in enumerate(lines) if "──" in line)
        number = lines[line + 1].split()[0]
        assert lines[-1] == f"`a4eval show swept/#{number}` shows the first"
        shown = json.loads(cli("show", f"swept/#{number}", "--json").out)
        assert shown["config"]["task"]["W"] > 6


def test_age_is_a_key(cli, swept):
    assert "1 run: 1 ok" in cli("ls", "one", "age<3600").out
    assert "0 runs; 0 of 1 meet the conditions" in cli("ls", "one", "age>3600").out
    assert float(cli("ls", "one", "--columns", "age", "--csv").out.splitlines()[1]) < 3600


def test_without_a_path_it_is_the_folder_one_is_in(cli, swept):
    asked = ["iou_p1>0", "--columns", "task.W,iou_p1"]
    assert cli("ls", *asked).out == cli("ls", ".", *asked).out


def test_csv_and_json_say_what_each_record_is(cli, swept):
    assert cli("ls", "swept", "--csv").out.splitlines()[0].split(",")[:5] == [
        "experiment", "verdict", "started", "path", "task.W",
    ]  # fmt: skip
    assert json.loads(cli("ls", "swept", "--json").out)[0]["path"] == "swept/results.jsonl"


def test_a_column_path_is_what_show_takes(cli, swept):
    lines = cli("ls", "swept", "--columns", "path,task.W", "--limit", "1").out.splitlines()
    path = next(line.split()[0] for line in lines if line.startswith("swept/"))
    assert cli("show", path).code == 0


def test_what_a_later_record_replaced_is_counted(cli):
    for name in ("first", "second"):
        cli("run", "experiment=assignment4/q5_l2_vs_iou", f"hydra.run.dir={name}")
    assert cli("ls", ".").out.splitlines()[-1] == "1 run: 1 ok; 1 older record of the same run not listed"


def test_a_path_given_twice_is_read_once(cli, swept):
    assert "3 runs: 3 ok; 3 of 4" in cli("ls", "swept", ".", "swept/results.jsonl", "task.W>0").out


def test_conditions_that_say_nothing(cli, swept):
    refused = cli("ls", "swept", "iou_p1>abc")
    assert (refused.code, refused.out) == (2, "")
    assert "iou_p1 is a number, and 'abc' is none" in refused.err
    assert "cannot read the condition 'iou_p1=>0.1'" in cli("ls", "swept", "iou_p1=>0.1").err
    none = cli("ls", "swept", "iou_p1>99")
    assert "no record meets iou_p1>99" in none.err
    assert "0 runs; 0 of 3" in none.out
    assert "there is no such file or folder; did you mean 'swept'?" in cli("ls", "swep").err


def test_intervals_are_reached(cli, hits):
    hits("run", [1, 0, 1, 1, 0, 1, 1, 1])
    assert "1 run: 1 ok" in cli("ls", "run", "accuracy.interval.low>0.1", "metrics.accuracy.n=8").out
    assert "0 of 1" in cli("ls", "run", "accuracy.interval.low>0.99").out
    shown = cli("ls", "run", "--columns", "path,accuracy,accuracy.interval.low", "--csv").out.splitlines()
    assert shown[0] == "path,accuracy,accuracy.interval.low"
    assert 0 < float(shown[1].split(",")[2]) < 0.75
    bare = cli("ls", "run", "--columns", "accuracy,error.message").out.splitlines()[0]
    assert bare.split() == ["accuracy", "error.message"], "what is asked for is there, though it holds nothing"
    assert "no key 'accuracy.interval.lo'" in cli("ls", "run", "--columns", "accuracy.interval.lo").err


def test_a_run_of_no_experiment_is_told_by_its_task(cli, hits, swept):
    hits("run", [1, 0, 1])
    assert cli("ls", "run").out.splitlines()[0] == "task: evaluate"
    names = [line.split()[1] for line in cli("ls").out.splitlines() if line.strip()[0].isdigit()]
    assert names.count("evaluate") == 1
    assert names.count("assignment4/q5_l2_vs_iou") == 3


def test_a_point_of_a_sweep(cli, swept):
    shown = cli("show", "swept/#2")
    assert shown.code == 0, shown.err
    assert "assignment4/q5_l2_vs_iou (seed 0)" in shown.out
    found = [json.loads(cli("show", f"swept/#{number}", "--json").out) for number in (1, 2, 3)]
    assert sorted(one["config"]["task"]["W"] for one in found) == [6, 8, 10]
    run_id = found[2]["run_id"]
    spellings = ("swept#3", "swept/results.jsonl#3", f"swept/{run_id}", f"swept/{run_id[:8]}", f"swept/runs/{run_id}")
    for spelt in spellings:
        assert json.loads(cli("show", spelt, "--json").out)["run_id"] == run_id, spelt
    assert "expected #1 to #3" in cli("show", "swept/#9").err
    assert "expected #1 to #3" in cli("show", "swept/#0").err
    refused = cli("show", "swept")
    assert (refused.code, refused.out) == (2, "")
    assert "holds 3 records, expected one; `a4eval show swept/#1` shows the first" in refused.err
    assert (
        json.loads(cli("show", ".#4", "--json").out)["run_id"] == json.loads(cli("show", "#4", "--json").out)["run_id"]
    )


def test_a_point_is_taken_wherever_records_are(cli, swept):
    assert "1 run: 1 ok" in cli("ls", "swept/#2").out
    assert "2 runs: 2 ok" in cli("ls", "swept/#2", "swept/#3").out
    assert "iou_p2" in cli("compare", "swept/#1", "swept/#2").out
    assert "4 rows" in cli("export", "swept/#1", "one.csv").out
    assert "did you mean 'swept'" in cli("compare", "swpt", "swept/#1").err


def test_a_run_with_artifacts_is_found_by_its_own_folder(cli, swept, tmp_path):
    run_id = json.loads(cli("show", "swept/#1", "--json").out)["run_id"]
    (tmp_path / "swept" / "runs" / run_id).mkdir(parents=True)
    assert json.loads(cli("show", f"swept/runs/{run_id}", "--json").out)["run_id"] == run_id


def test_a_dry_run_fits_a_screen(cli):
    sweep = ["-m", "experiment=assignment4/q2_distractors", "task.problem.fillers=3,10,30,100,200", "dry_run=true"]
    assert len(cli("run", *sweep).out.splitlines()) <= 40
    whole = cli("run", *sweep, "--show", "all").out
    assert "fillers: 200" in whole
    assert cli("run", "-m", Q5, "task.W=6", "dry_run=true").out.count("1 point, into") == 1


def test_a_sort_or_objective_that_is_no_metric_is_warned_of(cli):
    done = cli("run", "-m", Q5, "task.W=6,8", "sort=nope", "objective=iou_p", "hydra.sweep.dir=swept")
    assert done.code == 0
    assert "sort: there is no key 'nope'" in done.err
    assert "objective: there is no metric 'iou_p'; did you mean 'iou_p1' or 'iou_p2'?" in done.err
    assert done.out.splitlines()[0].split()[0] == "task.W"


def test_the_command_alone_prints_its_help(cli):
    done = cli()
    assert done.code == 0
    assert done.out.startswith("Usage: ")
    assert "there is no command 'runn'; did you mean 'run'?" in cli("runn").err


def test_what_comes_with_another_distribution_says_the_pip_line(monkeypatch):
    from hydra.errors import MissingConfigException

    from a4eval.config.complaints import explain

    missing = MissingConfigException("no", "hydra/sweeper/optuna", [])
    assert str(explain(missing)) == "hydra/sweeper: needs an extra: pip install 'a4eval[optuna]'"
