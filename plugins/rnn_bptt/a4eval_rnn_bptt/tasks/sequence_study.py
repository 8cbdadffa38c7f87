"""The task ``sequence_study``."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from a4eval import DataError, Result, Row, Run, Value, check_ranges, mean_value, param
from a4eval_rnn_bptt import charts
from a4eval_rnn_bptt.analysis.flow import decay, verdict
from a4eval_rnn_bptt.analysis.trajectory import follow
from a4eval_rnn_bptt.contract import Cell
from a4eval_rnn_bptt.layers.recurrent import Recurrent
from a4eval_rnn_bptt.training import checkpoint
from a4eval_rnn_bptt.training.loop import TrainedModel, Training
from a4eval_rnn_bptt.training.optimiser import Optimiser
from a4eval_rnn_bptt.training.readout import OUT_BIAS, OUT_WEIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval_rnn_bptt.arrays import Array

LEARNING_ROWS = 150
"""Rows of the table of how a study learns, about."""
FLOW_BATCH = 8
"""How many sequences the gradient flow is measured on."""


@dataclass
class SequenceStudy:
    """Train a recurrent layer on a problem that needs memory, from several seeds side by side."""

    layer: Any = param("rnn", kind="layer", help="a recurrent layer; its inputs are set to what the problem gives")
    problem: Any = param("keyword_recall", kind="sequence_problem", help="what it is trained on")
    steps: int = param(600, help="the most training steps", minimum=1)
    batch: int = param(32, help="sequences a training step", minimum=1)
    seeds: int = param(3, help="models, each with its own weights and data", minimum=1)
    optimiser: Literal["adam", "sgd"] = param("adam", help="the update rule")
    rate: float = param(3e-3, help="learning rate", above=0, below=inf)
    clip: float | None = param(1.0, help="the largest norm of a gradient; null for none", above=0)
    truncation: int | None = param(
        None,
        help="backpropagate within pieces of this many steps only; null for the whole sequence",
        unit="steps",
        minimum=1,
    )
    window: int = param(50, help="over how many steps a score is averaged", unit="steps", minimum=1)
    threshold: float | None = param(
        0.99, help="stop a model whose averaged accuracy is above this; null for never", minimum=0, maximum=1
    )
    error_threshold: float | None = param(
        0.01, help="stop a model whose averaged squared error is below this; null for never", minimum=0, below=inf
    )
    flow: bool = param(default=True, help="measure the gradient flow on the problem's data before and after")
    decades: float = param(
        4.0, help="what a gradient may lose or gain over the whole sequence and still be healthy", above=0
    )
    checkpoint: Path | None = param(None, help="an .npz file to save to, and to go on from when it is there")
    checkpoint_every: int = param(100, help="how often to save", unit="steps", minimum=1)

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.truncation is not None and not isinstance(self.layer, Recurrent):
            name = type(self.layer).__name__
            raise ValueError(
                f"layer {name} does not derive from Recurrent, which truncation needs to hand on the state"
            )
        if "inputs" in {field.name for field in dataclasses.fields(self.layer)}:
            self.layer = dataclasses.replace(self.layer, inputs=self.problem.inputs)

    def run(self, run: Run) -> Result:
        """Train, then average over the seeds."""
        training = self._training(run)
        before = self._flows(run, [training.params_of(m) for m in range(self.seeds)])
        self._train(run, training)
        models = training.results()
        flows = list(zip(before, self._flows(run, [model.params for model in models]), strict=True))
        if run.pictures:
            from a4eval_rnn_bptt.pictures import learning_picture, title_of

            label, chance = ("accuracy", 1 / self.problem.outputs) if self.problem.classes else ("squared error", None)
            run.save_figure(
                learning_picture([model.scores for model in models], self.window, label, chance, title_of(self.layer)),
                "learning",
            )
        rows = [self._row(m, model, flow) for m, (model, flow) in enumerate(zip(models, flows, strict=True))]
        learning = self._learning(models)
        drawn = {"learning": charts.learning("learning", len(models), self.problem.classes, self.window)}
        return Result(self._metrics(models, flows), {"models": rows, "learning": learning}, charts=drawn)

    def _learning(self, models: list[TrainedModel]) -> list[Row]:
        """Return the score of each model, averaged over the window, at some steps; None where it has stopped."""
        longest = max(len(model.scores) for model in models)
        width = min(self.window, *(len(model.scores) for model in models))
        every = -(-(longest - width + 1) // LEARNING_ROWS)
        sums = [np.cumsum(np.append(0.0, model.scores)) for model in models]
        return [
            {
                "step": step,
                **{
                    f"model {m}": float(of[step] - of[step - width]) / width if step < len(of) else None
                    for m, of in enumerate(sums)
                },
            }
            for step in sorted({*range(width, longest + 1, every), longest})
        ]

    def _training(self, run: Run) -> Training:
        return Training(
            self.layer,
            self.problem,
            [run.generator(seed) for seed in range(self.seeds)],
            Optimiser(self.optimiser, self.rate, self.clip),
            batch=self.batch,
            window=self.window,
            threshold=self.threshold if self.problem.classes else self.error_threshold,
            truncation=self.truncation,
        )

    def _train(self, run: Run, training: Training) -> None:
        identity = self._identity(run)
        done = 0
        if self.checkpoint is not None and self.checkpoint.exists():
            try:
                checkpoint.load(training, self.checkpoint, identity)
            except ValueError as error:
                raise DataError(str(error)) from error
            done = max(len(history) for history in training.history)
        for step in run.track(range(done, self.steps), "training", self.steps - done):
            if not training.active:
                break
            training.step()
            if self.checkpoint is not None and (step + 1) % self.checkpoint_every == 0:
                checkpoint.save(training, self.checkpoint, identity)

    def _identity(self, run: Run) -> str:
        """Say what this study is, but for how long it goes on and where it is kept."""
        free = {"steps", "checkpoint", "checkpoint_every", "flow", "decades"}
        own = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name not in free}
        return f"seed={run.seed}, " + ", ".join(f"{name}={value}" for name, value in own.items())

    def _flows(self, run: Run, models: list[dict[str, Array]]) -> list[float]:
        """Return decades per step of every model on the problem's own data; NaN where the layer is no cell."""
        if not self.flow or not isinstance(self.layer, Cell):
            return [np.nan] * len(models)
        return [self._flow(run, m, params) for m, params in enumerate(models)]

    def _flow(self, run: Run, m: int, params: Mapping[str, Array]) -> float:
        rng = run.generator(m, 1)  # apart from the stream that trains, so that measuring changes nothing
        x = self.problem.batch(rng, FLOW_BATCH).x.astype(np.float64)
        weights = {
            name: value.astype(np.float64) for name, value in params.items() if name not in (OUT_WEIGHT, OUT_BIAS)
        }
        try:
            trajectory = follow(self.layer, weights, x)
            return decay(trajectory, rng.standard_normal(trajectory.outputs[-1].shape)).log10_per_step
        except ValueError as error:
            raise DataError(f"model {m}: {error}") from error

    def _metrics(self, models: list[TrainedModel], flows: list[tuple[float, float]]) -> dict[str, Value]:
        scores = [model.score for model in models]
        if self.problem.classes:
            metrics = {"accuracy": mean_value(scores, higher_is_better=True, bounds=(0, 1))}
        else:
            metrics = {"error": mean_value(scores, higher_is_better=False, bounds=(0, np.inf))}
        needed = [np.inf if model.solved_at is None else model.solved_at for model in models]
        metrics["solved"] = Value(float(np.isfinite(needed).mean()), higher_is_better=True, n=len(models))
        metrics["steps_to_threshold"] = Value(float(np.median(needed)), "steps", higher_is_better=False, n=len(models))
        if not np.isnan(flows).any():
            for name, values in zip(("before", "after"), zip(*flows, strict=True), strict=True):
                metrics[f"log10_per_step_{name}"] = mean_value(values, unit="decades/step")
        return metrics

    def _row(self, m: int, model: TrainedModel, flow: tuple[float, float]) -> Row:
        length = self.problem.batch(np.random.default_rng(0), 1).x.shape[0]
        named = [None if np.isnan(rate) else verdict(rate, length, decades=self.decades) for rate in flow]
        return {
            "model": m,
            "score": model.score,
            "loss": float(np.mean(model.losses[-self.window :])),
            "steps": model.steps,
            "solved_at": model.solved_at,
            "flow_before": named[0],
            "flow_after": named[1],
        }
