"""The task ``gradient_flow``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from a4eval import DataError, Result, Row, Run, Value, check_ranges, counted, mean_value, param
from a4eval_rnn_bptt import charts
from a4eval_rnn_bptt.analysis.clipping import clip_by_norm, clip_by_value
from a4eval_rnn_bptt.analysis.flow import Decay, decay, half_life, log_slope, verdict
from a4eval_rnn_bptt.analysis.norms import joint_norm
from a4eval_rnn_bptt.analysis.precision import float32_error, last_step_gradient
from a4eval_rnn_bptt.analysis.sensitivity import reach, sensitivity
from a4eval_rnn_bptt.analysis.spectrum import jacobians, lyapunov_exponents, spectra
from a4eval_rnn_bptt.analysis.trajectory import Trajectory, follow
from a4eval_rnn_bptt.contract import check_cell

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array


class _Draw(NamedTuple):
    """One seed: its decay, how far float32 is off, the weights' gradients, the inputs', and the trajectory."""

    decay: Decay
    sensitivity: Array
    float32_error: float
    gradients: dict[str, Array]
    trajectory: Trajectory


@dataclass
class GradientFlow:
    """Send a gradient from the last step back to the first, at initialisation and on N(0, 1) inputs."""

    layer: Any = param("rnn", kind="layer", help="a recurrent layer that can do and undo one step")
    steps: int = param(200, help="length of the sequences", unit="steps", minimum=2)
    batch: int = param(8, help="sequences", minimum=1)
    seeds: int = param(3, help="draws of weights, inputs and loss to average over", minimum=1)
    decades: float = param(
        4.0, help="what the gradient may lose or gain over the whole sequence and still be healthy", above=0
    )
    float32_tolerance: float = param(
        0.01, help="warn when a float32 gradient is off by more than this fraction", above=0
    )
    spectrum: bool = param(
        default=False, help="also singular values of Jacobian products and Lyapunov exponents, of one sequence"
    )
    spectrum_lags: list[int] = param(
        default_factory=lambda: [1, 10, 100],
        help="lengths of the products; longer ones than the sequence are left out",
        minimum=1,
    )
    clip_norm: float | None = param(
        None, help="report what clipping the weights' gradient to this norm would do", above=0
    )
    clip_value: float | None = param(None, help="report what clipping its entries to this size would do", above=0)

    def __post_init__(self) -> None:
        check_ranges(self)
        if any(lag < 1 for lag in self.spectrum_lags):
            raise ValueError(f"spectrum_lags is {self.spectrum_lags}, expected lags of at least 1")
        check_cell(self.layer)

    def run(self, run: Run) -> Result:
        """Measure every seed, then name what was found."""
        draws = [self._draw(run, seed) for seed in run.track(range(self.seeds), "gradient flow", self.seeds)]
        decays = [draw.decay for draw in draws]
        slopes = [one.log10_per_step for one in decays]
        mean = float(np.mean(slopes))
        named = verdict(mean, self.steps, decades=self.decades)
        error = float(max(draw.float32_error for draw in draws))
        if error > self.float32_tolerance:
            run.warn(f"a float32 gradient is off by {error:.2g} of its norm here: trust float64 alone")
        metrics = {
            "log10_per_step": mean_value(slopes, unit="decades/step"),
            "half_life": Value(half_life(mean), "steps", n=self.seeds),
            "input_log10_per_step": mean_value(
                [log_slope(draw.sensitivity[::-1]) for draw in draws], unit="decades/step"
            ),
            "input_reach": mean_value(
                [reach(draw.sensitivity) for draw in draws], unit="steps", bounds=(0, self.steps)
            ),
            **{name: Value(float(name == named)) for name in ("vanishes", "healthy", "explodes")},
            "float32_error": Value(error, higher_is_better=False, n=self.seeds),
            **self._clipping(draws),
        }
        dead = [one.zero_from for one in decays if one.zero_from is not None]
        if dead:
            metrics["zero_from_lag"] = Value(min(dead), "steps", n=self.seeds)
            run.warn(
                f"the gradient is exactly 0 from lag {min(dead)} on (in {len(dead)} of {counted(self.seeds, 'seed')})"
            )
        tables = {
            "decay": _decay_table(decays),
            "rates": _rates(decays),
            "sensitivity": _sensitivity_table(np.mean([draw.sensitivity for draw in draws], axis=0)),
        }
        if self.spectrum:
            self._spectrum(run, draws[0].trajectory, metrics, tables)
        if run.pictures:
            from a4eval_rnn_bptt.pictures import decay_picture, sensitivity_picture, title_of

            title, curves = title_of(self.layer), [draw.sensitivity for draw in draws]
            run.save_figure(decay_picture([one.log10_norm for one in decays], mean, named, title), "decay")
            run.save_figure(sensitivity_picture(curves, metrics["input_reach"].value, title), "sensitivity")
        drawn = {
            "decay_by_state": charts.decay("decay", [one for one in tables["decay"][0] if one != "lag"]),
            "sensitivity_by_step": charts.sensitivity("sensitivity"),
        }
        if self.spectrum:
            drawn["lyapunov"] = charts.lyapunov("lyapunov")
        return Result(metrics, tables, charts=drawn)

    def _draw(self, run: Run, seed: int) -> _Draw:
        rng = run.generator(seed)
        params = self.layer.init(rng)
        x = rng.standard_normal((self.steps, self.batch, self.layer.example(rng).shape[-1]))
        try:
            trajectory = follow(self.layer, params, x)
            dlast = rng.standard_normal(trajectory.outputs[-1].shape)
            flow = decay(trajectory, dlast)
            errors = np.zeros_like(trajectory.outputs)
            errors[-1] = dlast
            inputs = sensitivity(trajectory, errors)
        except ValueError as error:
            raise DataError(str(error)) from error
        gradients = last_step_gradient(self.layer, params, x, dlast)
        return _Draw(flow, inputs, float32_error(self.layer, params, x, dlast), gradients, trajectory)

    def _clipping(self, draws: list[_Draw]) -> dict[str, Value]:
        metrics: dict[str, Value] = {}
        if self.clip_norm is not None:
            scales = [clip_by_norm(draw.gradients, self.clip_norm).scale for draw in draws]
            metrics["clip_norm_scale"] = mean_value(scales, bounds=(0, 1))
        if self.clip_value is not None:
            clipped = [clip_by_value(draw.gradients, self.clip_value) for draw in draws]
            metrics["clip_value_changed"] = mean_value([one.changed for one in clipped], bounds=(0, 1))
            metrics["clip_value_cosine"] = mean_value([one.cosine for one in clipped], bounds=(-1, 1))
        if metrics:
            metrics["gradient_norm"] = mean_value([joint_norm(draw.gradients) for draw in draws])
        return metrics

    def _spectrum(
        self, run: Run, trajectory: Trajectory, metrics: dict[str, Value], tables: dict[str, list[Row]]
    ) -> None:
        chain = jacobians(trajectory)
        exponents = lyapunov_exponents(chain)
        metrics["lyapunov_largest"] = Value(float(exponents[0]), "1/step")
        tables["lyapunov"] = [{"index": i + 1, "exponent": float(value)} for i, value in enumerate(exponents)]
        lags = sorted({lag for lag in self.spectrum_lags if lag <= self.steps})
        tables["spectrum"] = []
        by_lag: dict[int, Array] = {}
        for lag in run.track(lags, "singular values", len(lags)):
            by_lag |= spectra(chain, [lag])
            tables["spectrum"] += [
                {"lag": lag, "index": i + 1, "log10_singular_value": float(one)} for i, one in enumerate(by_lag[lag])
            ]
        if run.pictures and by_lag:
            from a4eval_rnn_bptt.pictures import spectrum_picture, title_of

            run.save_figure(spectrum_picture(by_lag, title_of(self.layer)), "spectrum")


def _decay_table(decays: list[Decay]) -> list[Row]:
    curves = {"log10_norm": np.mean([one.log10_norm for one in decays], axis=0)}
    for name in decays[0].log10_by_state:
        curves[f"log10_{name}"] = np.mean([one.log10_by_state[name] for one in decays], axis=0)
    return [
        {"lag": lag + 1, **{name: float(curve[lag]) for name, curve in curves.items()}}
        for lag in range(len(curves["log10_norm"]))
    ]


def _sensitivity_table(log10_norm: Array) -> list[Row]:
    return [{"step": step + 1, "log10_norm": float(one)} for step, one in enumerate(log10_norm)]


def _rates(decays: list[Decay]) -> list[Row]:
    """Decades a step of every array of the state and of every gate."""
    rows: list[Row] = []
    for part, curves in (
        ("state", [one.log10_by_state for one in decays]),
        ("gate", [one.log10_by_gate for one in decays]),
    ):
        for name in curves[0]:
            slopes = [log_slope(one[name]) for one in curves]
            rows.append({"part": part, "name": name, "log10_per_step": float(np.mean(slopes))})
    return rows
