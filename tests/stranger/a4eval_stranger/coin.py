"""Coins: a reader of flips and the share of heads."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from a4eval import DataError, Value, param


@dataclass
class Flips:
    """Coin flips, inline: "H" or "T" each."""

    batch: ClassVar[str] = "flips"
    flips: list[str] = param(help="H or T each")

    def sources(self):
        return []

    def batches(self, run):
        for index, flip in enumerate(self.flips):
            if flip not in ("H", "T"):
                raise DataError(f"flips[{index}]: got {flip!r}, expected H or T")
        half = len(self.flips) // 2
        for start, part in ((0, self.flips[:half]), (half, self.flips[half:])):
            if part:
                yield {"unit": np.arange(start, start + len(part)), "heads": np.array(part) == "H"}


@dataclass
class Heads:
    """The share of heads; the unit is a flip."""

    batch: ClassVar[str] = "flips"
    names: ClassVar = ("heads",)
    _heads: dict = field(default_factory=dict, init=False)

    @property
    def units(self):
        return sorted(self._heads)

    def update(self, batch):
        self._heads.update(zip(batch["unit"].tolist(), batch["heads"].tolist(), strict=True))

    def merge(self, other):
        self._heads.update(other._heads)

    def compute(self, weights=None):
        heads = np.array([self._heads[unit] for unit in self.units], dtype=float)
        share = float(np.average(heads, weights=weights))
        return {"heads": Value(share, higher_is_better=True, n=len(heads))}
