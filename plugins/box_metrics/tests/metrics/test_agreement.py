"""Pairs in the config and their mean similarity."""

from dataclasses import replace

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


def test_weights_and_shards(boxes):
    predicted, truth = boxes.pairs(np.random.default_rng(0), 80)
    batch = {"unit": np.arange(80), "predicted": predicted, "truth": truth}
    whole = build("metric", "box_agreement")
    whole.update(batch)
    merged = replace(whole)
    assert np.isnan(merged.compute()["mean"].value)
    for part in (slice(50, 80), slice(0, 50)):
        shard = replace(whole)
        shard.update({name: column[part] for name, column in batch.items()})
        merged.merge(shard)
    assert merged.compute() == whole.compute()
    weights = np.random.default_rng(1).integers(0, 4, 80)
    repeated = replace(whole)
    repeated.update({name: np.repeat(column, weights, axis=0) for name, column in batch.items()})
    assert whole.compute(weights.astype(float))["mean"].value == pytest.approx(repeated.compute()["mean"].value)
    assert whole.compute(weights.astype(float))["mean"].n == repeated.compute()["mean"].n


def test_errors():
    with pytest.raises(ConfigError, match="data: got 2 predicted and 1 true boxes"):
        build("reader", PAIRS | {"truth": [[5, 2, 10, 4]]}, path="data")
    with pytest.raises(ConfigError, match=r"data: boxes, row 1: .* is inverted"):
        build("reader", PAIRS | {"predicted": [[5, 2, 10, 2], [5, 2, -1, 4]]}, path="data")
    metric = build("metric", "box_agreement")
    with pytest.raises(DataError, match=r"box pairs: predicted, row 0: .* is not finite"):
        metric.update({"unit": [0], "predicted": [[0, 0, np.nan, 1]], "truth": [[0, 0, 1, 1]]})
