"""The task ``check_layer``: is this layer right, and what does it cost?"""

from __future__ import annotations

import time
import tracemalloc
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.component import param
from a4eval.contracts import Referenced, Result, Row, Value
from a4eval.errors import DataError, MissingExtraError
from a4eval.tasks import layer_checks
from a4eval.tasks.layer_checks import Worst

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from a4eval.context import Run

TIMED_CALLS = 5


@dataclass
class CheckLayer:
    """Hold a layer against numerical derivatives, its adjoint, float32, itself, a batch of two and a reference.

    Each check gives a metric and a row of the table ``checks``; ``failed_checks`` counts those above their tolerance.
    A check that does not apply (no adjoint test for what is not linear) has a row that says why, and no metric.
    """

    layer: Any = param(kind="layer", help="the layer")
    input_shape: list[int] | None = param(None, help="shape of the input; the layer's own example when absent")
    coordinates: int = param(50, help="entries of each array whose derivative is taken numerically")
    reference: str | None = param(None, help="compare with this framework, such as torch, if the layer knows how")
    gradient_tolerance: float = param(1e-7, help="allowed relative error against central differences")
    exact_tolerance: float = param(1e-12, help="allowed relative error of what is exact but for float64 rounding")
    float32_tolerance: float = param(1e-4, help="allowed relative error of float32 against float64")

    def __post_init__(self) -> None:
        if self.coordinates < 1:
            raise ValueError(f"coordinates must be at least 1, got {self.coordinates}")
        if self.input_shape is not None and any(size < 1 for size in self.input_shape):
            raise ValueError(f"input_shape must hold positive sizes, got {self.input_shape}")
        if self.reference is not None and not isinstance(self.layer, Referenced):
            raise ValueError(f"the layer has no reference implementation, so reference={self.reference!r} cannot be")

    def run(self, run: Run) -> Result:
        """Check."""
        layer, rng = self.layer, run.generator()
        params = layer.init(rng)
        x = layer.example(rng) if self.input_shape is None else rng.standard_normal(self.input_shape)
        try:
            y, _ = layer.forward(params, x)
        except ValueError as error:
            raise DataError(f"the layer refuses an input of shape {x.shape}: {error}") from error
        dy = rng.standard_normal(y.shape)
        rows: list[Row] = []
        metrics: dict[str, Value] = {}
        for name, tolerance, check in run.track(self._checks(params, x, dy, rng), "checking"):
            try:
                worst = check()
            except Exception as error:  # noqa: BLE001  (a layer that raises has failed this check, not the others)
                worst = Worst(float("inf"), f"{type(error).__name__}: {error}")
            if isinstance(worst, str):
                rows.append(_row(name, None, tolerance, "skipped", worst))
                continue
            metrics[f"{name}_error"] = Value(worst.error, higher_is_better=False)
            verdict = "passed" if worst.error <= tolerance else "failed"
            rows.append(_row(name, worst.error, tolerance, verdict, worst.where))
        failed = sum(row["verdict"] == "failed" for row in rows)
        metrics["failed_checks"] = Value(failed, higher_is_better=False, n=len(metrics))
        return Result(metrics | self._cost(params, x, dy), {"checks": rows})

    def _checks(
        self, params: Mapping[str, Any], x: Any, dy: Any, rng: np.random.Generator
    ) -> list[tuple[str, float, Callable[[], Worst | str]]]:
        layer, exact = self.layer, self.exact_tolerance

        def gradient(*, complex_step: bool) -> Worst:
            return layer_checks.gradient(layer, params, x, dy, self.coordinates, rng, complex_step=complex_step)

        def complex_step() -> Worst | str:
            applies = getattr(layer, "complex_step", False)
            return gradient(complex_step=True) if applies else "the layer takes no complex numbers"

        def adjoint() -> Worst | str:
            applies = getattr(layer, "linear", False)
            return layer_checks.adjoint(layer, params, x, dy) if applies else "the layer is not linear"

        def reference() -> Worst | str:
            if self.reference is None:
                return "no reference was asked for"
            try:
                return layer_checks.against_reference(layer, self.reference, params, x, dy)
            except MissingExtraError as error:
                return str(error)

        return [
            ("gradient", self.gradient_tolerance, lambda: gradient(complex_step=False)),
            ("complex_step", exact, complex_step),
            ("adjoint", exact, adjoint),
            ("float32", self.float32_tolerance, lambda: layer_checks.single_precision(layer, params, x, dy)),
            ("repeat", 0.0, lambda: layer_checks.repeated(layer, params, x, dy)),
            ("batch", exact, lambda: layer_checks.batch_invariance(layer, params, x, rng)),
            ("reference", exact, reference),
        ]

    def _cost(self, params: Mapping[str, Any], x: Any, dy: Any) -> dict[str, Value]:
        """Measure float32 speed and the memory that numpy takes at its peak."""
        narrow = {name: array.astype(np.float32) for name, array in params.items()}
        x, dy = x.astype(np.float32), dy.astype(np.float32)
        forward, backward = [], []
        for _ in range(TIMED_CALLS):
            start = time.perf_counter()
            _, tape = self.layer.forward(narrow, x)
            middle = time.perf_counter()
            self.layer.backward(narrow, tape, dy)
            forward.append(middle - start)
            backward.append(time.perf_counter() - middle)
        tracemalloc.start()
        _, tape = self.layer.forward(narrow, x)
        self.layer.backward(narrow, tape, dy)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return {
            "forward_time": Value(median(forward), "seconds", higher_is_better=False, n=TIMED_CALLS),
            "backward_time": Value(median(backward), "seconds", higher_is_better=False, n=TIMED_CALLS),
            "peak_memory": Value(peak, "bytes", higher_is_better=False),
        }


def _row(check: str, error: float | None, tolerance: float, verdict: str, detail: str) -> Row:
    return {"check": check, "error": error, "tolerance": tolerance, "verdict": verdict, "detail": detail}
