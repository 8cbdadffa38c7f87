"""``a4eval experiments`` and ``a4eval components``: a line each, or all about one."""

from __future__ import annotations

import json

import pytest

from a4eval.config import presets


@pytest.mark.parametrize("command", [["experiments"], ["components", "metric"]])
def test_a_line_each_that_fits(cli, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    lines = cli(*command).out.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) == len(json.loads(cli(*command, "--json").out))


def test_all_components_fit_a_screen_by_their_names(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = cli("components").out.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    words = " ".join(lines).replace(",", "").split()
    assert all(one["name"] in words for one in json.loads(cli("components", "--json").out))


def test_a_description_fits(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = cli("components", "average_precision").out.splitlines()
    assert max(map(len, lines)) <= 60
    assert "    which definition of average precision" in lines


def test_a_group_a_word_and_one(cli):
    names = [one["experiment"] for one in json.loads(cli("experiments", "detection", "--json").out)]
    assert len(names) > 5
    assert all(name.startswith("detection/") for name in names)
    assert cli("experiments", "--search", "distractor").out.split()[0] == "assignment4/q2_distractors"
    whole = cli("experiments", "detection/coco").out
    assert "must be given: task.data.ground_truth, task.data.detections" in whole
    assert "a4eval run experiment=detection/coco task.data.ground_truth=… task.data.detections=…" in whole
    assert "a4eval run experiment=assignment4/q5_l2_vs_iou\n" in cli("experiments", "assignment4/q5_l2_vs_iou").out


def test_an_experiment_that_is_a_sweep_says_so(cli, tmp_path):
    folder = tmp_path / "my" / "experiment"
    folder.mkdir(parents=True)
    params = "hydra: {sweeper: {params: {task: 'choice({name: check_layer, layer: rnn})'}}}"
    (folder / "many.yaml").write_text(f"# @package _global_\ntask: ???\n{params}\n")
    assert cli("experiments", "--config-dir", "my", "many").out.endswith("\na4eval run -m experiment=many\n")
    alone = ("--config-dir", "my", "experiment=many", "dry_run=true")
    done = cli("run", *alone)
    assert (done.code, done.out) == (2, "")
    assert "task: is given by the sweep of the experiment; run it with -m" in done.err
    assert "is missing" not in done.err
    assert cli("run", "-m", *alone).code == 0


def test_names_that_are_not_there(cli):
    assert "did you mean 'detection'" in cli("experiments", "detct").err
    assert "no experiment mentions 'zebra'" in cli("experiments", "--search", "zebra").err
    assert "no component mentions 'zebra'" in cli("components", "--search", "zebra").err


def test_a_kind_is_listed(cli):
    lines = cli("components", "executor").out.splitlines()
    assert {"local", "ray", "slurm"} <= {line.split()[0] for line in lines}


def test_what_is_disabled_is_mentioned(site):
    listed = site.run("components", "layer", A4EVAL_DISABLE="deconv,stranger")
    assert "left out, as A4EVAL_DISABLE says: deconv, stranger" in listed.err
    for asked in (
        ["experiments", "deconv"],
        ["experiments", "--search", "zebra"],
        ["components", "conv_transpose"],
        ["components", "--search", "zebra"],
    ):
        hidden = site.run(*asked, A4EVAL_DISABLE="deconv")
        assert hidden.code == 2
        assert hidden.err.endswith(" (left out, as A4EVAL_DISABLE says: deconv)\n")
    refused = site.run("run", "experiment=assignment4/q6_matrix", A4EVAL_DISABLE="deconv")
    assert refused.code == 2
    assert "no task 'conv_matrix'" in refused.err
    assert "left out, as A4EVAL_DISABLE says: deconv" in refused.err


def test_a_missing_plugin_says_what_to_install(cli, monkeypatch, tmp_path):
    folder = tmp_path / "my" / "experiment"
    folder.mkdir(parents=True)
    (folder / "far.yaml").write_text("# @package _global_\n# needs: a4eval-far\ntask: {name: far_away}\n")
    assert [one.needs for one in presets.experiments(tmp_path / "my") if one.name == "far"] == [["a4eval-far"]]
    assert "needs: pip install a4eval-far" in cli("experiments", "--config-dir", "my", "far").out
    assert "needs: pip install a4eval-far" in cli("experiments", "--config-dir", "my").out
    done = cli("run", "--config-dir", "my", "experiment=far")
    assert done.err == ("a4eval: error: experiment: far needs a plugin that is not installed: pip install a4eval-far\n")


def test_the_core_alone_says_what_to_do_next(capsys, monkeypatch):
    from a4eval.registry import Registry, registry
    from a4eval.results import listed

    monkeypatch.setattr(listed, "registry", lambda: Registry(registry().plugins[:1]))
    listed.print_left_out()
    assert "pip install 'a4eval[plugins]'" in capsys.readouterr().err
