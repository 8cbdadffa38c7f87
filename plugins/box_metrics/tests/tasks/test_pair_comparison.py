"""The worksheet's Q5: equal L2, unequal IoU."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a4eval import ConfigError, Run, build


def run_it(tmp_path, *, pictures=False, **parameters):
    run = Run(directory=tmp_path, pictures=pictures)
    return build("task", {"name": "box_pair_comparison", **parameters}).run(run), run


def test_the_worksheets_numbers(tmp_path):
    result, _ = run_it(tmp_path)
    assert {name: value.value for name, value in result.metrics.items()} == {
        "l2_p1": 2.0,
        "l2_p2": 2.0,
        "iou_p1": 0.5,
        "iou_p2": 0.8,
    }
    assert result.metrics["l2_p1"].unit == "pixels"
    rows = {row["prediction"]: row for row in result.tables["predictions"]}
    assert rows["p1_grown"]["iou"] == pytest.approx(2 / 3, rel=1e-15)
    assert rows["p2_grown"]["iou"] == pytest.approx(10 / 12, rel=1e-15)
    assert {row["l2"] for row in rows.values()} == {2.0}


@given(st.integers(1, 1000), st.integers(1, 1000), st.floats(0.01, 0.99))
def test_closed_form_for_any_size(tmp_path_factory, width, height, share):
    c = share * min(width, height) / 2
    result, _ = run_it(tmp_path_factory.getbasetemp(), W=width, H=height, c=c)
    exact_c = Fraction(c)
    for name, exact in [("p1", (height - 2 * exact_c) / height), ("p2", (width - 2 * exact_c) / width)]:
        assert result.metrics[f"iou_{name}"].value == pytest.approx(float(exact), rel=1e-9, abs=1e-12)
        assert result.metrics[f"l2_{name}"].value == pytest.approx(2 * c, rel=1e-9)
    for row in result.tables["predictions"]:
        assert row["iou"] == pytest.approx(row["iou_closed_form"], rel=1e-9)


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"c": 2.0}, r"task\.c: got 2, expected 0 < c < min\(W, H\) / 2 = 2"),
        ({"c": 0}, "task.c: got 0.*, expected above 0 and finite"),
        ({"c": -1}, "task.c: got -1"),
        ({"c": float("nan")}, "task.c: got nan"),
        ({"W": -3}, "task.W: got -3"),
        ({"H": float("inf")}, "task.H: got inf"),
    ],
)
def test_out_of_range_is_one_clear_error(parameters, text):
    with pytest.raises(ConfigError, match=text):
        build("task", {"name": "box_pair_comparison", **parameters})


def test_pictures(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    _, run = run_it(tmp_path, pictures=True)
    assert sorted(path.name for path in run.artifacts) == ["l2_vs_iou.png", "l2_vs_iou.svg"]
    assert all(path.stat().st_size > 10_000 for path in run.artifacts)
