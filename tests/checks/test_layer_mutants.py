"""Every wrong layer fails, every right one does not; ``benchmarks/check_mutants.py`` does the same with many seeds."""

from __future__ import annotations

import pytest

from a4eval import Run
from a4eval.tasks.check_layer import CheckLayer

from ..mutants import right_layers, wrong_gradients, wrong_layers
from ..mutants.layer_base import RIGHT, WRONG

assert right_layers, wrong_gradients
assert wrong_layers

EXPLAINED_BY = {
    "SmallColumnHasNoGradient": "gradient",
    "SmallValuesHaveNoGradient": "magnitudes",
    "ThresholdOnGradients": "backward_linear",
    "OneRowOfManyIsWrong": "gradient",
    "OneInputRowOfManyIsWrong": "gradient",
    "ForgottenParameter": "gradient",
    "OddSizeLosesTheLast": "sizes",
    "NanGradient": "gradient",
    "BatchesOfThreeAndMore": "batch",
    "LastChunkForgotten": "batch",
    "LeaksBetweenRows": "batch",
    "LeaksThroughTheMaximum": "isolation",
    "NanReachesTheNeighbour": "isolation",
    "RollsTheBatch": "isolation",
    "ReversesTheBatchBackward": "batch",
    "EmptyBatchCrashes": "batch",
    "EmptyBatchHasAGradient": "batch",
    "ChangesItsInput": "inputs_unchanged",
    "ChangesDy": "inputs_unchanged",
    "ChangesItsParameters": "inputs_unchanged",
    "RandomNumbers": "repeat",
    "Dropout": "repeat",
    "StateBetweenCalls": "state",
    "TapeInTheLayer": "tape",
    "StaleCache": "state",
    "CacheByIdentity": "state",
    "TapeDestroyedByUse": "tape",
    "TapeIsPopped": "tape",
    "Leak": "leak",
    "SmallLeak": "leak",
    "RowsTimesRows": "memory",
    "SwallowsNan": "missing",
    "NanToNum": "missing",
    "IgnoresNanInTheMaximum": "missing",
    "Float32Inside": "float64",
    "Float32SumsInBackward": "float64",
    "Float64Out": "float32",
    "Float64Gradient": "float32",
    "NaiveVariance": "float32",
    "HalfPrecisionSums": "float32",
    "NotLinear": "adjoint",
    "CropOffByOneForward": "adjoint",
    "BrokenByViews": "structure",
    "FortranOrder": "structure",
    "NeedsToWrite": "structure",
    "ByteOrder": "structure",
    "BroadcastGradient": "structure",
    "AddsAConstantBackward": "backward_linear",
    "WrongAgainstTheReference": "reference",
}
"""The check that says what is wrong; the others are wrong gradients, which the check of the gradient says."""


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_layer_fails_by_the_check_that_explains_it(name):
    layer = WRONG[name]()
    task = CheckLayer(layer, reference="torch" if hasattr(layer, "reference") else None)
    result = task.run(Run(directory=None, seed=0))
    assert result.verdict.outcome == "failed"
    failed = {row["check"] for row in result.tables["checks"] if row["verdict"] == "failed"}
    assert EXPLAINED_BY.get(name, "gradient") in failed, failed


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_layer_is_not_blamed(name):
    result = CheckLayer(RIGHT[name]()).run(Run(directory=None, seed=0))
    assert result.verdict.outcome != "failed", result.verdict.reasons


def test_a_tolerance_that_zeros_would_meet_is_not_believed():
    result = CheckLayer(RIGHT["Dense"](), tolerance=1.5).run(Run(directory=None))
    assert result.verdict.outcome == "undecided"
    assert result.verdict.reasons[0].startswith("gradient undecided")


def test_a_check_that_takes_a_known_wrong_answer_for_right_is_not_believed():
    class Flat(RIGHT["Dense"]):
        """All entries of dx are the same to ten digits, so the answer moved by one is all but right."""

        def init(self, rng):
            return {"W": 1 + 1e-10 * rng.standard_normal((4, 5)), "b": rng.standard_normal(5)}

    result = CheckLayer(Flat()).run(Run(directory=None))
    assert result.verdict.outcome == "undecided"
    assert any("in place of dx also passes gradient" in reason for reason in result.verdict.reasons)


def test_there_are_enough_of_them():
    assert len(WRONG) >= 60
    assert len(RIGHT) >= 30
    assert all(layer.__doc__ for layer in [*WRONG.values(), *RIGHT.values()])
