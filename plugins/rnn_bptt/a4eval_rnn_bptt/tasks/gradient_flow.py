"""The task ``gradient_flow``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from a4eval import DataError, Result, Row, Run, Value, param
from a4eval_rnn_bptt.cell import check_cell
from a4eval_rnn_bptt.flow import Decay, decay, half_life, verdict
from a4eval_rnn_bptt.linearise import follow
from a4eval_rnn_bptt.statistics import mean_value


@dataclass
class GradientFlow:
    """Send a gradient from the last step back to the first, at initialisation and on N(0, 1) inputs."""

    layer: Any = param("rnn", kind="layer", help="a recurrent layer that can do and undo one step")
    steps: int = param(200, help="length of the sequences", unit="steps")
    batch: int = param(8, help="sequences")
    seeds: int = param(3, help="draws of weights, inputs and loss to average over")
    decades: float = param(4.0, help="what the gradient may lose or gain over the whole sequence and still be healthy")

    def __post_init__(self) -> None:
        for name, least in (("steps", 2), ("batch", 1), ("seeds", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}, expected at least {least}")
        if not self.decades > 0:
            raise ValueError(f"decades is {self.decades}, expected more than 0")
        check_cell(self.layer)

    def run(self, run: Run) -> Result:
        """Measure the decay for every seed."""
        decays = [self._one(run, seed) for seed in run.track(range(self.seeds), "gradient flow", self.seeds)]
        slopes = [one.log10_per_step for one in decays]
        mean = float(np.mean(slopes))
        metrics = {
            "log10_per_step": mean_value(slopes, unit="decades/step"),
            "half_life": Value(half_life(mean), "steps", n=self.seeds),
        }
        named = verdict(mean, self.steps, decades=self.decades)
        metrics |= {name: Value(float(name == named)) for name in ("vanishes", "healthy", "explodes")}
        curve = np.mean([one.log10_norm for one in decays], axis=0)
        table: list[Row] = [{"lag": lag + 1, "log10_norm": float(value)} for lag, value in enumerate(curve)]
        return Result(metrics, {"decay": table})

    def _one(self, run: Run, seed: int) -> Decay:
        rng = run.generator(seed)
        params = self.layer.init(rng)
        width = self.layer.example(rng).shape[-1]
        try:
            trajectory = follow(self.layer, params, rng.standard_normal((self.steps, self.batch, width)))
            return decay(trajectory, rng.standard_normal(trajectory.outputs[-1].shape))
        except ValueError as error:
            raise DataError(str(error)) from error
