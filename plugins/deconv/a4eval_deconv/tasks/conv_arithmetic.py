"""The task ``conv_arithmetic``: what size is the output, why is it shifted, and how do I say it elsewhere?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Literal

from a4eval import Result, Row, Run, Value, param
from a4eval_deconv import charts
from a4eval_deconv.analysis.inverse import configurations, nearest_outputs, sizes_that_come_back
from a4eval_deconv.analysis.receptive import inputs_per_output, receptive_field
from a4eval_deconv.frameworks.conventions import (
    CONVENTIONS,
    Crop,
    centre_shift,
    convention_crop,
    explicit_crop,
    shift,
)
from a4eval_deconv.frameworks.output_shapes import (
    output_shape_crop,
    tensorflow_output_shape_crop,
    torch_output_size_crop,
)
from a4eval_deconv.geometry import conv_transpose_size, padding_pairs, per_axis
from a4eval_deconv.layers.fields import Numbers, Sides, check_dimensions, shared
from a4eval_deconv.tasks.names import axis_names
from a4eval_deconv.tasks.translations import translation_rows


@dataclass
class ConvArithmetic:
    """Output size and position of a transposed convolution, in the words of any framework, forwards and backwards."""

    input_size: Numbers = shared("input_size")
    kernel_size: Numbers = shared("kernel_size")
    dimensions: int = shared("dimensions")
    stride: Numbers = shared("stride")
    padding: Sides = shared("padding", help="as the framework means it: all sides, per axis, or [before, after]")
    output_padding: Numbers | None = shared(
        "output_padding", default=None, help="torch's, Keras's and ONNX's output padding; Keras tells none from 0"
    )
    dilation: Numbers = shared("dilation")
    framework: Literal["torch", "tensorflow", "keras", "jax", "onnx"] = param("torch", help="whose meaning padding has")
    convention: str | None = param(
        None, help="a named convention instead of padding: tensorflow_same, keras_same, torch_same, jax_same, …"
    )
    output_shape: Numbers | None = param(
        None,
        help="ONNX's and TensorFlow's output_shape, torch's output_size, for all axes or one per axis",
        unit="elements",
        minimum=1,
    )
    stack: list[dict[str, Any]] = param(
        default_factory=list,
        help="layers of kind conv or conv_transpose, kernel_size, …: their receptive fields along the last axis",
    )
    wanted_output: int | None = param(
        None,
        help="list the configurations that lead from input_size to this size, along the last axis",
        unit="elements",
        minimum=1,
    )

    def __post_init__(self) -> None:
        check_dimensions(self.dimensions)
        numbers = (
            ("input_size", self.input_size, 1),
            ("kernel_size", self.kernel_size, 1),
            ("stride", self.stride, 1),
            ("dilation", self.dilation, 1),
            ("output_padding", self.output_padding or 0, 0),
        )
        per = [per_axis(value, self.dimensions, name, least) for name, value, least in numbers]
        self._axes = list(zip(*per, padding_pairs(self.padding, self.dimensions), strict=True))
        shape = self.output_shape
        shapes = [None] * self.dimensions if shape is None else per_axis(shape, self.dimensions, "output_shape", 1)
        self._crops = [self._crop(wanted, *axis) for axis, wanted in zip(self._axes, shapes, strict=True)]
        self._stack = receptive_field(self._axes[-1][0], self.stack)
        if self.wanted_output is not None:
            per_axis(self.wanted_output, 1, "wanted_output", 1)

    @property
    def _framework(self) -> str:
        """The framework whose words are used: that of the convention, where one is named."""
        known = CONVENTIONS.get(self.convention or "")
        return self.framework if known is None else known.framework

    def _crop(self, shape: int | None, i: int, k: int, s: int, d: int, extra: int, pair: tuple[int, int]) -> Crop:
        """Return the crop along one axis; refuse what the framework itself would refuse."""
        if self.convention is not None and self.padding != 0:
            raise ValueError(f"convention {self.convention!r} fixes the padding: leave padding out")
        if shape is not None:
            return self._crop_to(shape, i, k, s, d, extra, pair)
        if self.convention is not None:
            given = None if self.output_padding is None else extra
            crop = convention_crop(self.convention, k, s, d, output_padding=given)
        else:
            crop = explicit_crop(self.framework, k, d, padding=pair, output_padding=extra, stride=s)
        if self.convention is None and self.framework in ("torch", "onnx"):
            conv_transpose_size(i, k, stride=s, padding=pair, output_padding=extra, dilation=d)
        if crop.output(i, k, s, d) < 1:
            raise ValueError(f"the output size is {crop.output(i, k, s, d)}, but must be at least 1")
        return crop

    def _crop_to(self, shape: int, i: int, k: int, s: int, d: int, extra: int, pair: tuple[int, int]) -> Crop:
        """Return the crop along one axis of a call that names the size it wants."""
        framework = self._framework
        if framework == "onnx" and self.padding == 0:
            upper = self.convention == "onnx_same_upper"
            return output_shape_crop(i, shape, k, s, d, output_padding=extra, upper=upper)
        if framework == "tensorflow" and self.padding == 0 and not extra:
            padding: Literal["SAME", "VALID"] = "VALID" if self.convention == "tensorflow_valid" else "SAME"
            return tensorflow_output_shape_crop(i, shape, d * (k - 1) + 1, s, padding=padding)
        if framework == "torch" and self.convention is None and pair[0] == pair[1] and not extra:
            return torch_output_size_crop(i, shape, k, s, d, padding=pair[0])
        raise ValueError(
            "output_shape goes with framework=onnx or convention=onnx_same_upper, with framework=tensorflow or "
            "convention=tensorflow_valid, both without padding, and as output_size with framework=torch and its "
            f"padding; got framework {framework}, convention {self.convention}, padding {self.padding} and "
            f"output_padding {self.output_padding}"
        )

    def run(self, run: Run) -> Result:
        """Return sizes and shifts, how each framework's defaults differ, and how each can say the same."""
        names = axis_names(self.dimensions)
        metrics: dict[str, Value] = {}
        tables: dict[str, list[Row]] = {"axes": [], "conventions": [], "translations": []}
        for name, (i, k, s, d, _, _), crop in zip(names, self._axes, self._crops, strict=True):
            metrics[f"output_{name}"] = Value(crop.output(i, k, s, d), "elements")
            metrics[f"centre_shift_{name}"] = Value(centre_shift(crop, k, s, d), "elements")
            tables["axes"].append(self._axis_row(name, i, k, s, d, crop))
            for label, convention in CONVENTIONS.items():
                other = convention_crop(label, k, s, d)
                tables["conventions"].append(
                    {
                        "axis": name,
                        "convention": label,
                        "call": convention.call,
                        **_crop_columns(other),
                        "output": other.output(i, k, s, d),
                        "shift_against_this": shift(other, crop),
                        "same_as_this": other == crop,
                    }
                )
            tables["translations"] += translation_rows(name, crop, size=i, kernel_size=k, stride=s, dilation=d)
        for row in tables["translations"]:
            if row["framework"] == self._framework and not row["possible"]:
                run.warn(f"{self._framework} may refuse this along the {row['axis']}: {row['remedy']}")
        if run.pictures:
            self._draw(run)
        if self._stack:
            tables["stack"] = [
                {
                    "layer": str(layer["kind"]),
                    "size": one.size,
                    "effective_stride": str(one.step),
                    "receptive_field": str(one.field),
                    "shift": str(one.shift),
                }
                for layer, one in zip(self.stack, self._stack, strict=True)
            ]
        if self.wanted_output is not None:
            size = self._axes[-1][0]
            found_configurations = configurations(size, self.wanted_output)
            metrics["configurations"] = Value(len(found_configurations), "configurations")
            tables["configurations"] = [asdict(one) for one in found_configurations]
            if not found_configurations:
                near = " or ".join(str(one) for one in nearest_outputs(size, self.wanted_output))
                run.warn(
                    f"no kernel up to 7 at a stride up to 4 leads from {size} to {self.wanted_output}; nearest: {near}"
                )
        drawn = {}
        if self.dimensions == 1 or len(set(self._axes)) == 1:  # the same along every axis
            drawn["conventions"] = charts.convention_shifts("conventions", "shift_against_this")
        return Result(metrics, tables, charts=drawn)

    def _draw(self, run: Run) -> None:
        from a4eval_deconv.pictures.alignment import Axis, alignment_figure
        from a4eval_deconv.pictures.configurations import configurations_figure

        names = axis_names(self.dimensions)
        axes = [
            Axis(name, i, k, s, d, crop.before, crop.after, centre_shift(crop, k, s, d))
            for name, (i, k, s, d, _, _), crop in zip(names, self._axes, self._crops, strict=True)
        ]
        run.save_figure(alignment_figure(axes), "alignment")
        if self.wanted_output is not None:
            size = self._axes[-1][0]
            found = configurations(size, self.wanted_output)
            if found:
                run.save_figure(configurations_figure(found, size, self.wanted_output), "configurations")

    def _axis_row(self, name: str, i: int, k: int, s: int, d: int, crop: Crop) -> Row:
        came_from = ""
        if crop.before >= 0 and crop.before - crop.after in range(max(s, d)):
            sizes = sizes_that_come_back(i, k, stride=s, padding=crop.before, dilation=d)
            came_from = ", ".join(str(one) for one in sizes)
        return {
            "axis": name,
            "input": i,
            "formula": f"({i} − 1)·{s} + {d}·({k} − 1) + 1 − {crop.before} − {_signed(crop.after)}",
            "full_output": Crop(0, 0).output(i, k, s, d),
            **_crop_columns(crop),
            "output": crop.output(i, k, s, d),
            "sizes_that_come_back": came_from,
            "effective_stride": str(Fraction(1, s)),
            "receptive_field": inputs_per_output(k, s, d),
        }


def _crop_columns(crop: Crop) -> Row:
    return {"cut_before": crop.before, "cut_after": crop.after, "kernel_turned": crop.flipped}


def _signed(number: int) -> str:
    return str(number) if number >= 0 else f"({number})"
