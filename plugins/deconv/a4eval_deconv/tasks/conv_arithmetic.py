"""The task ``conv_arithmetic``: what size is the output?"""

from __future__ import annotations

from dataclasses import dataclass

from a4eval import Result, Row, Run, Value, param
from a4eval_deconv.geometry import padding_pairs, per_axis, transposed_geometry
from a4eval_deconv.layers import Numbers, Sides
from a4eval_deconv.tasks.names import axis_names


@dataclass
class ConvArithmetic:
    """Output size of a transposed convolution, term by term."""

    input_size: Numbers = param(help="input size, for all axes or one per axis", unit="elements")
    kernel_size: Numbers = param(help="filter size, for all axes or one per axis", unit="taps")
    dimensions: int = param(2, help="how many spatial axes: 1, 2 or 3")
    stride: Numbers = param(1, help="distance between the outputs of neighbouring inputs", unit="elements")
    padding: Sides = param(0, help="cut off the full output: all sides, per axis, or [before, after]", unit="elements")
    output_padding: Numbers = param(0, help="kept at the end of what the padding cuts off", unit="elements")
    dilation: Numbers = param(1, help="distance between the taps", unit="elements")

    def __post_init__(self) -> None:
        if self.dimensions not in (1, 2, 3):
            raise ValueError(f"dimensions must be 1, 2 or 3, got {self.dimensions}")
        size = per_axis(self.input_size, self.dimensions, "input_size", 1)
        kernel = per_axis(self.kernel_size, self.dimensions, "kernel_size", 1)
        self._geometry = transposed_geometry(
            size, kernel, self.stride, self.padding, self.output_padding, self.dilation
        )

    def run(self, run: Run) -> Result:  # noqa: ARG002  (the task's signature)
        """Return the output size per axis, and the terms it is the sum of."""
        geometry, names = self._geometry, axis_names(self.dimensions)
        pairs = padding_pairs(self.padding, self.dimensions)
        extra = per_axis(self.output_padding, self.dimensions, "output_padding", 0)
        rows: list[Row] = []
        for axis, name in enumerate(names):
            i, k, s, d = (getattr(geometry, part)[axis] for part in ("size", "kernel", "stride", "dilation"))
            before, after = pairs[axis]
            formula = f"({i} − 1)·{s} + {d}·({k} − 1) + 1 − {before} − {after} + {extra[axis]}"
            full = (i - 1) * s + d * (k - 1) + 1
            rows.append(
                {
                    "axis": name,
                    "input": i,
                    "full_output": full,
                    "cropped_before": before,
                    "cropped_after": after - extra[axis],
                    "output": geometry.output[axis],
                    "formula": formula,
                }
            )
        metrics = {f"output_{name}": Value(size, "elements") for name, size in zip(names, geometry.output, strict=True)}
        return Result(metrics=metrics, tables={"axes": rows})
