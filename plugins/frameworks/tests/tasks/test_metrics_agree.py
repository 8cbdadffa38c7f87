"""Metrics of several libraries agree; where they do not it is said where, and a reason counts only if it is proven."""

from __future__ import annotations

import pytest

from a4eval import ConfigError, Run, build


@pytest.fixture(autouse=True)
def libraries():
    for name in ("sklearn", "torchmetrics", "pytrec_eval"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install 'a4eval[conformance]'")


MAP = {
    "map/torchmetrics": {"name": "torchmetrics", "metric": "retrieval.RetrievalMAP"},
    "map/pytrec_eval": {"name": "pytrec_eval", "measures": ["map"]},
}


def asked(metrics, **data):
    node = {"name": "metrics_agree", "metrics": metrics, "data": {"name": "drawn_predictions", **data}}
    return build("task", node).run(Run(directory=None))


def test_without_equal_scores_they_agree():
    result = asked(MAP)
    assert result.verdict.outcome == "passed"
    assert [row["agree"] for row in result.tables["agreement"]] == [True]


def test_equal_scores_are_proven_to_be_why():
    result = asked(MAP, levels=4)
    (row,) = result.tables["agreement"]
    assert (row["agree"], row["cause"]) == (False, "equal scores")
    assert row["unit_first"] != row["unit_second"]
    assert result.verdict.outcome == "passed"


def test_another_reason_fails():
    other = {**MAP, "map/pytrec_eval": {"name": "pytrec_eval", "measures": ["ndcg"]}}
    result = asked(other)
    (row,) = result.tables["agreement"]
    assert row["cause"] is None
    assert result.verdict.outcome == "failed"
    assert "most apart on unit" in result.verdict.reasons[0]


@pytest.mark.parametrize(
    ("metrics", "says"),
    [
        ({"map": MAP["map/torchmetrics"]}, "expected MEASURE/LIBRARY"),
        ({"map/one": MAP["map/torchmetrics"]}, "stands alone"),
        ({**MAP, "map/two": {"name": "pytrec_eval", "measures": ["map", "ndcg"]}}, "expected one value"),
    ],
)
def test_a_wrong_config_is_one_line(metrics, says):
    with pytest.raises(ConfigError, match=says):
        asked(metrics)
