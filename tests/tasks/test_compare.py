"""Intervals in evaluate, and the task compare, on a metric simple enough to know the answer."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pytest

from a4eval import DataError, Run, Value
from a4eval.tasks.compare import Compare
from a4eval.tasks.evaluate import Evaluate
from a4eval.tasks.interval_options import IntervalOptions, KeptIntervalOptions


@dataclass
class Hits:
    """Right or wrong by unit, in two batches; units may have any ids in any order."""

    batch: ClassVar[str] = "hits"
    hits: list[int]
    ids: list
    video: list | None = None

    def sources(self):
        return []

    def batches(self, run):
        half = len(self.hits) // 2
        for part in (slice(half, None), slice(None, half)):
            columns = {"unit": self.ids[part], "hit": self.hits[part]}
            yield columns | ({"video": self.video[part]} if self.video else {})


@dataclass
class Accuracy:
    """The weighted share of hits."""

    batch: ClassVar[str] = "hits"
    names: ClassVar = ("accuracy",)
    _seen: dict = field(default_factory=dict, init=False)

    @property
    def units(self):
        return np.array(sorted(self._seen))

    def update(self, batch):
        self._seen.update(zip(np.asarray(batch["unit"]).tolist(), batch["hit"], strict=True))

    def merge(self, other):
        self._seen.update(other._seen)

    def compute(self, weights=None):
        hits = np.array([self._seen[unit] for unit in self.units.tolist()], float)
        weights = np.ones(len(hits)) if weights is None else weights
        total = weights.sum()
        return {"accuracy": Value(float(hits @ weights / total) if total else float("nan"), n=len(hits))}


IDS = ["d", "b", "a", "c", "f", "e", "h", "g"]
FIRST, SECOND = [1, 0, 0, 1, 0, 0, 1, 0], [1, 1, 1, 1, 0, 1, 0, 1]


def compare(first=FIRST, second=SECOND, ids=IDS, second_ids=None, **options):
    task = Compare(Hits(first, ids), Hits(second, second_ids or ids), {"accuracy": Accuracy()}, **options)
    result = task.run(Run(directory=None, seed=1))
    return result, result.tables["comparison"][0]


def test_an_interval_covers_the_binomial_one(tmp_path):
    hits = [1] * 60 + [0] * 40
    task = Evaluate(
        Hits(hits, list(range(100))), {"accuracy": Accuracy()}, KeptIntervalOptions(resamples=2000, method="percentile")
    )
    value = task.run(Run(tmp_path)).metrics["accuracy"]
    assert value.value == 0.6
    half_width = 1.96 * np.sqrt(0.6 * 0.4 / 100)
    assert (value.interval.low, value.interval.high) == pytest.approx((0.6 - half_width, 0.6 + half_width), abs=0.02)
    assert value.interval.method == "percentile bootstrap, 2000 resamples"


def test_by_default_intervals_are_expanded(tmp_path):
    task = Evaluate(Hits(FIRST, IDS), {"accuracy": Accuracy()}, KeptIntervalOptions(resamples=50))
    assert task.run(Run(tmp_path)).metrics["accuracy"].interval.method.startswith("expanded bootstrap")
    result, _ = compare(permutations=0)
    assert result.metrics["accuracy/difference"].interval.method.startswith("paired expanded bootstrap")


def test_units_of_one_cluster_are_drawn_together(tmp_path):
    hits, video = [1] * 50 + [0] * 50, ["x"] * 50 + ["y"] * 50
    options = KeptIntervalOptions(resamples=400, method="percentile", clusters="video")
    task = Evaluate(Hits(hits, list(range(100)), video), {"accuracy": Accuracy()}, options)
    run = Run(tmp_path)
    interval = task.run(run).metrics["accuracy"].interval
    assert "an interval from 2 drawn units, expected 10 or more" in run.warnings[0]
    assert (interval.low, interval.high) == (0, 1), "two videos: all right or all wrong, each in a quarter of the draws"
    lacking = Evaluate(Hits(hits, list(range(100))), {"accuracy": Accuracy()}, options)
    with pytest.raises(DataError, match=r"interval\.clusters: the data has no column 'video'; it has hit, unit"):
        lacking.run(Run(tmp_path))


def test_intervals_need_a_metric_that_weighs():
    @dataclass
    class Blind:
        batch: ClassVar[str] = "hits"
        names: ClassVar = ("x",)

    with pytest.raises(ValueError, match="none of the metrics can weigh its units"):
        Evaluate(Hits([1], [1]), {"x": Blind()}, IntervalOptions())
    with pytest.raises(ValueError, match=r"metrics\.x cannot weigh its units"):
        Compare(Hits([1], [1]), Hits([1], [1]), {"x": Blind()})


def test_the_permutation_test_agrees_with_all_swaps():
    _, row = compare(permutations=20000)
    difference = np.array(SECOND) - np.array(FIRST)
    signs = np.array(list(itertools.product([-1, 1], repeat=len(difference))))
    exact = np.mean(np.abs(signs @ difference) >= abs(difference.sum()))
    assert row["difference"] == pytest.approx(difference.mean())
    assert row["p_permutation"] == pytest.approx(exact, abs=0.01)
    assert row["p_holm"] == row["p_benjamini_hochberg"] == row["p_permutation"]


def test_the_pairs_share_what_they_share():
    """The spread of the difference is that of the paired differences, not of two independent numbers."""
    rng = np.random.default_rng(0)
    first = (rng.random(400) < 0.5).astype(int)
    second = np.where(rng.random(400) < 0.05, 1, first)
    result, row = compare(first.tolist(), second.tolist(), list(range(400)), permutations=0)
    spread = np.std(second - first) / np.sqrt(400)
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * spread, rel=0.25)
    assert result.metrics["accuracy/difference"].interval.low == row["low"]
    assert row["p_permutation"] is None
    assert row["p_holm"] == row["p_bootstrap"]


def test_the_interval_is_made_as_asked():
    result, _ = compare(interval=IntervalOptions(method="bca", resamples=200), permutations=0)
    assert "bca" in result.metrics["accuracy/difference"].interval.method


def test_equal_predictions_do_not_differ():
    _, row = compare(FIRST, FIRST)
    assert (row["difference"], row["low"], row["high"]) == (0, 0, 0)
    assert (row["p_bootstrap"], row["p_permutation"]) == (1, 1)


def test_the_order_of_units_does_not_matter():
    order = [3, 1, 0, 2, 7, 6, 5, 4]
    turned, _ = compare(FIRST, [SECOND[one] for one in order], second_ids=[IDS[one] for one in order], permutations=0)
    straight, _ = compare(permutations=0)
    assert turned.metrics == straight.metrics


def test_both_must_hold_the_same_units():
    with pytest.raises(DataError, match="must hold the same units; 'g' is in one of them only"):
        compare(second_ids=[*IDS[:-1], "z"])


def test_parts_are_tested_and_corrected_among_themselves():
    @dataclass
    class ByHalf(Accuracy):
        def compute_parts(self, weights):
            hits = np.array([self._seen[unit] for unit in self.units.tolist()], float)
            middle = len(hits) // 2
            with np.errstate(invalid="ignore"):
                return {
                    "early": weights[:, :middle] @ hits[:middle] / weights[:, :middle].sum(axis=1),
                    "late": weights[:, middle:] @ hits[middle:] / weights[:, middle:].sum(axis=1),
                }

    first, second = [0] * 20 + [1, 0] * 10, [1] * 20 + [0, 1] * 10
    task = Compare(Hits(first, list(range(40))), Hits(second, list(range(40))), {"hits": ByHalf()})
    early, late = task.run(Run(directory=None)).tables["hits/parts"]
    assert (early["name"], early["first"], early["second"], early["difference"]) == ("early", 0, 1, 1)
    assert early["p_permutation"] < 0.01
    assert early["p_holm"] == pytest.approx(2 * early["p_permutation"])
    assert (late["difference"], late["p_permutation"]) == (0, 1)


def test_same_seed_same_numbers():
    assert compare()[0] == compare()[0]


def test_options_out_of_range_are_refused():
    with pytest.raises(ValueError, match="permutations: got -1, expected at least 0"):
        compare(permutations=-1)
    with pytest.raises(ValueError, match="level: got 95, expected above 0 and below 1"):
        IntervalOptions(level=95)
    with pytest.raises(ValueError, match="resamples: got 0, expected at least 1"):
        IntervalOptions(resamples=0)
