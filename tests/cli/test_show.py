"""``a4eval show``, and what ``a4eval run`` prints: at most forty lines, or what was asked for."""

from __future__ import annotations

import json

import pytest

EXPERIMENT = "experiment=assignment4/q3_interpolated_ap"


@pytest.mark.parametrize("width", ["60", "80", "120", "200"])
def test_a_run_prints_at_most_forty_lines_that_fit(cli, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    done = cli("run", "task.name=check_layer", "task.layer=conv_transpose", "hydra.run.dir=out")
    lines = done.out.splitlines()
    assert len(lines) <= 40
    assert lines[1] == "verdict: passed"
    assert all(len(line) <= int(width) for line in lines if "`" not in line)


def test_a_record_is_shown_again_whole_or_in_part(cli):
    first = cli("run", EXPERIMENT, "hydra.run.dir=out")
    again = cli("show", "out")
    assert again.out.splitlines() == first.out.splitlines()[:-1]
    table = cli("show", "out", "--table", "ranks").out.splitlines()
    assert table[0] == "ranks"
    assert len(table) == 3 + 10
    assert json.loads(cli("show", "out", "--json").out)["experiment"] == "assignment4/q3_interpolated_ap"


def test_quiet_and_json(cli):
    assert cli("run", EXPERIMENT, "hydra.run.dir=out", "-q").out == "out/result.json\n"
    record = json.loads(cli("run", EXPERIMENT, "hydra.run.dir=other", "--json").out)
    assert record["metrics"]["step"]["value"] == pytest.approx(5 / 7)
    refused = cli("run", "-m", EXPERIMENT, "seed=0,1", "--json")
    assert (refused.code, refused.out) == (2, "")


def test_all_leaves_nothing_out(cli):
    done = cli("run", EXPERIMENT, "hydra.run.dir=out", "--show", "all")
    assert "whole tables" not in done.out
    sweep = cli("run", "-m", EXPERIMENT, "seed=0,1", "hydra.sweep.dir=sweep", "--show", "all")
    assert sweep.out.count("11_point") == 2
    assert "seed=0" in sweep.out.splitlines()[0]


def test_what_did_not_pass_comes_first_and_what_is_not_whole_is_named(cli, monkeypatch):
    done = cli(
        "run", "experiment=recurrent/check_layer", "task.layer.name=gru", "task.factor=1e-9", "hydra.run.dir=out"
    )
    assert done.code in (3, 4)
    assert "--table NAME`: checks" in " ".join(done.out.split())
    monkeypatch.setenv("COLUMNS", "400")
    lines = cli("show", "out").out.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("checks ("))
    verdicts = [line.split()[1] for line in lines[start + 3 : start + 6]]
    assert verdicts[:2] == ["failed"] * 2  # a third where torch is there to compare with


def test_pictures_are_named_once_each(cli):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'a4eval[plots]'")
    lines = cli("run", "experiment=assignment4/q5_l2_vs_iou", "hydra.run.dir=out").out.splitlines()
    assert "pictures in out: l2_vs_iou.svg" in lines


def test_what_is_no_record_is_said(cli, tmp_path):
    (tmp_path / "empty").mkdir()
    done = cli("show", "empty")
    assert done.code == 2
    assert "no record of a4eval here" in done.err
    cli("run", EXPERIMENT, "hydra.run.dir=out")
    assert "did you mean 'ranks'" in cli("show", "out", "--table", "rank").err


def test_warnings_reach_the_reader_of_a_sweep_and_of_each_record(cli, tmp_path):
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.json").write_text("[]")
    truth = {
        "images": [{"id": 1, "width": 9, "height": 9}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 4, 4], "area": 16, "iscrowd": 0}],
    }
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    coco = ["experiment=detection/coco", "task.data.ground_truth=truth.json"]
    single = cli("run", *coco, "task.data.detections=one.json", "hydra.run.dir=out")
    (doubt,) = single.err.splitlines()
    assert doubt.startswith("a4eval: warning: ")
    assert doubt in cli("show", "out").err.splitlines()
    assert cli("show", "out", "--traceback").out == "the run did not fail\n"
    sweep = cli("run", "-m", *coco, "task.data.detections=one.json,two.json,three.json", "hydra.sweep.dir=sweep")
    (told,) = [line for line in sweep.err.splitlines() if "warning" in line]
    words, _, pointed = told.removesuffix("`").partition("; `a4eval show ")
    assert words == doubt.replace("warning: ", "warning: in 3 points: ")
    assert doubt in cli("show", pointed).err.splitlines()
