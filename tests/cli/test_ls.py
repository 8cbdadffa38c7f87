"""``a4eval ls`` and ``a4eval show --point``: what is found, told and refused."""

from __future__ import annotations

import pytest

Q5 = "experiment=assignment4/q5_l2_vs_iou"


@pytest.fixture
def swept(cli):
    cli("run", "-m", Q5, "task.W=6,8,10", "hydra.sweep.dir=swept")
    cli("run", "experiment=assignment4/q3_interpolated_ap", "hydra.run.dir=one")


def test_records_that_share_no_metric_have_one_column_of_numbers(cli, swept, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    lines = cli("ls", "swept", "one").out.splitlines()
    assert lines[0].split() == ["experiment", "task.W", "metrics", "path"]
    assert any("11_point=0.753247" in line for line in lines)
    assert sum("l2_p1=2 l2_p2=2 …" in line for line in lines) == 3
    assert cli("ls", "swept").out.splitlines()[0].split() == ["task.W", "l2_p1", "l2_p2", "iou_p1", "iou_p2"]


def test_a_path_given_twice_is_read_once(cli, swept):
    assert "3 of 3 runs" in cli("ls", "swept", ".", "swept/results.jsonl", "task.W>0").out.replace("3 of 4", "3 of 3")


def test_conditions_that_say_nothing(cli, swept):
    refused = cli("ls", "swept", "iou_p1>abc")
    assert (refused.code, refused.out) == (2, "")
    assert "iou_p1 is a number, and 'abc' is none" in refused.err
    assert "cannot read the condition 'iou_p1=>0.1'" in cli("ls", "swept", "iou_p1=>0.1").err
    none = cli("ls", "swept", "iou_p1>99")
    assert "no record meets iou_p1>99" in none.err
    assert "0 of 3" in none.out


def test_intervals_are_reached(cli, hits):
    hits("run", [1, 0, 1, 1, 0, 1, 1, 1])
    assert cli("ls", "run", "accuracy.interval.low>0.1", "metrics.accuracy.n=8").out.splitlines()[2].strip()
    assert "0 of 1" in cli("ls", "run", "accuracy.interval.low>0.99").out
    shown = cli("ls", "run", "--columns", "path,accuracy,accuracy.interval.low", "--csv").out.splitlines()
    assert shown[0] == "path,accuracy,accuracy.interval.low"
    assert 0 < float(shown[1].split(",")[2]) < 0.75
    assert "no key 'accuracy.interval.lo'" in cli("ls", "run", "--columns", "accuracy.interval.lo").err


def test_a_point_of_a_sweep(cli, swept):
    shown = cli("show", "swept", "--point", "2")
    assert shown.code == 0, shown.err
    assert "assignment4/q5_l2_vs_iou (seed 0)" in shown.out
    found = [cli("show", "swept", "--point", str(number), "--json").out for number in (1, 2, 3)]
    assert all(sum(f"task.W={width}" in one for one in found) == 1 for width in (6, 8, 10))
    assert "expected a number from 1 to 3" in cli("show", "swept", "--point", "9").err
    assert "--point N shows one" in cli("show", "swept").err


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


def test_what_comes_with_another_distribution_says_the_pip_line(monkeypatch):
    from hydra.errors import MissingConfigException

    from a4eval.config.complaints import explain

    missing = MissingConfigException("no", "hydra/sweeper/optuna", [])
    assert str(explain(missing)) == "hydra/sweeper: needs an extra: pip install 'a4eval[optuna]'"
