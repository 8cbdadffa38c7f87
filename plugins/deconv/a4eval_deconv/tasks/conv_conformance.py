"""The task ``conv_conformance``: do the frameworks agree with us, and where not, by how much are they shifted?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from a4eval import DataError, Result, Row, Run, Value, check_ranges, param
from a4eval_deconv import charts
from a4eval_deconv.frameworks.conformance import Case, compare
from a4eval_deconv.frameworks.conventions import CONVENTIONS, Crop, centre_shift, convention_crop, output_padding_limit
from a4eval_deconv.frameworks.measured import measured_crop
from a4eval_deconv.frameworks.peers import installed_frameworks
from a4eval_deconv.frameworks.translation import FRAMEWORKS
from a4eval_deconv.geometry import padding_pairs, per_axis
from a4eval_deconv.layers.fields import Numbers, Sides, check_channels, shared

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np


@dataclass
class ConvConformance:
    """One configuration, and as many random ones as wanted, through every installed framework against ours."""

    input_size: Numbers = shared("input_size", default=3)
    kernel_size: Numbers = shared("kernel_size")
    dimensions: int = shared("dimensions")
    stride: Numbers = shared("stride", default=2)
    padding: Sides = shared("padding")
    output_padding: Numbers = shared("output_padding")
    dilation: Numbers = shared("dilation")
    in_channels: int = shared("in_channels")
    out_channels: int = shared("out_channels")
    groups: int = shared("groups")
    bias: bool = shared("bias")
    batch: int = param(2, help="samples", minimum=1)
    random: int = param(0, help="random configurations to compare besides the given one", minimum=0)
    frameworks: list[str] | None = param(None, help="torch, tensorflow, keras, jax, onnx; those installed when absent")

    def __post_init__(self) -> None:
        kernel = check_channels(self.in_channels, self.out_channels, self.groups, self.kernel_size, self.dimensions)
        dims = self.dimensions
        check_ranges(self)
        for name in self.frameworks or []:
            if name not in FRAMEWORKS:
                raise ValueError(f"frameworks must be among {', '.join(FRAMEWORKS)}, got {name!r}")
        self._case = Case(
            self.batch,
            self.in_channels,
            self.out_channels,
            per_axis(self.input_size, dims, "input_size", 1),
            kernel,
            per_axis(self.stride, dims, "stride", 1),
            padding_pairs(self.padding, dims),
            per_axis(self.output_padding, dims, "output_padding", 0),
            per_axis(self.dilation, dims, "dilation", 1),
            self.groups,
            self.bias,
        )

    def run(self, run: Run) -> Result:
        """Compare values and gradients, and measure each framework's named conventions."""
        frameworks = self.frameworks if self.frameworks is not None else installed_frameworks()
        if not frameworks:
            raise DataError("no framework is installed to compare with: pip install 'a4eval-deconv[torch]'")
        rng = run.generator()
        cases = [self._case, *(_random_case(rng) for _ in range(self.random))]
        metrics: dict[str, Value] = {}
        rows: list[Row] = []
        for framework in frameworks:
            values, gradients, sizes, direct = [], [], 0, 0
            for case in run.track(cases, f"comparing with {framework}", len(cases)):
                found = compare(case, framework, rng)
                if found.empty:
                    run.warn(
                        f"no tap reaches the output of size {_text(case.size)}, kernel {_text(case.kernel_size)}: "
                        f"it is the bias alone, so that {framework} agreeing in it says nothing"
                    )
                values.append(found.value_error)
                sizes += found.same_size
                direct += not found.remedies
                if found.gradient_error is not None:
                    gradients.append(found.gradient_error)
                rows.append(_row(framework, case, found.value_error, found.gradient_error, "; ".join(found.remedies)))
            metrics[f"{framework}_same_size"] = Value(sizes, "configurations", n=len(cases))
            metrics[f"{framework}_value_error"] = Value(max(values), higher_is_better=False, n=len(cases))
            if gradients:
                metrics[f"{framework}_gradient_error"] = Value(max(gradients), higher_is_better=False, n=len(cases))
            metrics[f"{framework}_in_one_call"] = Value(direct, "configurations", n=len(cases))
        conventions = self._conventions(frameworks)
        explained = sum(row["explained"] for row in conventions)
        if run.pictures:
            from a4eval_deconv.pictures.conformance import conformance_figure

            run.save_figure(conformance_figure(rows, conventions), "conformance")
        metrics["conventions_explained"] = Value(explained, "conventions", True, n=len(conventions))
        drawn = {"cases": charts.conformance_errors("cases")}
        if conventions:
            drawn["conventions"] = charts.convention_shifts("conventions", "shift_against_this")
        return Result(metrics, {"cases": rows, "conventions": conventions}, charts=drawn)

    def _conventions(self, frameworks: list[str]) -> list[Row]:
        """Measure what each named convention does along the last axis, and how far it lies from the given padding."""
        case = self._case
        i, k, s, d = case.size[-1], case.kernel_size[-1], case.stride[-1], case.dilation[-1]
        before, after = case.padding[-1]
        ours = Crop(before, after - case.output_padding[-1])
        rows: list[Row] = []
        extra = case.output_padding[-1]
        for name, convention in CONVENTIONS.items():
            if convention.framework not in frameworks or (convention.framework == "tensorflow" and d > 1):
                continue
            rows.append(_convention_row(name, (i, k, s, d), None, ours))
            if convention.takes_output_padding and 0 < extra < output_padding_limit(convention.framework, s, d):
                rows.append(_convention_row(name, (i, k, s, d), extra, ours))
        return rows


def _convention_row(name: str, axis: tuple[int, int, int, int], extra: int | None, ours: Crop) -> Row:
    """Measure one convention along an axis of this input size, kernel size, stride and dilation."""
    _, k, s, d = axis
    found = measured_crop(name, *axis, output_padding=extra)
    predicted = convention_crop(name, k, s, d, output_padding=extra)
    alike = found is not None and (found.before, found.after) == (predicted.before, predicted.after)
    turned = found is not None and (k == 1 or found.flipped == predicted.flipped)  # one tap: nothing to turn
    return {
        "convention": name if extra is None else f"{name}, output_padding={extra}",
        "measured_before": found.before if found else None,
        "measured_after": found.after if found else None,
        "kernel_turned": found.flipped if found else None,
        "explained": alike and turned,
        "shift_against_this": ours.before - found.before if found else None,
        "centre_shift": centre_shift(found, k, s, d) if found else None,
    }


def _random_case(rng: np.random.Generator) -> Case:
    """Draw a possible configuration in one to three dimensions."""
    while True:
        dims, groups = int(rng.integers(1, 4)), int(rng.integers(1, 3))
        size, kernel = (tuple(rng.integers(1, 6, dims).tolist()) for _ in range(2))
        stride, dilation = (tuple(rng.integers(1, 4, dims).tolist()) for _ in range(2))
        padding = tuple((int(before), int(after)) for before, after in rng.integers(0, 3, (dims, 2)))
        most = [max(pair) for pair in zip(stride, dilation, strict=True)]
        extra = tuple(int(rng.integers(0, limit)) for limit in most)
        inputs, outputs = (groups * int(n) for n in rng.integers(1, 3, 2))
        try:
            case = Case(2, inputs, outputs, size, kernel, stride, padding, extra, dilation, groups)
        except ValueError:
            continue  # the padding left nothing: draw again
        if case.reached:
            return case


def _row(framework: str, case: Case, value: float, gradient: float | None, remedy: str) -> Row:
    return {
        "framework": framework,
        "size": _text(case.size),
        "kernel_size": _text(case.kernel_size),
        "stride": _text(case.stride),
        "padding": _text(f"{before}+{after}" for before, after in case.padding),
        "output_padding": _text(case.output_padding),
        "dilation": _text(case.dilation),
        "groups": case.groups,
        "value_error": value,
        "gradient_error": gradient,
        "remedy": remedy,
    }


def _text(entries: Iterable[object]) -> str:
    return " × ".join(str(entry) for entry in entries)
