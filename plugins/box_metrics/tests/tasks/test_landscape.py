"""The landscape: extremes against search, ranks against scipy, profiles against formulas, a stranger's similarity."""

import json
import math
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from a4eval_box_metrics import (
    FAMILIES,
    iou,
    random_predictions,
    rank_agreement,
)

from a4eval import ConfigError, DataError, Run, build

SMALL = {"name": "box_landscape", "predictions": 500, "steps": 7}


@dataclass
class Boxes:
    """A reader of one inline detection batch."""

    truth: list[list[float]]
    found: list[list[float]]
    batch = "detection"

    def sources(self):
        return []

    def batches(self, run):
        n, m = len(self.truth), len(self.found)
        yield {
            "unit": np.arange(1),
            "truth_unit": np.zeros(n, int),
            "truth_class": np.ones(n, int),
            "truth_crowd": np.zeros(n, bool),
            "truth_box": np.array(self.truth),
            "truth_area": np.ones(n),
            "detection_unit": np.zeros(m, int),
            "detection_class": np.ones(m, int),
            "detection_box": np.array(self.found),
            "detection_score": np.linspace(1, 0, m),
        }


def profile(result, family, label):
    rows = [row for row in result.tables["profiles"] if row["family"] == family]
    return np.array([row["parameter"] for row in rows]), np.array([row[label] for row in rows])


def test_profiles_have_their_closed_forms(tmp_path):
    result = build("task", SMALL).run(Run(directory=tmp_path))
    t, values = profile(result, "shift_x", "iou")
    np.testing.assert_allclose(values, np.maximum(1 - t, 0) / (2 - np.maximum(1 - t, 0)), atol=1e-12)
    t, values = profile(result, "shrink", "iou")
    np.testing.assert_allclose(values, t**2, rtol=1e-9)
    t, values = profile(result, "grow", "iou")
    np.testing.assert_allclose(values, 1 / t**2, rtol=1e-9)
    t, values = profile(result, "grow", "centre_l2")
    np.testing.assert_allclose(values, (t - 1) * math.hypot(10, 4), rtol=1e-9, atol=1e-12)
    t, values = profile(result, "rotation", "rotated_iou")
    assert values[-1] == pytest.approx(16 / 64)  # at 90° a 4 × 4 square is shared
    _, hulls = profile(result, "rotation", "iou")
    assert hulls[-1] == pytest.approx(16 / 64)
    side = 14 / math.sqrt(2)  # of the hull at 45°, a square
    assert hulls[3] == pytest.approx(4 * side / (side**2 + 40 - 4 * side))
    assert len(result.tables["profiles"]) == 7 * len(FAMILIES)


def test_equal_l2_and_ranking(tmp_path):
    result = build("task", SMALL).run(Run(directory=tmp_path))
    rows = {(row["free"], row["which"]): row for row in result.tables["equal_l2"]}
    for row in rows.values():
        assert row["centre_l2"] == pytest.approx(2, rel=1e-9)
    assert rows["size", "most"]["iou"] == pytest.approx(10 / 12)
    gap = result.metrics["iou_gap_at_equal_l2"].value
    assert gap == pytest.approx(rows["all", "most"]["iou"] - rows["all", "least"]["iou"])
    assert gap > 0.5
    ranking = {row["similarity"]: row for row in result.tables["ranking"]}
    assert ranking["iou"]["kendall_tau"] == 1
    assert ranking["iou"]["disagreement"] == 0
    predicted = random_predictions(10, 4, 0.2, 500, Run(directory=tmp_path).generator(1))
    truth = [-5, -2, 5, 2]
    by_hand = rank_agreement(iou(predicted, truth), -np.linalg.norm(predicted - truth, axis=1))
    assert ranking["corner_l2"]["disagreement"] == by_hand.disagreement
    assert result.metrics["random_disagreement_corner_l2"].value == by_hand.disagreement
    again = build("task", SMALL).run(Run(directory=tmp_path))
    assert again.metrics == result.metrics


def test_detector(tmp_path):
    task = build("task", {**SMALL, "similarities": {"iou": "iou", "l2": "centre_l2"}})
    task.data = Boxes(
        [[0, 0, 10, 10], [50, 0, 100, 100], [0, 50, 30, 30]], [[0, 0, 10, 8], [55, 0, 100, 100], [0, 50, 30, 25]]
    )
    result = task.run(Run(directory=tmp_path))
    rows = {row["similarity"]: row for row in result.tables["ranking"] if row["source"] == "detector"}
    assert rows["l2"]["predictions"] == 3
    # IoU .8, .905, .833 while the L2 distances are 2.2, 5 and 5.6: only the last pair is ranked alike
    assert rows["l2"]["disagreement"] == pytest.approx(2 / 3)
    task.data = Boxes([[0, 0, 10, 10]], [[0, 0, 10, 1]])
    with pytest.raises(DataError, match=r"fewer than two detections reach an IoU of 0\.5"):
        task.run(Run(directory=tmp_path))
    task.data = Boxes([[0, 0, 10, math.inf]], [[0, 0, 10, 1]])
    with pytest.raises(DataError, match=r"matched boxes: truth, row 0: .* is not finite"):
        task.run(Run(directory=tmp_path))


def test_pictures(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    few = {"similarities": {"iou": "iou", "rotated_iou": "rotated_iou", "centre_l2": "centre_l2"}}
    task = build("task", {**SMALL, **few, "families": ["aspect"]})
    task.data = Boxes([[0, 0, 10, 10], [50, 0, 100, 100]], [[0, 0, 10, 8], [55, 0, 100, 100]])
    run = Run(directory=tmp_path, pictures=True)
    task.run(run)
    names = ["equal_l2", "maps", "profiles", "ranking_detector", "ranking_random"]
    assert sorted(path.name for path in run.artifacts) == sorted(
        f"{name}.{end}" for name in names for end in ("png", "svg")
    )
    assert all(path.stat().st_size > 5000 for path in run.artifacts)


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"width": 0}, "task.width: got 0.*, expected above 0 and finite"),
        ({"radius": 4}, r"task\.radius: got 4.0, expected less than min\(width, height\)"),
        ({"steps": 1}, "task.steps: got 1, expected at least 2"),
        ({"similarities": {}}, "task: similarities is empty"),
        ({"similarities": {"mine": "dicee"}}, r"task.similarities.mine.name: no similarity 'dicee'"),
        ({"families": ["shrug"]}, "task.families"),
        ({"noise": float("nan")}, "task.noise: got nan"),
    ],
)
def test_wrong_parameters(parameters, text):
    with pytest.raises(ConfigError, match=text):
        build("task", {"name": "box_landscape", **parameters})


STRANGER = """
from dataclasses import dataclass
from a4eval import Component, hookimpl, param

A4EVAL_API = 1


@hookimpl
def a4eval_components():
    return [Component(kind="similarity", name="dice", factory="stranger:Dice", summary="2 |A ∩ B| / (|A| + |B|)")]


@dataclass
class Dice:
    power: float = param(1.0, help="an exponent")

    def elementwise(self, predicted, truth, *, format="xyxy"):
        from a4eval_box_metrics import iou
        overlap = iou(predicted, truth, format=format)
        return (2 * overlap / (1 + overlap)) ** self.power

    def pairwise(self, predicted, truth, *, format="xyxy"):
        from a4eval_box_metrics import pairwise_iou
        overlap = pairwise_iou(predicted, truth, format=format)
        return (2 * overlap / (1 + overlap)) ** self.power
"""


@pytest.fixture
def with_stranger(tmp_path):
    """Return a function that runs a4eval where the stranger's distribution is installed."""
    site = tmp_path / "site"
    info = site / "stranger-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "stranger.py").write_text(STRANGER, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[a4eval]\nstranger = stranger\n", encoding="utf-8")

    def run(*arguments):
        path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        options = ["pictures=false", f"hydra.run.dir={folder}"]
        command = [sys.executable, "-m", "a4eval", "run", *arguments, *options]
        done = subprocess.run(
            command, env=os.environ | {"PYTHONPATH": path}, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads((folder / "result.json").read_text(encoding="utf-8"))

    return run


def test_a_strangers_similarity_in_the_landscape(with_stranger):
    record = with_stranger(
        "experiment=boxes/landscape",
        "task.predictions=300",
        "task.steps=5",
        "task.similarities={iou: iou, mine: {name: dice, power: 2}, l2: centre_l2}",
    )
    ranking = {row["similarity"]: row for row in record["tables"]["ranking"]}
    assert ranking["mine"]["kendall_tau"] == pytest.approx(1)  # it rises with IoU
    row = record["tables"]["equal_l2"][0]
    assert row["mine"] == pytest.approx((2 * row["iou"] / (1 + row["iou"])) ** 2)


def test_a_strangers_similarity_matches_and_agrees(with_stranger, tmp_path):
    truth = {
        "images": [{"id": 1, "width": 100, "height": 100}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "area": 100, "iscrowd": 0},
        ],
    }
    found = [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 4], "score": 0.9}]
    for name, content in (("truth", truth), ("found", found)):
        Path(tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    if not any(plugin == "ap_metric" for plugin in _plugins()):
        pytest.skip("a4eval-ap-metric is not installed")
    arguments = (
        "experiment=boxes/agreement",
        f"task.data.ground_truth={tmp_path / 'truth.json'}",
        f"task.data.detections={tmp_path / 'found.json'}",
        "task.metrics.agreement.match_by=dice",
        "task.metrics.agreement.similarities={dice: dice, iou: iou}",
    )
    record = with_stranger(*arguments)
    # IoU is 0.4, below the threshold of 0.5; Dice is 0.571, above it
    assert record["metrics"]["matched"]["value"] == 1
    assert record["metrics"]["dice_mean"]["value"] == pytest.approx(0.8 / 1.4)
    assert record["metrics"]["AP50"]["value"] == 0
    record = with_stranger(*arguments, "task.metrics.coco.similarity=dice")
    assert record["metrics"]["AP50"]["value"] == pytest.approx(1)
    assert record["metrics"]["AP75"]["value"] == 0


def _plugins():
    from importlib.metadata import entry_points

    return [entry.name for entry in entry_points(group="a4eval")]
