"""The page on boxes says what the code does."""

import re
from pathlib import Path

import a4eval_box_metrics
import numpy as np
import pytest
from a4eval_box_metrics import (
    FACTS,
    FORMATS,
    centre_l2,
    complete_iou,
    distance_iou,
    efficient_iou,
    generalized_iou,
    iou,
    most_iou,
    random_predictions,
    rank_agreement,
    search_iou,
)
from a4eval_box_metrics.plugin import a4eval_components

from a4eval import Run

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def page():
    path = ROOT / "docs" / "boxes.md"
    if not path.is_file():
        pytest.skip("the documentation is not beside the plugin")
    return path.read_text(encoding="utf-8")


def number(text):
    return float(text.replace("−", "-").replace("∞", "inf"))


def test_the_table_of_similarities_is_the_facts(page):
    table = page.partition("<!-- similarities -->")[2].partition("<!-- /similarities -->")[0]
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in table.strip().splitlines()[2:]]
    assert [row[0].strip("`") for row in rows] == list(FACTS)
    for name, title, span, metric, invariances, pulls, paper in rows:
        facts = FACTS[name.strip("`")]
        assert title == facts.title
        assert [number(one) for one in span.split(" … ")] == pytest.approx([facts.low, facts.high], rel=1e-4)
        assert metric == ("yes" if facts.triangle_inequality else "no")
        assert invariances == ", ".join(facts.invariances)
        assert pulls == ("yes" if facts.disjoint_slope else "no")
        assert paper == facts.paper


def test_every_format_and_experiment_is_there(page):
    for form in FORMATS:
        assert f"| `{form}` |" in page
    folders = [ROOT / "configs", ROOT / "plugins" / "box_metrics" / "a4eval_box_metrics" / "configs"]
    for name in set(re.findall(r"experiment=(\S+)", page)):
        assert any((folder / "experiment" / f"{name}.yaml").is_file() for folder in folders), name


def test_every_component_and_name_is_exported():
    similarities = {one.name for one in a4eval_components() if one.kind == "similarity"}
    assert similarities == set(FACTS)
    for name in a4eval_box_metrics.__all__:
        assert getattr(a4eval_box_metrics, name).__doc__
    assert similarities <= set(a4eval_box_metrics.__all__)
    assert set(a4eval_box_metrics.__all__) <= set(dir(a4eval_box_metrics))
    with pytest.raises(AttributeError, match="attribute ioo"):
        _ = a4eval_box_metrics.ioo


def test_figures_of_the_page(page, tmp_path):
    predicted = random_predictions(10, 4, 0.2, 20_000, Run(directory=tmp_path).generator(1))
    truth = np.broadcast_to([-5.0, -2, 5, 2], predicted.shape)
    overlap = iou(predicted, truth)
    shares = [
        rank_agreement(overlap, sign * measure(predicted, truth)).disagreement
        for sign, measure in (
            (1, distance_iou),
            (1, complete_iou),
            (1, generalized_iou),
            (1, efficient_iou),
            (-1, centre_l2),
        )
    ]
    assert [f"{share:.0%}" for share in shares] == ["2%", "2%", "3%", "8%", "25%"]
    assert "DIoU and CIoU order 2 % of the pairs otherwise than IoU, GIoU 3 %, EIoU 8 %, L2 25 %" in page
    assert f"{most_iou(10, 4, 2).iou:.3f}" == "0.848"
    assert f"{search_iou(10, 4, 2, 'all', np.random.default_rng(0)).iou:.3f}" == "0.311"
    assert "0.311 for 10 × 4 and r = 2, against 0.848 for the best" in page
