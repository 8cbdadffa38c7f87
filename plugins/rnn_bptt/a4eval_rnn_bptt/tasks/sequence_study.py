"""The task ``sequence_study``."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from a4eval import Result, Row, Run, Value, param
from a4eval_rnn_bptt.optimiser import Optimiser
from a4eval_rnn_bptt.statistics import mean_value
from a4eval_rnn_bptt.training import TrainedModel, Training


@dataclass
class SequenceStudy:
    """Train a recurrent layer on a problem that needs memory, from several seeds side by side."""

    layer: Any = param("rnn", kind="layer", help="a recurrent layer; its inputs are set to what the problem gives")
    problem: Any = param("keyword_recall", kind="sequence_problem", help="what it is trained on")
    steps: int = param(600, help="the most training steps")
    batch: int = param(32, help="sequences a training step")
    seeds: int = param(3, help="models, each with its own weights and data")
    optimiser: Literal["adam", "sgd"] = param("adam", help="the update rule")
    rate: float = param(3e-3, help="learning rate")
    clip: float | None = param(1.0, help="the largest norm of a gradient; null for none")
    window: int = param(50, help="over how many steps a score is averaged", unit="steps")
    threshold: float | None = param(
        0.99, help="stop a model whose averaged accuracy is above this (or squared error below); null for never"
    )

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "seeds", "window"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, expected at least 1")
        if not self.rate > 0:
            raise ValueError(f"rate is {self.rate}, expected more than 0")
        if self.clip is not None and not self.clip > 0:
            raise ValueError(f"clip is {self.clip}, expected more than 0, or null for none")
        names = {field.name for field in dataclasses.fields(self.layer)}
        if "inputs" in names:
            self.layer = dataclasses.replace(self.layer, inputs=self.problem.inputs)

    def run(self, run: Run) -> Result:
        """Train, then average over the seeds."""
        rngs = [run.generator(seed) for seed in range(self.seeds)]
        training = Training(
            self.layer,
            self.problem,
            rngs,
            Optimiser(self.optimiser, self.rate, self.clip),
            batch=self.batch,
            window=self.window,
            threshold=self.threshold,
        )
        for _ in run.track(range(self.steps), "training", self.steps):
            training.step()
            if not training.active:
                break
        models = training.results()
        scores = [model.score for model in models]
        if self.problem.classes:
            metrics = {"accuracy": mean_value(scores, higher_is_better=True, bounds=(0, 1))}
        else:
            metrics = {"error": mean_value(scores, higher_is_better=False, bounds=(0, np.inf))}
        needed = [np.inf if model.solved_at is None else model.solved_at for model in models]
        metrics["solved"] = Value(float(np.isfinite(needed).mean()), higher_is_better=True, n=len(models))
        metrics["steps_to_threshold"] = Value(float(np.median(needed)), "steps", higher_is_better=False, n=len(models))
        return Result(metrics, {"models": [self._row(seed, model) for seed, model in enumerate(models)]})

    def _row(self, seed: int, model: TrainedModel) -> Row:
        return {
            "model": seed,
            "score": model.score,
            "loss": float(np.mean(model.losses[-self.window :])),
            "steps": model.steps,
            "solved_at": model.solved_at,
        }
