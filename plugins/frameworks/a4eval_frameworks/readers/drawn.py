"""The reader ``drawn_predictions``: scores and labels from a random generator, to try metrics on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from a4eval import check_ranges, param

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from a4eval import Batch, Run


@dataclass(kw_only=True)
class DrawnPredictions:
    """Binary truth, scores that know something of it, and what they predict from a half on: several rows a unit.

    Every unit has one row at least that is true and one that is not.
    """

    batch: ClassVar[str] = "predictions"

    units: int = param(20, help="how many, such as queries", minimum=1)
    rows: int = param(12, help="of each unit", minimum=2)
    levels: int | None = param(
        None, help="how many different scores there are, so that some are equal; null for any", minimum=2
    )
    seed: int = param(0, help="of what is drawn")

    def __post_init__(self) -> None:
        check_ranges(self)

    def sources(self) -> Sequence[Path]:
        """No files."""
        return []

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield all rows as one batch."""
        del run
        rng = np.random.default_rng(self.seed)
        truth = (rng.random((self.units, self.rows)) < 0.4).astype(np.int64)
        truth[:, 0], truth[:, 1] = 1, 0
        score = np.clip(0.3 * truth + rng.uniform(0, 0.7, truth.shape), 0, 1)
        if self.levels is not None:
            score = np.floor(score * self.levels) / self.levels
        yield {
            "unit": np.arange(self.units),
            "row_unit": np.repeat(np.arange(self.units), self.rows),
            "row_truth": truth.ravel(),
            "row_prediction": (score.ravel() > 0.5).astype(np.int64),
            "row_score": score.ravel(),
        }
