"""Every wrong layer fails, every right one does not; ``benchmarks/check_mutants.py`` does the same with many seeds."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import Run
from a4eval.checks.layers.arrays import structure
from a4eval.checks.layers.batches import isolation
from a4eval.checks.layers.cases import cases
from a4eval.checks.layers.gradient import gradient
from a4eval.checks.layers.linearity import backward_is_linear
from a4eval.checks.layers.precision import bfloat16, digits, float16, float32
from a4eval.checks.layers.purity import repeat, state, unchanged
from a4eval.checks.trees import floats
from a4eval.tasks.check_layer import CheckLayer

from ..mutants import right_layers, wrong_gradients, wrong_layers
from ..mutants.layer_base import RIGHT, WRONG

assert right_layers, wrong_gradients
assert wrong_layers

EXPLAINED_BY = {
    "DealtOutToThreads": "threads",
    "OneRowForAll": "structure",
    "TinyInputsAreZero": "adjoint",
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
    if name == "DealtOutToThreads":
        pytest.importorskip("threadpoolctl", reason="sets the number of threads")
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


def test_chance_spares_no_layer_that_draws_at_random():
    """All twelve entries survive three calls in 2 of 100 cases."""
    for seed in range(200):
        (case,) = cases(WRONG["Dropout"](), np.random.default_rng(seed), seed)
        assert repeat(case).verdict == "failed"


@pytest.mark.parametrize("seed", [33, 55, 109])
def test_what_rounding_may_carry_beyond_the_largest_number_may_be_infinite(seed):
    """The gradients are thousands, and rounding to float16 alone may make them tens of thousands: 65,504 is the end."""
    (case,) = cases(RIGHT["ChaoticRecurrence"](), np.random.default_rng(seed), seed)
    with np.errstate(all="ignore"):
        got = case.layer.backward(*_half(case))[1]
        assert np.isinf(got).any()
        assert float16(case).verdict != "failed"


def _half(case):
    params, x, dy = (floats(tree, lambda array: array.astype(np.float16)) for tree in (case.params, case.x, case.dy))
    return params, case.layer.forward(params, x)[1], dy


@pytest.mark.parametrize("seed", [92, *range(4)])
def test_a_tie_that_rounding_makes_is_no_fault(seed):
    """With seed 92 two neighbours are one number in bfloat16, so that the gradient goes to the other one of them."""
    (case,) = cases(RIGHT["TiedMaximum"](), np.random.default_rng(seed), seed)
    assert bfloat16(case).verdict != "failed"


def test_an_overflow_that_rounding_cannot_explain_is_one():
    class Overflows(RIGHT["Softmax"]):
        """exp before the largest is taken off: 12 and more is too much for float16."""

        def example(self, rng):
            return 10 + rng.standard_normal((3, 5))

        def forward(self, params, x):
            y = np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)
            return y, y

    (case,) = cases(Overflows(), np.random.default_rng(0), 0)
    with np.errstate(all="ignore"):
        assert float16(case).verdict == "failed"


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


class Hidden:
    """A tape that nobody looks into, as a framework's is."""

    def __init__(self, *kept):
        self.kept = kept


class ShiftedSoftmax:
    """softmax(x W + b): softmax takes b off again, so its gradient is 0, and what is computed rounding."""

    extra = 0.0

    def example(self, rng):
        return rng.standard_normal((3, 4))

    def init(self, rng):
        return {"W": rng.standard_normal((4, 5)), "b": np.zeros(1)}

    def forward(self, params, x):
        logits = x @ params["W"] + params["b"]
        e = np.exp(logits - logits.max(axis=-1, keepdims=True, initial=-np.inf))
        y = e / e.sum(axis=-1, keepdims=True)
        return y, Hidden(x, y)

    def backward(self, params, tape, dy):
        x, y = tape.kept
        d = y * (dy - (dy * y).sum(axis=-1, keepdims=True))
        b = (d.sum() + self.extra * np.abs(d).sum()).reshape(1)
        return {"W": x.T @ d, "b": b.astype(d.dtype)}, d @ params["W"].T


def test_a_gradient_that_cancels_to_nothing_is_held_against_the_rounding_of_its_terms():
    layer = ShiftedSoftmax()
    for seed in range(3):
        layer.extra = 0.0
        (case,) = cases(layer, np.random.default_rng(seed), seed, coordinates=5)
        for check in (gradient, digits, float32, backward_is_linear, structure):
            assert check(case).verdict == "passed", check(case)
        assert {float16(case).verdict, bfloat16(case).verdict} <= {"passed", "not_applicable"}
        layer.extra = 1e-9  # of its terms: more than rounding leaves over
        (case,) = cases(layer, np.random.default_rng(seed), seed, coordinates=5)
        assert gradient(case).verdict != "passed"


def test_the_same_call_again_is_one_with_weights_in_the_same_order_in_memory():
    """Keras draws recurrent weights in Fortran's order, which BLAS takes another way than C's."""

    class Ordered(RIGHT["Softmax"]):
        def init(self, rng):
            return {"W": np.asfortranarray(rng.standard_normal((5, 5)))}

        def forward(self, params, x):
            rounded = 1.0 if params["W"].flags.c_contiguous else 1 + 2.0**-52
            y, tape = super().forward({}, x @ params["W"] * rounded)
            return y, (x, tape)

        def backward(self, params, tape, dy):
            _, d = super().backward({}, tape[1], dy)
            return {"W": tape[0].T @ d}, d @ params["W"].T

    (case,) = cases(Ordered(), np.random.default_rng(0), 0)
    for check in (repeat, state, unchanged):
        assert check(case).verdict == "passed"


class UpToItsLength:
    """The mean of each row up to its own length, of sums up to the longest row: their order depends on it."""

    leak = 0.0

    def example(self, rng):
        return {"x": rng.standard_normal((3, 40)), "steps": rng.integers(1, 41, 3)}

    def init(self, rng):
        return {"scale": rng.standard_normal(1)}

    def forward(self, params, x):
        steps, longest = x["steps"], max([1, *x["steps"].tolist()])
        mask = np.arange(x["x"].shape[1]) < steps[:, None]
        sums = np.where(mask, x["x"], 0)[:, :longest].sum(axis=1, keepdims=True)
        y = params["scale"] * sums / steps[:, None].astype(sums.dtype)
        return y + (self.leak * steps.max(initial=0)).astype(y.dtype), (mask, sums, steps)

    def backward(self, params, tape, dy):
        mask, sums, steps = tape
        each = dy / steps[:, None].astype(dy.dtype)
        return {"scale": (each * sums).sum().reshape(1)}, {
            "x": np.where(mask, each * params["scale"], 0),
            "steps": None,
        }


def test_neighbours_integers_may_cost_a_row_rounding_and_nothing_else():
    isolated = []
    for leak in (0.0, 1e-9):
        layer = UpToItsLength()
        layer.leak = np.float64(leak)
        with np.errstate(all="ignore"):
            found = [isolation(case) for seed in range(3) for case in cases(layer, np.random.default_rng(seed), seed)]
        isolated.append([one.verdict for one in found])
    assert isolated == [["passed"] * 3, ["failed"] * 3]
    assert "other integers" in found[0].meaning
