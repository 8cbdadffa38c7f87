"""Train recurrent layers, many seeds at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from a4eval_rnn_bptt.arrays import Array
from a4eval_rnn_bptt.training.optimiser import Optimiser
from a4eval_rnn_bptt.training.readout import (
    OUT_BIAS,
    OUT_WEIGHT,
    backward_models,
    forward_models,
    initial_models,
    readout_loss,
)
from a4eval_rnn_bptt.training.sequences import SequenceProblem


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """How one model fared.

    Args:
        score: accuracy, or mean squared error: the mean over the last ``window`` steps it trained.
        steps: how many steps it trained.
        solved_at: the first step at which the mean score of the last ``window`` steps reached the threshold, or None.
        scores: (steps,) the training score of every step.
        losses: (steps,)
        norms: (steps,) the gradient's norm before clipping.
        params: the weights at the end.
    """

    score: float
    steps: int
    solved_at: int | None
    scores: Array
    losses: Array
    norms: Array
    params: dict[str, Array]


@dataclass
class Training:
    """M models of one layer on one problem, each with its own seed, trained side by side.

    A model depends on its own generator alone, so its numbers are the same alone or in company.
    A model that has solved the problem stops; the others go on without it.

    Args:
        layer: a recurrent layer.
        problem: what it is trained on.
        rngs: one generator a model: its weights first, then its batches.
        optimiser: the rule.
        batch: sequences a step.
        window: over how many steps a score is averaged.
        threshold: the averaged score that counts as solved: accuracy at least, or error at most; None: never stop.
        at_least: the least number of steps.
        truncation: backpropagate within pieces of this many steps only; through the whole sequence where None.
        dtype: of weights and arrays.
    """

    layer: Any
    problem: SequenceProblem
    rngs: Sequence[np.random.Generator]
    optimiser: Optimiser
    batch: int = 32
    window: int = 50
    threshold: float | None = 0.99
    at_least: int = 100
    truncation: int | None = None
    dtype: Any = np.float32
    params: dict[str, Array] = field(init=False)
    active: list[int] = field(init=False)
    history: list[list[tuple[float, float, float]]] = field(init=False)
    finished: dict[int, TrainedModel] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.params = initial_models(self.layer, self.problem, self.rngs, self.dtype)
        self.active = list(range(len(self.rngs)))
        self.history = [[] for _ in self.rngs]

    def step(self) -> None:
        """Train every model that is still at it by one batch."""
        batches = [self.problem.batch(self.rngs[m], self.batch) for m in self.active]
        x = np.stack([batch.x for batch in batches]).astype(self.dtype, copy=False)
        weights = {name: value for name, value in self.params.items() if name not in (OUT_WEIGHT, OUT_BIAS)}
        y, tape = forward_models(self.layer, weights, x, self.truncation)
        loss, score, gradients, dy = readout_loss(self.params, y, batches, classes=self.problem.classes)
        gradients |= backward_models(self.layer, weights, tape, dy)
        norm = self.optimiser.update(self.params, gradients)
        for row, m in enumerate(self.active):
            self.history[m].append((float(score[row]), float(loss[row]), float(norm[row])))
        self._stop_solved()

    def params_of(self, model: int) -> dict[str, Array]:
        """Return a copy of the weights of a model that is still training."""
        row = self.active.index(model)
        return {name: value[row].copy() for name, value in self.params.items()}

    def _stop_solved(self) -> None:
        if self.threshold is None:
            return
        solved = [len(self.history[m]) >= self.at_least and self._is_solved(self._recent(m)) for m in self.active]
        if any(solved):
            self._leave(np.array(solved))

    def _recent(self, model: int) -> float:
        return float(np.mean([score for score, _, _ in self.history[model][-self.window :]]))

    def _is_solved(self, recent: float) -> bool:
        assert self.threshold is not None
        return recent > self.threshold if self.problem.classes else recent < self.threshold

    def _leave(self, leaving: Array) -> None:
        for row in np.flatnonzero(leaving):
            m = self.active[row]
            scores, losses, norms = np.array(self.history[m]).T
            solved = self.threshold is not None and self._is_solved(self._recent(m))
            weights = {name: value[row].copy() for name, value in self.params.items()}
            steps = len(scores)
            self.finished[m] = TrainedModel(
                self._recent(m), steps, steps if solved else None, scores, losses, norms, weights
            )
        staying = ~leaving
        self.active = [m for m, stays in zip(self.active, staying, strict=True) if stays]
        self.params = {name: value[staying] for name, value in self.params.items()}
        self.optimiser.keep(staying)

    def results(self) -> list[TrainedModel]:
        """End the training and return every model, in the order of the generators."""
        self._leave(np.ones(len(self.active), bool))
        return [self.finished[m] for m in range(len(self.rngs))]
