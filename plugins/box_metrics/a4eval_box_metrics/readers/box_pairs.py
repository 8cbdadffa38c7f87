"""The reader ``box_pairs``: pairs of boxes that are matched already, written into the config."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from a4eval import check_ranges, param
from a4eval_box_metrics.boxes.formats import convert_boxes
from a4eval_box_metrics.boxes.types import Format

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from a4eval import Batch, Run


@dataclass
class InlineBoxPairs:
    """Matched pairs of boxes, written into the config."""

    batch: ClassVar[str] = "box_pairs"

    predicted: list[list[float]] = param(
        help="predicted boxes, four numbers each", unit="pixels", above=-np.inf, below=np.inf
    )
    truth: list[list[float]] = param(help="the true box of each", unit="pixels", above=-np.inf, below=np.inf)
    format: Format = param("xyxy", help="what the four numbers are")

    def __post_init__(self) -> None:
        check_ranges(self)
        if len(self.predicted) != len(self.truth):
            raise ValueError(f"got {len(self.predicted)} predicted and {len(self.truth)} true boxes, expected pairs")
        self._boxes = [convert_boxes(one, self.format, "xyxy") for one in (self.predicted, self.truth)]

    def sources(self) -> Sequence[Path]:
        """No files."""
        return []

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield all pairs as one batch."""
        del run
        predicted, truth = (boxes.copy() for boxes in self._boxes)
        yield {"unit": np.arange(len(truth)), "predicted": predicted, "truth": truth}
