"""The task ``check_layer``: is this layer right, and what does it cost?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.checks.blamed import users_line
from a4eval.checks.finding import crashed
from a4eval.checks.layers.batches import check_batch_axis
from a4eval.checks.layers.case import refuses_shapes
from a4eval.checks.layers.cases import cases, shape_of
from a4eval.checks.layers.cost import TIMED_CALLS, ladder, memory_seen, peak_memory, shapes, times
from a4eval.checks.layers.remarks import remarks
from a4eval.checks.layers.suite import check_layer
from a4eval.component import check_ranges, param
from a4eval.contracts import Referenced, Result, Value
from a4eval.errors import A4evalError, DataError
from a4eval.tasks.charts import memory_by_rows, time_by_rows, time_by_shape
from a4eval.tasks.findings import result_of

if TYPE_CHECKING:
    from a4eval.checks.layers.case import LayerCase
    from a4eval.context import Run


MOST_ENTRIES = 1_000_000
"""Of an input: it is run through some thousand times."""


@dataclass
class CheckLayer:
    """Hold a layer against all that a right one must do, entry by entry, and give a verdict.

    Gradients against numerical derivatives, the adjoint, float32, float16 and bfloat16 against float64, batches of
    other sizes, neighbours in a batch, arrays of other structure, other sizes and magnitudes, changed inputs, calls
    before, tapes used again, NaN, memory, a reference; and the checks themselves against wrong answers.

    The table ``checks`` has a row a check: verdict, error and bound of the worst entry, where, what it means and what
    to look at.  A check that does not apply says why.  The tables ``cost`` and ``shapes`` have time and memory by
    number of rows and by shape, with the reference's time beside them.
    """

    layer: Any = param(kind="layer", help="the layer")
    input_shape: list[int] | None = param(
        None, help="shape of the input; the layer's own example and examples when absent", minimum=1
    )
    coordinates: int = param(
        50,
        help="entries of each array whose derivative is taken one by one; all are in some direction that is tried",
        minimum=1,
    )
    reference: str | Any = param(
        None,
        kind="layer",
        help="compare with another layer, or with the framework of this name, if the layer knows how",
    )
    optional_reference: bool = param(
        False, help="where the framework is not installed, leave it out and say so; the verdict is undecided otherwise"
    )
    tolerance: float = param(1e-6, help="allowed relative error of a derivative beside its own uncertainty", above=0)
    factor: float = param(32.0, help="how many times the effect of rounding its inputs an entry may be off", above=0)

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.input_shape is not None:
            if not self.input_shape:
                raise ValueError("input_shape: got [], expected at least one size")
            if (size := prod(self.input_shape)) > MOST_ENTRIES:
                raise ValueError(f"input_shape: {size:,} entries are too many to check, at most {MOST_ENTRIES:,}")
        knows_others = isinstance(self.layer, Referenced)
        if isinstance(self.reference, str) and not knows_others:
            raise ValueError(f"the layer has no reference implementation, so reference={self.reference!r} cannot be")

    def run(self, run: Run) -> Result:
        """Check."""
        options = {"coordinates": self.coordinates, "tolerance": self.tolerance, "factor": self.factor}
        seen = run.generator()
        try:
            made = list(cases(self.layer, seen, run.seed, self.input_shape, **options))
            check_batch_axis(made[0])
        except A4evalError:
            raise
        except Exception as error:  # a stranger's layer may raise anything
            parameter = getattr(self.layer, "example_by", None)
            by = "input_shape" if self.input_shape else parameter
            if by and (refuses_shapes(error) if parameter else isinstance(error, ValueError)):
                shape = tuple(self.input_shape) if self.input_shape else shape_of(self.layer.example(run.generator()))
                line = users_line(error)
                wrong = f"{by}, or the layer at {line}, is wrong" if line else f"{by} may be what is wrong"
                raise DataError(f"the layer refuses an input of shape {shape}: {error}; {wrong}") from error
            return result_of([crashed("forward", error)])
        optional = self.optional_reference
        track = partial(run.track, description="checking")
        findings = list(check_layer(made, self.reference, track, optional=optional))
        for one in findings:
            if optional and one.check == "reference" and one.verdict == "not_applicable":
                run.warn(one.meaning)
        for remark in remarks(made[0]):
            run.warn(remark)
        errors = {
            f"{one.check}_error": Value(one.error, higher_is_better=False)
            for one in findings
            if one.error is not None and np.isfinite(one.error)
        }
        result = result_of(findings, errors)
        agrees = any(one.check == "reference" and one.verdict in {"passed", "failed"} for one in findings)
        self._measure(made[0], self.reference if agrees and not isinstance(self.reference, str) else None, result)
        return result

    def _measure(self, case: LayerCase, reference: Any, result: Result) -> None:
        """Add what it costs, beside a reference that takes its weights, unless it cannot even be called."""
        try:
            with np.errstate(all="ignore"):
                forward, backward = times(case)
                peak = peak_memory(case) if memory_seen(case) else None
                rows, larger = ladder(case, reference), shapes(case, reference)
        except Exception:  # noqa: BLE001  (the table of checks says what is wrong with it)
            return
        result.metrics |= {
            "forward_time": Value(forward, "seconds", higher_is_better=False, n=TIMED_CALLS),
            "backward_time": Value(backward, "seconds", higher_is_better=False, n=TIMED_CALLS),
        }
        if peak is not None:
            result.metrics["peak_memory"] = Value(peak, "bytes", higher_is_better=False)
        compared = reference is not None
        if rows:
            result.tables["cost"] = rows
            result.charts["time"] = time_by_rows("cost", compared)
            if peak is not None:
                result.charts["memory"] = memory_by_rows("cost")
        if larger:
            result.tables["shapes"] = larger
            result.charts["time_by_shape"] = time_by_shape("shapes", compared)
