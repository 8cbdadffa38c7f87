"""Problems that need memory: each draws batches of sequences and says what is to be predicted where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

import numpy as np

from a4eval import check_ranges, param

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

    keywords: int = param(8, help="how many words there are to recall", minimum=2)
    fillers: int = param(10, help="distractors between the keyword and the query", unit="steps", minimum=0)

    def __post_init__(self) -> None:
        check_ranges(self)

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


@dataclass(kw_only=True)
class Adding:
    """Add the two marked numbers of a long row (Hochreiter & Schmidhuber 1997).  Saying 1 always has error 1/6."""

    classes: ClassVar[bool] = False
    inputs: ClassVar[int] = 2
    outputs: ClassVar[int] = 1

    length: int = param(50, help="length of the row", unit="steps", minimum=2)

    def __post_init__(self) -> None:
        check_ranges(self)

    def batch(self, rng: np.random.Generator, size: int) -> SequenceBatch:
        """Draw numbers in [0, 1] with one marked in each half."""
        half = self.length // 2
        number = rng.random((self.length, size))
        mark = np.zeros((self.length, size))
        column = np.arange(size)
        mark[rng.integers(half, size=size), column] = 1
        mark[half + rng.integers(self.length - half, size=size), column] = 1
        x = np.stack((number, mark), axis=-1)
        return SequenceBatch(x, (number * mark).sum(0)[None, :, None], np.array([self.length - 1]))


@dataclass(kw_only=True)
class CopyMemory:
    """Repeat symbols after a delay (Hochreiter & Schmidhuber 1997; Arjovsky et al. 2016, arXiv 1511.06464)."""

    classes: ClassVar[bool] = True

    symbols: int = param(8, help="how many symbols there are", minimum=2)
    length: int = param(5, help="how many are to be repeated", minimum=1)
    delay: int = param(10, help="blanks between the last symbol and the signal to repeat", unit="steps", minimum=0)

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def inputs(self) -> int:
        """The symbols, the blank and the signal, one-hot."""
        return self.symbols + 2

    @property
    def outputs(self) -> int:
        """The symbols."""
        return self.symbols

    def batch(self, rng: np.random.Generator, size: int) -> SequenceBatch:
        """Draw sequences of 2·length + delay steps; the signal comes with the first prediction."""
        symbol = rng.integers(self.symbols, size=(self.length, size))
        steps = 2 * self.length + self.delay
        shown = np.full((steps, size), self.symbols)
        shown[: self.length] = symbol
        start = self.length + self.delay
        shown[start] = self.symbols + 1
        return SequenceBatch(np.eye(self.inputs, dtype=np.float32)[shown], symbol, np.arange(start, steps))


@dataclass(kw_only=True)
class DelayedXor:
    """The exclusive or of two bits, asked for after a delay full of random bits.  Chance is 1/2."""

    classes: ClassVar[bool] = True
    inputs: ClassVar[int] = 2
    outputs: ClassVar[int] = 2

    delay: int = param(10, help="unmarked random bits after the two marked ones", unit="steps", minimum=0)

    def __post_init__(self) -> None:
        check_ranges(self)

    def batch(self, rng: np.random.Generator, size: int) -> SequenceBatch:
        """Draw sequences of delay + 2 steps: a bit as ±1, and a mark on the two that count."""
        bit = rng.integers(2, size=(self.delay + 2, size))
        mark = np.zeros_like(bit)
        mark[:2] = 1
        x = np.stack((2 * bit - 1, mark), axis=-1).astype(np.float32)
        return SequenceBatch(x, (bit[0] ^ bit[1])[None], np.array([self.delay + 1]))
