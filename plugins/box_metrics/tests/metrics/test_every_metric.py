"""Every metric and reader passes all checks: merging, weights, order, no data, NaN."""

import numpy as np
import pytest
from a4eval_box_metrics.plugin import a4eval_components

from a4eval import DataError, build
from a4eval.testing import Check, metric_checks, reader_checks

from ..conftest import pairs
from .test_matched_agreement import random_batch

PAIRS = {
    "name": "box_pairs",
    "format": "cxcywh",
    "predicted": [[5, 2, 10, 2], [5, 2, 8, 4]],
    "truth": [[5, 2, 10, 4], [5, 2, 10, 4]],
}


def of_pairs():
    predicted, truth = pairs(np.random.default_rng(0), 80)
    return [{"unit": np.arange(80), "predicted": predicted, "truth": truth}]


def of_detections():
    rng = np.random.default_rng(1)
    return [random_batch(rng, first=10 * index) for index in range(3)]


@metric_checks("box_agreement", {"name": "box_agreement", "similarity": "centre_l2"}, data=of_pairs())
def test_agreement(check: Check) -> None:
    check()


@metric_checks({"name": "matched_box_agreement", "threshold": 0.05}, "box_statistics", data=of_detections())
def test_metrics_of_detections(check: Check) -> None:
    check()


@reader_checks(PAIRS)
def test_readers(check: Check) -> None:
    check()


def test_none_is_left_out():
    names = {one.name for one in a4eval_components() if one.kind in ("metric", "reader")}
    assert names == {"box_pairs", "box_agreement", "matched_box_agreement", "box_statistics"}


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("name", ["matched_box_agreement", "box_statistics"])
def test_an_image_in_two_batches_is_refused(name, merged):
    batches = [random_batch(np.random.default_rng(1), first=first) for first in (0, 5)]
    metric, other = build("metric", name), build("metric", name)
    metric.update(batches[0])
    (other if merged else metric).update(batches[1])
    metric.merge(other)
    with pytest.raises(DataError, match=r"^image 5 is in two batches: a batch is of whole images$"):
        metric.compute()
