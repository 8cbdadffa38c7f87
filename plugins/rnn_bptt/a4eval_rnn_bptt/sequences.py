"""Problems that need memory: each draws batches of sequences and says what is to be predicted where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

import numpy as np

from a4eval import param

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array


class SequenceBatch(NamedTuple):
    """Sequences and what to predict.

    Args:
        x: (T, B, inputs), float32 or float64.
        target: (K, B) int64 classes, or (K, B, outputs) floats.
        steps: (K,) the steps, from 0, at which the K predictions are made.
    """

    x: Array
    target: Array
    steps: Array


class SequenceProblem(Protocol):
    """What the training study trains on.  A plugin may bring more: kind ``sequence_problem``."""

    @property
    def inputs(self) -> int:
        """Features a step."""

    @property
    def outputs(self) -> int:
        """Classes, or predicted numbers."""

    @property
    def classes(self) -> bool:
        """Are the targets classes (cross-entropy, accuracy) or numbers (squared error)?"""

    def batch(self, rng: np.random.Generator, size: int) -> SequenceBatch:
        """Draw *size* sequences."""


@dataclass(kw_only=True)
class KeywordRecall:
    """A keyword, a number of fillers ("the the the …"), a query: say the keyword.  Chance is 1/keywords."""

    classes: ClassVar[bool] = True

    keywords: int = param(8, help="how many words there are to recall")
    fillers: int = param(10, help="distractors between the keyword and the query", unit="steps")

    def __post_init__(self) -> None:
        if self.keywords < 2:
            raise ValueError(f"keywords is {self.keywords}, expected at least 2")
        if self.fillers < 0:
            raise ValueError(f"fillers is {self.fillers}, expected at least 0")

    @property
    def inputs(self) -> int:
        """The keywords, the filler and the query, one-hot."""
        return self.keywords + 2

    @property
    def outputs(self) -> int:
        """The keywords."""
        return self.keywords

    def batch(self, rng: np.random.Generator, size: int) -> SequenceBatch:
        """Draw *size* sequences of fillers + 2 steps."""
        word = rng.integers(self.keywords, size=size)
        x = np.zeros((self.fillers + 2, size, self.inputs), np.float32)
        x[0, np.arange(size), word] = 1
        x[1:-1, :, self.keywords] = 1
        x[-1, :, self.keywords + 1] = 1
        return SequenceBatch(x, word[None], np.array([self.fillers + 1]))
