"""The task ``onnx_conv_transpose``: what would every framework make of the transposed convolutions of an ONNX file?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from a4eval import DataError, Result, Row, Run, Value, param
from a4eval_deconv.frameworks.conformance import Case, compare
from a4eval_deconv.frameworks.conventions import centre_shift
from a4eval_deconv.frameworks.onnx_file import OnnxLayer, conv_transposes
from a4eval_deconv.frameworks.translation import FRAMEWORKS
from a4eval_deconv.geometry import per_axis
from a4eval_deconv.layers.fields import Numbers
from a4eval_deconv.tasks.names import axis_names
from a4eval_deconv.tasks.translations import translation_rows

if TYPE_CHECKING:
    import numpy as np


@dataclass
class OnnxConvTranspose:
    """Every ConvTranspose of an ONNX file: what it cuts off, how each framework says the same, and whether it does."""

    path: Path = param(help="the .onnx file")
    input_size: Numbers | None = param(
        None,
        help="size of the model's input where it leaves it open: all axes or one per axis",
        unit="elements",
        minimum=1,
    )
    compare: list[str] = param(
        default_factory=list, help="run it there, too, on random numbers: torch, tensorflow, keras, jax, onnx"
    )

    def __post_init__(self) -> None:
        if self.input_size is not None:
            sizes = [self.input_size] if isinstance(self.input_size, int) else self.input_size
            per_axis(sizes, len(sizes), "input_size", 1)
        for name in self.compare:
            if name not in FRAMEWORKS:
                raise ValueError(f"compare must be among {', '.join(FRAMEWORKS)}, got {name!r}")

    def run(self, run: Run) -> Result:
        """Return a row per layer and axis, a row per framework for each, and errors where they are compared."""
        layers = conv_transposes(run.source(self.path), self.input_size)
        if any(len(layer.size) > 3 for layer in layers):
            raise DataError(f"{self.path}: a ConvTranspose has more than 3 spatial axes, expected 1, 2 or 3")
        tables: dict[str, list[Row]] = {"layers": [], "translations": []}
        in_one_call = dict.fromkeys(FRAMEWORKS, 0)
        for layer in layers:
            rows = _translations(layer)
            tables["layers"] += _rows(layer)
            tables["translations"] += rows
            for framework in FRAMEWORKS:
                in_one_call[framework] += all(row["possible"] for row in rows if row["framework"] == framework)
        metrics = {"layers": Value(len(layers), "layers")}
        for framework, count in in_one_call.items():
            metrics[f"{framework}_in_one_call"] = Value(count, "layers", n=len(layers))
        rng = run.generator()
        for framework in run.track(self.compare, "comparing", len(self.compare)):
            cases = [_case_row(layer, framework, rng) for layer in layers]
            tables.setdefault("cases", []).extend(cases)
            worst = max(row["value_error"] for row in cases)
            metrics[f"{framework}_value_error"] = Value(worst, higher_is_better=False, n=len(layers))
        return Result(metrics, tables)


def _rows(layer: OnnxLayer) -> list[Row]:
    names = axis_names(len(layer.size))
    axes = zip(names, layer.size, layer.kernel_size, layer.stride, layer.dilation, layer.crops, strict=True)
    return [
        {
            "layer": layer.name,
            "axis": name,
            "input": i,
            "kernel_size": k,
            "stride": s,
            "cut_before": crop.before,
            "cut_after": crop.after,
            "output": crop.output(i, k, s, d),
            "centre_shift": centre_shift(crop, k, s, d),
            "said": layer.said,
        }
        for name, i, k, s, d, crop in axes
    ]


def _translations(layer: OnnxLayer) -> list[Row]:
    names = axis_names(len(layer.size))
    axes = zip(names, layer.size, layer.kernel_size, layer.stride, layer.dilation, layer.crops, strict=True)
    return [
        {"layer": layer.name, **row}
        for name, i, k, s, d, crop in axes
        for row in translation_rows(name, crop, size=i, kernel_size=k, stride=s, dilation=d)
    ]


def _case_row(layer: OnnxLayer, framework: str, rng: np.random.Generator) -> Row:
    """Run the layer with random numbers in a framework, in its own words."""
    case = Case(
        1,
        layer.in_channels,
        layer.out_channels,
        layer.size,
        layer.kernel_size,
        layer.stride,
        tuple((crop.before, max(crop.after, 0)) for crop in layer.crops),
        tuple(max(-crop.after, 0) for crop in layer.crops),
        layer.dilation,
        layer.groups,
        layer.bias,
    )
    found = compare(case, framework, rng)
    return {
        "layer": layer.name,
        "framework": framework,
        "same_size": found.same_size,
        "value_error": found.value_error,
        "gradient_error": found.gradient_error,
        "remedy": "; ".join(found.remedies),
    }
