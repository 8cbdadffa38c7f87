"""How confidence intervals are made, as tasks ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from a4eval.component import param

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class IntervalOptions:
    """How confidence intervals are made: units are drawn with replacement, and the metrics weigh them."""

    level: float = param(0.95, help="nominal coverage")
    resamples: int = param(1000, help="how often the units are drawn")
    method: Literal["percentile", "expanded", "bca"] | None = param(
        None,
        help="bca corrects for bias and skewness, expanded for few units too; by default bca for a value and expanded "
        "for a difference",
    )
    clusters: str | None = param(None, help="column of the data that says which units are drawn together")
    seed: int = param(0, help="of the resamples alone: runs with other seeds on the same units still share them")

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise ValueError(f"level must lie between 0 and 1, got {self.level}")
        if self.resamples < 1:
            raise ValueError(f"resamples must be at least 1, got {self.resamples}")
        if self.seed < 0:
            raise ValueError(f"seed must not be negative, got {self.seed}")

    def generator(self) -> np.random.Generator:
        """Return the random numbers that draw the resamples."""
        import numpy as np

        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(1,)))


@dataclass(frozen=True)
class KeptIntervalOptions(IntervalOptions):
    """And whether the resamples are kept."""

    keep: bool = param(True, help="leave resamples.npz beside the record, with which it is compared with others")
