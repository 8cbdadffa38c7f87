"""The task ``inspect_model``."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from a4eval import ConfigError, DataError, Result, Row, Run, Value, param
from a4eval_rnn_bptt.analysis.attribution import attribute
from a4eval_rnn_bptt.analysis.flow import decay, half_life, verdict
from a4eval_rnn_bptt.analysis.precision import float32_error
from a4eval_rnn_bptt.analysis.trajectory import follow
from a4eval_rnn_bptt.fields import above_zero
from a4eval_rnn_bptt.frameworks.torch_model import TorchCore, autograd_disagreement, read_core


@dataclass
class InspectModel:
    """Diagnose the recurrent core of your own torch model on your own batch.

    ``model`` names a function without arguments that returns ``(model, batch)``.
    It is code, so it counts only when it stands on the command line, or when ``task.allow_import=true`` does.
    """

    model: str = param(help="package.module:factory, which returns (model, batch)")
    allow_import: bool = param(
        default=False, help="let a config file name the factory; counts on the command line alone"
    )
    decades: float = param(4.0, help="what the gradient may lose or gain over the whole sequence and still be healthy")

    def __post_init__(self) -> None:
        module, _, factory = self.model.partition(":")
        if not (module and factory):
            raise ValueError(f"model is {self.model!r}, expected package.module:factory")
        above_zero(self, "decades")

    def run(self, run: Run) -> Result:
        """Read the core, hold numpy against autograd, and follow the gradient back."""
        core = self._core(run)
        rng = run.generator()
        steps, batch, _ = core.x.shape
        dy = rng.standard_normal((steps, batch, core.layer.hidden))
        try:
            trajectory = follow(core.layer, core.params, core.x)
        except ValueError as error:
            raise DataError(str(error)) from error
        flow = decay(trajectory, dy[-1])
        split = attribute(trajectory, dy)
        named = verdict(flow.log10_per_step, steps, decades=self.decades)
        metrics = {
            "autograd_disagreement": Value(autograd_disagreement(core, dy), higher_is_better=False),
            "log10_per_step": Value(flow.log10_per_step, "decades/step", n=batch),
            "half_life": Value(half_life(flow.log10_per_step), "steps", n=batch),
            **{name: Value(float(name == named)) for name in ("vanishes", "healthy", "explodes")},
            "float32_error": Value(float32_error(core.layer, core.params, core.x, dy[-1]), higher_is_better=False),
        }
        table: list[Row] = [
            {"lag": lag + 1, "log10_norm": float(flow.log10_norm[lag])} for lag in range(len(flow.log10_norm))
        ]
        shares: list[Row] = [
            {"weight": name, "lag": lag, "share": float(np.trace(one.share, -lag))}
            for name, one in split.items()
            for lag in range(steps)
        ]
        if run.pictures:
            from a4eval_rnn_bptt.pictures import decay_picture, share_picture

            run.save_figure(decay_picture([flow.log10_norm], flow.log10_per_step, named), "decay")
            recurrent = {name: one.share for name, one in split.items() if name.startswith("weight_hh")}
            run.save_figure(share_picture(recurrent), "share")
        return Result(metrics, {"decay": table, "share_by_lag": shares})

    def _core(self, run: Run) -> TorchCore:
        """Import and call the factory, if it may be."""
        typed = {override.lstrip("+") for override in run.typed}
        if not typed & {f"task.model={self.model}", "task.allow_import=true"}:
            raise ConfigError(
                "names code to import but does not stand on the command line; give task.model=… there, "
                "or task.allow_import=true",
                path="task.model",
            )
        module, _, name = self.model.partition(":")
        try:
            factory: Any = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise ConfigError(f"{self.model!r} cannot be imported: {error}", path="task.model") from error
        made = factory()
        if not (isinstance(made, tuple) and len(made) == 2):
            raise DataError(f"{self.model} returned {type(made).__name__}, expected a pair (model, batch)")
        try:
            return read_core(*made)
        except ValueError as error:
            raise DataError(f"{self.model}: {error}") from error
