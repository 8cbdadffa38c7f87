"""check_layer passes what is right and finds each kind of wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from a4eval import DataError, MissingExtraError, Run
from a4eval.contracts import Verdict
from a4eval.tasks.check_layer import CheckLayer

from ..mutants import right_layers
from ..mutants.layer_base import RIGHT

assert right_layers


@dataclass
class Affine:
    """y = x W + b, with a fault to choose."""

    linear: ClassVar[bool] = True
    complex_step: ClassVar[bool] = True
    fault: str = ""
    calls: int = 0

    def example(self, rng):
        return rng.standard_normal((3, 4))

    def init(self, rng):
        return {"W": rng.standard_normal((4, 2)), "b": rng.standard_normal(2)}

    def forward(self, params, x):
        self.calls += 1
        if x.ndim != 2 or x.shape[-1] != 4:
            raise ValueError(f"expected 4 features, got {x.shape[-1]}")
        if self.fault == "in place" and x.flags.writeable:
            x *= 1.5
        y = x @ params["W"] + params["b"]
        if self.fault == "float64" and y.dtype == np.float32:
            y = y.astype(np.float64)
        if self.fault == "batch":
            y = y - y.mean(axis=0)
        if self.fault == "random":
            y = y * (1 + 1e-13 * self.calls)
        if self.fault == "raises" and np.iscomplexobj(x):
            raise TypeError("no complex numbers here")
        if self.fault == "not linear":
            y = y + x[..., :2] ** 2
        return y, x

    def backward(self, params, tape, dy):
        dW = tape.T @ dy
        if self.fault == "one entry":
            dW[2, 1] *= 1.001
        if self.fault == "shape":
            dW = dW.T
        dx = dy @ params["W"].T
        if self.fault == "nan":
            dx[0, 0] = np.nan
        return {"W": dW, "b": dy.sum(axis=0)}, dx

    def reference(self, framework, params, x, dy):
        if framework == "absent":
            raise MissingExtraError("absent", "absent")
        factor = 2.0 if self.fault == "reference" else 1.0
        return factor * (x @ params["W"] + params["b"]), {"W": x.T @ dy}, dy @ params["W"].T


def check(fault="", **options):
    result = CheckLayer(Affine(fault), **options).run(Run(directory=None, seed=3))
    return result, {row["check"]: row for row in result.tables["checks"]}


def test_a_right_layer_passes_everything():
    result, rows = check(reference="torch")
    assert {row["verdict"] for row in rows.values()} <= {"passed", "not_applicable"}
    assert result.verdict == Verdict("passed")
    assert result.metrics["failed_checks"].value == 0
    assert result.metrics["failed_checks"].n == result.metrics["ran_checks"].value
    assert result.metrics["ran_checks"].value + result.metrics["not_applicable_checks"].value == len(rows)
    assert result.metrics["complex_step_error"].value < 1e-13
    assert result.metrics["gradient_error"].value < 1e-8
    assert result.metrics["forward_time"].unit == "seconds"
    assert result.metrics["peak_memory"].value > 24
    assert [row["rows"] for row in result.tables["cost"]] == [1, 2, 4, 8, 16, 32, 64]


class Doubling:
    """y = 2 x, of any shape."""

    def example(self, rng):
        return rng.standard_normal((3, 4))

    def init(self, rng):
        return {}

    def forward(self, params, x):
        return 2 * x, None

    def backward(self, params, tape, dy):
        return {}, 2 * dy


def test_a_layer_is_timed_beside_the_one_it_is_held_against():
    result = CheckLayer(Doubling(), reference=Doubling()).run(Run(directory=None, seed=3))
    assert result.verdict == Verdict("passed")
    assert [row["entries"] for row in result.tables["shapes"]] == [12, 24, 48, 96]
    assert {row["axis"] for row in result.tables["shapes"]} == {"axis 1"}
    for row in result.tables["cost"] + result.tables["shapes"]:
        assert row["reference_forward"] > 0
        assert row["reference_backward"] > 0
    folded = ["forward", "backward", "reference_forward", "reference_backward"]
    assert result.charts["time_by_shape"]["transform"][0]["fold"] == folded
    assert "reference_forward" not in check()[0].tables["cost"][0]


@pytest.mark.parametrize(
    ("fault", "caught_by", "where"),
    [
        ("one entry", {"gradient", "complex_step"}, "dW[2, 1]"),
        ("shape", {"gradient", "complex_step"}, "dW"),
        ("nan", {"gradient", "complex_step"}, "dx[0, 0]"),
        ("in place", {"inputs_unchanged"}, "x[0, 0]"),
        ("float64", {"float32"}, "y"),
        ("batch", {"batch"}, "y[0, 0]"),
        ("random", {"repeat"}, "y[0, 0]"),
        ("not linear", {"adjoint"}, "⟨Ax, dy⟩ against ⟨x, Aᵀdy⟩"),
        ("reference", {"reference"}, "y"),
        ("raises", {"complex_step"}, ""),
    ],
)
def test_each_fault_is_found_and_located(fault, caught_by, where):
    result, rows = check(fault, reference="torch")
    failed = {name for name, row in rows.items() if row["verdict"] == "failed"}
    assert caught_by <= failed
    found = [rows[name] for name in caught_by]
    assert any(row["where"].startswith(where.partition("[")[0]) for row in found), found
    assert all(row["meaning"] for row in found)
    assert result.verdict.outcome == "failed"
    assert len([one for one in result.verdict.reasons if " failed" in one]) == len(failed)
    assert result.metrics["failed_checks"].value == len(failed)


def test_a_place_is_named_to_the_entry():
    _, rows = check("one entry")
    assert rows["gradient"]["where"] == "dW[2, 1]"
    assert rows["gradient"]["error"] > rows["gradient"]["bound"]
    _, rows = check("shape")
    assert rows["gradient"]["meaning"] == "has shape (2, 4), expected (4, 2)"


def test_what_does_not_apply_is_said_with_the_reason():
    class Plain(Affine):
        linear = complex_step = False

    rows = {row["check"]: row for row in CheckLayer(Plain()).run(Run(directory=None)).tables["checks"]}
    assert rows["adjoint"]["meaning"] == "the layer is not linear"
    assert rows["complex_step"]["meaning"] == "the layer takes no complex numbers"
    assert rows["reference"]["meaning"] == "no reference was asked for"
    asked_for = check(reference="absent")[1]["reference"]
    assert asked_for["meaning"].endswith("could not be made: this needs absent: pip install 'absent'")
    assert asked_for["verdict"] == "undecided"
    assert {rows[name]["verdict"] for name in ("adjoint", "complex_step", "reference")} == {"not_applicable"}


def test_an_optional_reference_that_is_not_installed_is_left_out_with_a_remark():
    run = Run(directory=None)
    result = CheckLayer(Affine(), reference="absent", optional_reference=True).run(run)
    (row,) = [row for row in result.tables["checks"] if row["check"] == "reference"]
    assert row["verdict"] == "not_applicable"
    assert result.verdict.outcome == "passed"
    assert run.warnings == ["it was not held against absent: this needs absent: pip install 'absent'"]


def test_a_reference_that_has_no_such_layer_does_not_apply():
    class Peephole(Affine):
        def reference(self, framework, params, x, dy):
            raise ValueError(f"{framework} has no such layer")

    rows = {
        row["check"]: row for row in CheckLayer(Peephole(), reference="torch").run(Run(directory=None)).tables["checks"]
    }
    assert rows["reference"]["verdict"] == "not_applicable"
    assert rows["reference"]["meaning"] == "torch has no such layer"


def test_a_layer_that_cannot_be_called_has_failed():
    class Broken(Affine):
        def forward(self, params, x):
            return x @ params["V"], x

    result = CheckLayer(Broken()).run(Run(directory=None))
    assert result.verdict.outcome == "failed"
    assert "KeyError" in result.verdict.reasons[0]


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("forward", lambda self, params, x: x, "forward failed at forward: it returned ndarray, expected (y, tape)"),
        ("forward", lambda self, params, x: (x, x, x), "forward failed at forward: it returned tuple, expected"),
        ("example", lambda self, rng: np.ones((0, 4)), "forward failed at x: the example has shape (0, 4), so there"),
        ("example", lambda self, rng: np.ones((2, 4), np.float32), "forward failed at x: the example is float32, exp"),
        ("example", lambda self, rng: np.ones((2, 4), complex), "forward failed at x: the example is complex128, exp"),
        ("example", lambda self, rng: np.ones((2, 5)), "forward failed: it ends in ValueError: expected 4 features"),
        ("init", lambda self, rng: int("four"), "forward failed: it ends in ValueError: invalid literal for int()"),
    ],
)
def test_a_layer_that_breaks_its_word_at_once_has_failed(name, change, reason):
    result = CheckLayer(type("Broken", (Affine,), {name: change})()).run(Run(directory=None))
    assert result.verdict.outcome == "failed"
    assert result.verdict.reasons[0].startswith(reason)


@dataclass
class Scale:
    """y = s x, with a number for s."""

    shape: tuple = (3, 4)

    def example(self, rng):
        return np.array(rng.standard_normal(self.shape))

    def init(self, rng):
        return {"s": np.array(rng.standard_normal())}

    def forward(self, params, x):
        return np.asarray(x * params["s"]), x

    def backward(self, params, tape, dy):
        return {"s": np.array((tape * dy).sum())}, np.asarray(dy * params["s"])


@pytest.mark.parametrize("shape", [(3, 4), (5,), ()])
def test_parameters_and_inputs_may_be_single_numbers(shape):
    result = CheckLayer(Scale(shape)).run(Run(directory=None))
    assert result.verdict == Verdict("passed", ())
    rows = {row["check"]: row for row in result.tables["checks"]}
    assert rows["structure"]["verdict"] == "passed"
    if not shape:
        assert rows["memory"]["meaning"] == "x has 0 axes, so none of them is batch axis 0"
        assert "cost" not in result.tables


def test_same_seed_same_numbers():
    first, second = check()[0], check()[0]
    errors = [name for name in first.metrics if name.endswith("_error") and name not in ("leak_error", "memory_error")]
    assert [first.metrics[name] for name in errors] == [second.metrics[name] for name in errors]


def test_wrong_options_are_refused():
    with pytest.raises(ValueError, match="coordinates: got 0, expected at least 1"):
        check(coordinates=0)
    with pytest.raises(ValueError, match="tolerance: got 0, expected above 0"):
        check(tolerance=0)
    with pytest.raises(ValueError, match=r"input_shape\[0\]: got 0, expected at least 1"):
        check(input_shape=[0, 4])
    with pytest.raises(DataError, match=r"refuses an input of shape \(2, 5\): expected 4 features, got 5"):
        check(input_shape=[2, 5])
    with pytest.raises(ValueError, match="no reference implementation"):
        CheckLayer(RIGHT["Dense"](), reference="torch")


class Turned(Scale):
    batch_axis = 7


def test_a_batch_axis_that_there_is_not_is_refused():
    with pytest.raises(DataError, match=r"batch_axis: got 7, expected an axis of every .*: x has shape \(3, 4\)"):
        CheckLayer(Turned((3, 4))).run(Run(directory=None))
