"""Every wrong metric fails, by the check that explains it; no right one does."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import DataError, Run
from a4eval.checks.finding import judged
from a4eval.checks.metrics.case import MetricCase
from a4eval.checks.metrics.suite import check_metric
from a4eval.checks.metrics.units import repeated, select
from a4eval.tasks.check_metric import CheckMetric

from ..mutants import right_metrics, wrong_metrics
from ..mutants.metric_base import RIGHT, WRONG, Rank, rankings

assert right_metrics, wrong_metrics

EXPLAINED_BY = {
    "TiesByLuck": "predictions",
    "HigherIsWorse": "predictions",
    "DirectionTurned": "predictions",
    "PerfectIsNotBest": "predictions",
    "MergeForgetsTheRest": "merge",
    "MergeReplaces": "merge",
    "MergeAveragesMeans": "merge",
    "MergeChangesTheOther": "merge_keeps",
    "MergeDoublesTheOverlap": "merge",
    "RunningSum": "merge",
    "InOrderOfArrival": "merge",
    "LastBatchOnly": "update",
    "MeanOfBatchMeans": "update",
    "StaleCache": "update",
    "CacheOutlivesMerge": "update",
    "SharedState": "fresh",
    "WeightsIgnored": "weights",
    "WeightsNotNormalised": "weights",
    "WeightsInOrderOfArrival": "weights",
    "WeightsAsFlags": "weights",
    "WeightsOfAnyLength": "weights",
    "WeightsSorted": "inputs_unchanged",
    "UnitsWithoutTheLast": "weights",
    "ManyTransposed": "compute_many",
    "ManyWithoutWeights": "compute_many",
    "ManyWithOtherNames": "compute_many",
    "OtherNames": "names",
    "NamesFromTheData": "names",
    "ArrayForNumber": "names",
    "BareNumber": "names",
    "ChangesTheBatch": "inputs_unchanged",
    "SortsTheBatch": "inputs_unchanged",
    "ComputeEatsItsState": "compute_twice",
    "RandomSubset": "compute_twice",
    "ZeroOfNothing": "empty",
    "OneOfNothing": "empty",
    "CrashesOnNothing": "empty",
    "CrashesOnOneUnit": "one_unit",
    "NanScoreIsLast": "missing",
    "NanRelevanceIsZero": "missing",
    "LeavesNanOut": "missing",
    "NotPicklable": "pickle",
    "PickleForgets": "pickle",
    "PositionBreaksTies": "order",
    "FirstQueryCountsTwice": "order",
    "TableChangesItself": "tables",
    "TableInOrderOfArrival": "tables",
    "RaggedTable": "tables",
}


def findings(metric, seed=0, **options):
    case = MetricCase(metric, [rankings(np.random.default_rng(seed))], seed, **options)
    return {one.check: one for one in check_metric(case)}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_metric_fails_by_the_check_that_explains_it(name):
    found = findings(WRONG[name]())
    assert judged(found.values()).outcome == "failed"
    failed = {one.check for one in found.values() if one.verdict == "failed"}
    # where in memory things lie is chance, and so is which of two calls shows it
    assert name == "TiesByAddress" or EXPLAINED_BY[name] in failed, failed


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("seed", range(3))
def test_a_right_metric_is_not_blamed(name, seed):
    assert judged(findings(RIGHT[name](), seed).values()).reasons == ()


def test_ties_are_reported_and_not_blamed():
    found = findings(RIGHT["ByPlace"]())["ties"]
    assert found.verdict == "passed"
    assert found.error > 0
    assert "equal scores are told apart by their place" in found.meaning
    assert findings(Rank())["ties"].error == 0


def test_several_batches_are_one():
    batches = [rankings(np.random.default_rng(seed), 4) for seed in range(2)]
    batches[1]["unit"] = batches[1]["unit"] + 100
    assert judged(check_metric(MetricCase(Rank(), batches))).outcome == "passed"


def test_the_task_gives_a_verdict_and_counts(tmp_path):
    class Given:
        batch = "ranking"
        empty = False

        def sources(self):
            return []

        def batches(self, run):
            yield rankings(np.random.default_rng(0), 0 if self.empty else 5)

    result = CheckMetric(WRONG["WeightsIgnored"](), Given()).run(Run(directory=tmp_path))
    assert result.verdict.outcome == "failed"
    assert result.verdict.reasons[0].startswith("weights failed at reciprocal_rank")
    assert result.metrics["failed_checks"].value == sum(row["verdict"] == "failed" for row in result.tables["checks"])
    assert CheckMetric(Rank(), Given()).run(Run(directory=tmp_path)).verdict.outcome == "passed"
    Given.empty = True
    with pytest.raises(DataError, match="the data holds no unit"):
        CheckMetric(Rank(), Given()).run(Run(directory=tmp_path))
    Given.batch = "detection"
    with pytest.raises(ValueError, match="metric takes 'ranking' batches, but data gives 'detection' batches"):
        CheckMetric(Rank(), Given())


def test_units_are_selected_with_all_that_belongs_to_them():
    batch = {
        "unit": np.array(["a", "b"]),
        "unit_size": np.array([1, 2]),
        "truth_unit": np.array([1, 0, 1]),
        "truth_box": np.arange(12.0).reshape(3, 4),
        "class": np.array([7, 8]),
    }
    taken = select(batch, [1])
    assert taken["unit"].tolist() == ["b"]
    assert taken["unit_size"].tolist() == [2]
    assert taken["truth_unit"].tolist() == [0, 0]
    assert taken["truth_box"][:, 0].tolist() == [0, 8]
    assert taken["class"].tolist() == [7, 8]
    copies = repeated([batch], {"a": 2, "b": 1})[0]
    assert copies["truth_unit"].tolist() == [0, 1, 2, 2]
    assert copies["unit"].tolist() == sorted(copies["unit"].tolist())
    assert len(set(copies["unit"].tolist())) == 3


def test_there_are_enough_of_them():
    assert len(WRONG) >= 40
    assert all(metric.__doc__ for metric in [*WRONG.values(), *RIGHT.values()])


@pytest.mark.parametrize(
    ("names", "given", "meaning"),
    [
        ((), {}, "it gives neither a value nor a table"),
        (("hits",), None, "compute returned NoneType, expected a dict of a4eval.Value by name"),
    ],
)
def test_a_metric_that_gives_nothing_has_failed(names, given, meaning):
    silent = type("Silent", (Rank,), {"names": names, "compute": lambda self, weights=None: given})
    found = findings(silent())["names"]
    assert (found.verdict, found.meaning) == ("failed", meaning)
