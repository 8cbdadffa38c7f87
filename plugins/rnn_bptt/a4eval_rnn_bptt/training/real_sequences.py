"""Problems on real data, read from the packages that carry it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from a4eval import check_ranges, param, require
from a4eval_rnn_bptt.training.sequences import SequenceBatch

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array


@cache
def _digits() -> tuple[Array, Array]:
    data = require("sklearn.datasets", "a4eval-rnn-bptt[digits]").load_digits()
    return data.images / 16.0, data.target.astype(np.int64)


@cache
def _sunspots() -> Array:
    data = require("statsmodels.datasets.sunspots", "a4eval-rnn-bptt[sunspots]").load_pandas().data
    counts = data["SUNACTIVITY"].to_numpy(np.float64)
    scaled: Array = (counts - counts.mean()) / counts.std()
    return scaled


@dataclass(kw_only=True)
class SequentialDigits:
    """Read scikit-learn's 1797 handwritten digits (8 × 8) row by row or pixel by pixel, then name them."""

    classes: ClassVar[bool] = True
    outputs: ClassVar[int] = 10

    order: Literal["rows", "pixels"] = param("rows", help="8 steps of a row each, or 64 steps of a pixel each")

    def __post_init__(self) -> None:
        _digits()  # a missing extra is said before anything runs

    @property
    def inputs(self) -> int:
        """Pixels a step."""
        return 8 if self.order == "rows" else 1

    def batch(self, rng: np.random.Generator, size: int) -> SequenceBatch:
        """Draw digits with replacement."""
        images, names = _digits()
        chosen = rng.integers(len(images), size=size)
        x = images[chosen].reshape(size, -1, self.inputs).swapaxes(0, 1)
        return SequenceBatch(x, names[chosen][None], np.array([len(x) - 1]))


@dataclass(kw_only=True)
class Sunspots:
    """Predict next year's sunspots, every year of a stretch of statsmodels's series 1700–2008, standardised.

    Saying the mean always has error 1.
    """

    classes: ClassVar[bool] = False
    inputs: ClassVar[int] = 1
    outputs: ClassVar[int] = 1

    length: int = param(50, help="years a stretch", unit="steps", minimum=1)

    def __post_init__(self) -> None:
        check_ranges(self)
        longest = len(_sunspots()) - 1
        if self.length > longest:
            raise ValueError(f"length: got {self.length}, expected at most {longest} years")

    def batch(self, rng: np.random.Generator, size: int) -> SequenceBatch:
        """Draw stretches that start in random years."""
        series = _sunspots()
        first = rng.integers(len(series) - self.length, size=size)
        years = first + np.arange(self.length + 1)[:, None]
        stretch = series[years][..., None]
        return SequenceBatch(stretch[:-1], stretch[1:], np.arange(self.length))
