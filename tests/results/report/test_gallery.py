"""The gallery: pages of experiments of every plugin, each of whose charts is drawn.

With ``A4EVAL_GALLERY=FOLDER`` the pages are kept there to be looked at.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from a4eval.charts import checked
from a4eval.drawing.picture import picture
from a4eval.results.report.build import report, write
from a4eval.runs.record import columns, read

from ...conftest import SHARED
from ...pages import read_page

COCO = SHARED / "data" / "coco_val2014_100"
TRUTH = COCO / "instances_val2014_100.json"
FOUND = COCO / "instances_val2014_fakebbox100_results.json"
LARGEST = 300_000
"""Bytes of a page without pictures by matplotlib."""

EXPERIMENTS = {
    "ranking": ["experiment=assignment4/q3_interpolated_ap"],
    "boxes": ["experiment=assignment4/q5_l2_vs_iou"],
    "gradient_flow": ["experiment=recurrent/gradient_flow", "task.steps=30"],
    "check_layer": ["task.name=check_layer", "task.layer=conv_transpose"],
    "detection": [
        "experiment=detection/report",
        f"task.data.ground_truth={TRUTH}",
        f"task.data.detections={FOUND}",
        "task.interval.resamples=200",
    ],
}
EXPERIMENTS["detection_pictured"] = [*EXPERIMENTS["detection"], "task.data.images=images"]
CHARTS = {
    "detection": [
        *("coco/classes", "coco/curve", "coco/class_curves", "coco/thresholds", "f1/scores", "f1/classes"),
        *("coco/detections", "calibration", "confusion", "tide"),
    ],
    "check_layer": ["checks", "time", "memory"],
    "gradient_flow": ["decay_by_state", "sensitivity_by_step", "lyapunov"],
}


OTHERS = {
    "checkerboard": (["experiment=deconv/checkerboard", "task.draws=2"], {"scores", "image_frequencies"}),
    "matrix": (["experiment=assignment4/q6_matrix"], {"matrix", "singular_values"}),
    "output_size": (["experiment=deconv/output_size"], {"conventions"}),
    "landscape": (
        ["experiment=boxes/landscape", "task.predictions=500", "task.steps=11"],
        {"equal_l2_iou", "ranking", "profiles_shift_x", "profiles_rotation"},
    ),
    "sequence_study": (["experiment=recurrent/sequence_study", "task.steps=80"], {"learning"}),
}
"""Further experiments, and the charts that they have at least."""


@pytest.mark.parametrize("name", OTHERS)
def test_the_charts_of_other_experiments_are_drawn(cli, tmp_path, name):
    overrides, wanted = OTHERS[name]
    done = cli("run", *overrides, "pictures=false", "hydra.run.dir=run")
    assert done.code == 0, done.err
    record = read(tmp_path / "run" / "result.json")
    assert wanted <= set(record.charts)
    for title, chart in record.charts.items():
        found = picture(checked(chart, columns(record.tables)), record.tables[chart["data"]["name"]], title)
        assert found.svg.count("<title>") or found.svg.count("<path"), f"{title} is empty"
        assert not found.notes, f"{title} leaves marks out"
    text = report([tmp_path / "run"], tmp_path / "page.html")
    assert "is not drawn" not in text
    assert read_page(text).tables
    keep(text, name)


def keep(text, name):
    """Keep a page where it can be looked at, if that is wanted."""
    if folder := os.environ.get("A4EVAL_GALLERY"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        write(text, Path(folder) / f"{name}.html")


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_page_of_an_experiment(cli, tmp_path, name):
    if name.startswith("detection") and not COCO.exists():
        pytest.skip("the COCO images' annotations are not on this machine")
    if name == "detection_pictured":
        rough_images(tmp_path / "images")
    done = cli("run", *EXPERIMENTS[name], "pictures=false", "hydra.run.dir=run")
    assert done.code == 0, done.err
    record = read(tmp_path / "run" / "result.json")
    assert set(CHARTS.get(name, ())) <= set(record.charts)
    if name == "detection":
        by_class = record.charts["coco/classes"]
        assert (by_class["title"], by_class["data"]["name"]) == ("AP by class, with 95% intervals", "coco/parts")
    for title, chart in record.charts.items():
        found = picture(checked(chart, columns(record.tables)), record.tables[chart["data"]["name"]], title, alone=True)
        assert found.svg.count("<title>") or found.svg.count("<path"), f"{title} is empty"
    started = time.process_time()
    text = report([tmp_path / "run"], tmp_path / "page.html")
    assert time.process_time() - started < 30, "a fault; benchmarks/report_pages.py has the times"
    assert len(text.encode()) <= LARGEST
    page = read_page(text)
    exact = {row[0]: row[1] for row in page.tables["metrics"][1:]}
    for title, metric in record.metrics.items():
        shown = exact[title]
        if isinstance(metric.value, str):
            assert shown == metric.value
        else:
            assert float(str(shown).replace(",", "").replace("−", "-")) == metric.value
    for title, rows in record.tables.items():
        if rows:
            assert len(page.tables[title]) == len(rows) + 1
    assert "this chart is not drawn" not in page.text
    assert text.count("data:image/webp;base64,") == (6 if name == "detection_pictured" else 0)
    keep(text, name)


def rough_images(folder):
    """Make an image of each in the annotations, harder to pack than a photograph: large grains on top of small ones."""
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed: pip install 'a4eval-ap-metric[images]'")
    import numpy as np

    folder.mkdir()
    rng = np.random.default_rng(0)
    for one in json.loads(TRUTH.read_bytes())["images"]:
        size = one["width"], one["height"]
        grains = [
            pillow.fromarray(rng.integers(0, 256, (size[1] // grain, size[0] // grain, 3), np.uint8)).resize(size)
            for grain in (4, 24)
        ]
        pillow.blend(*grains, 0.6).save(folder / one["file_name"], quality=80)


def test_charts_are_artifacts_where_pictures_are_wanted(cli, tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need the extra plots")
    done = cli("run", *EXPERIMENTS["check_layer"], "pictures=true", "hydra.run.dir=run")
    assert done.code == 0, done.err
    record = json.loads((tmp_path / "run" / "result.json").read_text())
    assert {"checks.svg", "time.svg", "memory.svg"} <= {one["path"] for one in record["artifacts"]}
    assert (tmp_path / "run" / "checks.svg").read_text().startswith("<svg")
    pytest.importorskip("vl_convert", reason="PNGs need vl-convert-python")
    assert (tmp_path / "run" / "checks.png").read_bytes().startswith(b"\x89PNG")
    shutil.rmtree(tmp_path / "run")


def test_a_chart_beyond_ours_is_drawn_by_vega_lite(tmp_path):
    pytest.importorskip("vl_convert", reason="whole Vega-Lite needs vl-convert-python")
    from a4eval.results.report.figures import figure

    chart = {"data": {"name": "t"}, "mark": "arc", "encoding": {"theta": {"field": "n", "type": "quantitative"}}}
    drawn = figure("pie", chart, {"t": [{"n": 1}, {"n": 2}]}, {}, "c")
    assert 'src="data:image/svg+xml;base64,' in drawn


def test_a_chart_beyond_ours_without_the_extra_says_what_to_do(monkeypatch):
    import sys

    from a4eval.results.report.figures import figure

    monkeypatch.setitem(sys.modules, "vl_convert", None)
    chart = {"data": {"name": "t"}, "mark": "arc", "encoding": {"theta": {"field": "n"}}}
    assert "pip install" in figure("pie", chart, {"t": [{"n": 1}]}, {}, "c")
