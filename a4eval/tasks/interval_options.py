"""How confidence intervals are made, as tasks ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from a4eval.component import param


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

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise ValueError(f"level must lie between 0 and 1, got {self.level}")
        if self.resamples < 1:
            raise ValueError(f"resamples must be at least 1, got {self.resamples}")


@dataclass(frozen=True)
class KeptIntervalOptions(IntervalOptions):
    """And whether the resamples are kept."""

    keep: bool = param(True, help="leave resamples.npz beside the record, with which it is compared with others")
