"""check_layer passes what is right and finds each kind of wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from a4eval import DataError, MissingExtraError, Run
from a4eval.tasks.check_layer import CheckLayer
from a4eval.tasks.layer_checks import relative_error


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
        if x.shape[-1] != 4:
            raise ValueError(f"expected 4 features, got {x.shape[-1]}")
        if self.fault == "in place":
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
    assert {row["verdict"] for row in rows.values()} == {"passed"}
    assert list(rows) == ["gradient", "complex_step", "adjoint", "float32", "repeat", "batch", "reference"]
    assert result.metrics["failed_checks"].value == 0
    assert result.metrics["complex_step_error"].value < 1e-14
    assert result.metrics["gradient_error"].value < 1e-9
    assert result.metrics["forward_time"].unit == "seconds"
    assert result.metrics["peak_memory"].value > 24


@pytest.mark.parametrize(
    ("fault", "caught_by", "where"),
    [
        ("one entry", {"gradient", "complex_step"}, "dW[2, 1]"),
        ("shape", {"gradient", "complex_step"}, "dW has shape (2, 4), expected (4, 2)"),
        ("nan", {"gradient", "complex_step", "adjoint", "float32", "repeat", "batch"}, "dx[0, 0] is nan"),
        ("in place", {"repeat"}, "x was changed in place"),
        ("float64", {"float32"}, "y is float64 for float32 input"),
        ("batch", {"batch"}, "y"),
        ("random", {"repeat"}, "y"),
        ("not linear", {"adjoint"}, "⟨Ax, y⟩ against ⟨x, Aᵀy⟩"),
        ("reference", {"reference"}, "y"),
        ("raises", {"complex_step"}, "TypeError: no complex numbers here"),
    ],
)
def test_each_fault_is_found_and_located(fault, caught_by, where):
    result, rows = check(fault, reference="torch")
    failed = {name for name, row in rows.items() if row["verdict"] == "failed"}
    assert caught_by <= failed
    assert where in {rows[name]["detail"] for name in caught_by}
    assert result.metrics["failed_checks"].value == len(failed)


def test_what_does_not_apply_is_skipped_with_the_reason():
    class Plain(Affine):
        linear = complex_step = False

    rows = {row["check"]: row for row in CheckLayer(Plain()).run(Run(directory=None)).tables["checks"]}
    assert rows["adjoint"]["detail"] == "the layer is not linear"
    assert rows["complex_step"]["detail"] == "the layer takes no complex numbers"
    assert rows["reference"]["detail"] == "no reference was asked for"
    assert check(reference="absent")[1]["reference"]["detail"] == "this needs absent: pip install 'absent'"


def test_same_seed_same_numbers():
    first, second = check()[0], check()[0]
    errors = [name for name in first.metrics if name.endswith("_error")]
    assert [first.metrics[name] for name in errors] == [second.metrics[name] for name in errors]


def test_wrong_options_are_refused():
    with pytest.raises(ValueError, match="coordinates must be at least 1, got 0"):
        check(coordinates=0)
    with pytest.raises(ValueError, match=r"positive sizes, got \[0, 4\]"):
        check(input_shape=[0, 4])
    with pytest.raises(DataError, match=r"refuses an input of shape \(2, 5\): expected 4 features, got 5"):
        check(input_shape=[2, 5])
    layer = replace(Affine())
    del Affine.reference
    with pytest.raises(ValueError, match="no reference implementation"):
        CheckLayer(layer, reference="torch")


def test_relative_error():
    assert relative_error(np.array([1.0, 2.0]), np.array([1.0, 2.5])) == 0.2
    assert relative_error(np.zeros(2), np.zeros(2)) == 0
    assert relative_error(np.zeros(0), np.zeros(0)) == 0
    assert relative_error(np.zeros(2), np.zeros(3)) == np.inf
    assert relative_error(np.array([np.nan]), np.array([1.0])) == np.inf
