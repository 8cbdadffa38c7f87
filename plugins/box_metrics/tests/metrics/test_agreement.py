"""Pairs in the config and their mean similarity."""

import numpy as np
import pytest

from a4eval import ConfigError, DataError, Run, build

PAIRS = {
    "name": "box_pairs",
    "format": "cxcywh",
    "predicted": [[5, 2, 10, 2], [5, 2, 8, 4]],
    "truth": [[5, 2, 10, 4], [5, 2, 10, 4]],
}


def test_the_worksheets_pairs(tmp_path):
    metrics = {name: {"name": "box_agreement", "similarity": name} for name in ("iou", "centre_l2")}
    result = build("task", {"name": "evaluate", "data": PAIRS, "metrics": metrics}).run(Run(directory=tmp_path))
    assert result.metrics["iou"].value == 0.65
    assert result.metrics["centre_l2"].value == 2
    assert result.metrics["centre_l2"].unit == "pixels"
    assert result.metrics["centre_l2"].higher_is_better is False
    assert result.metrics["iou"].n == 2


def test_errors():
    with pytest.raises(ConfigError, match="data: got 2 predicted and 1 true boxes"):
        build("reader", PAIRS | {"truth": [[5, 2, 10, 4]]}, path="data")
    with pytest.raises(ConfigError, match=r"data: boxes, row 1: .* is inverted"):
        build("reader", PAIRS | {"predicted": [[5, 2, 10, 2], [5, 2, -1, 4]]}, path="data")
    metric = build("metric", "box_agreement")
    with pytest.raises(DataError, match=r"box pairs: predicted, row 0: .* is not finite"):
        metric.update({"unit": [0], "predicted": [[0, 0, np.nan, 1]], "truth": [[0, 0, 1, 1]]})
