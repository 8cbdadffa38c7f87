"""Every question of the worksheet, from its YAML to the exact answer in its record."""

from __future__ import annotations

import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest

from a4eval.config.presets import experiments
from a4eval.runs.record import json_schema

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture
def answer(cli, tmp_path):
    """Run a question and return the values, the tables and the whole record."""

    def run(question, *overrides):
        done = cli("run", f"experiment={question}", "hydra.run.dir=out", "pictures=false", *overrides)
        assert done.code == 0, done.err
        record = json.loads((tmp_path / "out" / "result.json").read_text(), parse_constant=pytest.fail)
        jsonschema.validate(record, json_schema(), cls=jsonschema.Draft202012Validator)
        return {name: metric["value"] for name, metric in record["metrics"].items()}, record["tables"], record

    return run


def test_q1_bptt(answer):
    values, tables, _ = answer("assignment4/q1_bptt")
    assert values["decomposition_error"] <= 1e-12
    assert values["autodiff_free_check_error"] <= 1e-7
    assert (values["paths_W"], values["paths_U"], values["paths_V"]) == (6, 6, 3)
    assert values["total_reading_error_E2"] > 0.01
    assert values["total_reading_error_E3"] > 0.01
    paths = tables["paths"]
    assert len(paths) == 15
    assert set(paths[0]) == {"loss_step", "source_step", "weight", "norm", "share"}
    for weight in "WUV":
        assert sum(row["share"] for row in paths if row["weight"] == weight) == pytest.approx(1, abs=1e-12)
    first = [row["norm"] for row in paths if row["weight"] == "W" and row["source_step"] == 1]
    assert first == [0, 0, 0], "with h_0 = 0 the first step gives W nothing"


DECAY = [
    (["task.layer.name=rnn"], -0.27),
    (["task.layer.name=lstm", "task.layer.forget_bias=0"], -0.20),
    (["task.layer.name=lstm", "task.layer.forget_bias=1"], -0.07),
    (["task.layer.name=lstm", "task.layer.forget_bias=3"], 0.005),
    (["task.layer.name=gru"], -0.20),
    (["task.layer.name=gru", "task.layer.update_bias=3"], -0.017),
]


@pytest.mark.parametrize(("overrides", "decades"), DECAY, ids=[" ".join(one) for one, _ in DECAY])
def test_q2_gradient_flow(answer, overrides, decades):
    values, _, _ = answer("assignment4/q2_gradient_flow", *overrides)
    assert values["log10_per_step"] == pytest.approx(decades, abs=0.02)


def test_q2_distractors(answer):
    values, _, _ = answer("assignment4/q2_distractors", "task.problem.fillers=3")
    assert values["accuracy"] > 0.9


def test_q3_interpolated_ap(answer):
    values, tables, _ = answer("assignment4/q3_interpolated_ap")
    exact = {
        "11_point": Fraction(58, 77),
        "every_point": Fraction(51, 70),
        "step": Fraction(5, 7),
        "101_point": Fraction(517, 707),
    }
    assert values == pytest.approx({name: float(value) for name, value in exact.items()}, abs=1e-12)
    precision = [1, 1, 2 / 3, 1 / 2, 2 / 5, 1 / 2, 4 / 7, 1 / 2, 4 / 9, 1 / 2]
    recall = [0.2, 0.4, 0.4, 0.4, 0.4, 0.6, 0.8, 0.8, 0.8, 1]
    assert [row["precision"] for row in tables["ranks"]] == pytest.approx(precision, abs=1e-15)
    assert [row["recall"] for row in tables["ranks"]] == pytest.approx(recall, abs=1e-15)


def test_q5_l2_vs_iou(answer):
    values, _, _ = answer("assignment4/q5_l2_vs_iou")
    assert values == {"l2_p1": 2, "l2_p2": 2, "iou_p1": 0.5, "iou_p2": 0.8}


def test_q6_output_size(answer):
    values, _, _ = answer("assignment4/q6_output_size")
    assert values["output_height"] == values["output_width"] == 9


def test_q6_matrix(answer):
    values, tables, _ = answer("assignment4/q6_matrix")
    assert values["nonzeros"] == 16
    assert values["adjoint_error"] <= 1e-15
    assert values["matches_layer_error"] <= 1e-15
    rows = [list(row.values())[1:] for row in tables["matrix"]]
    a, b, c, d = (rows[0][0], rows[1][0], rows[3][0], rows[4][0])
    expected = [
        [a, 0, 0, 0], [b, a, 0, 0], [0, b, 0, 0],
        [c, 0, a, 0], [d, c, b, a], [0, d, 0, b],
        [0, 0, c, 0], [0, 0, d, c], [0, 0, 0, d],
    ]  # fmt: skip
    assert rows == expected
    assert len({a, b, c, d}) == 4


def test_the_real_detector_of_coco(answer):
    folder = SHARED / "data" / "coco_val2014_100"
    if not folder.is_dir():
        pytest.skip("the COCO conformance data is not here")
    values, _, record = answer(
        "detection/coco",
        f"task.data.ground_truth={folder}/instances_val2014_100.json",
        f"task.data.detections={folder}/instances_val2014_fakebbox100_results.json",
    )
    names = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
    numbers = """0.5045806987249628 0.6969727247299577 0.5729816669904824 0.5856257209410443 0.5193996948036719
        0.5013978986347466 0.3868127796457805 0.5936795762842003 0.595352982877607 0.6398109626113442
        0.5664205978994309 0.5642905982905982"""
    expected = dict(zip(names, map(float, numbers.split()), strict=True))
    assert {name: values[name] for name in names} == pytest.approx(expected, abs=1e-12)
    assert [Path(one["path"]).name for one in record["data"]] == [
        "instances_val2014_100.json",
        "instances_val2014_fakebbox100_results.json",
    ]


def test_a_record_is_read_by_jq(answer, tmp_path):
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    answer("assignment4/q3_interpolated_ap")
    query = ["jq", "-e", ".metrics.step.value", str(tmp_path / "out" / "result.json")]
    assert float(subprocess.run(query, capture_output=True, text=True, check=True).stdout) == pytest.approx(5 / 7)


def test_every_experiment_says_what_it_asks():
    for experiment in experiments():
        assert len(experiment.description) > 20, experiment.name
