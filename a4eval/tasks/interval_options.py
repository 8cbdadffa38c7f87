"""How confidence intervals are made, as tasks ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from a4eval.component import check_ranges, param
from a4eval.statistics.weights import beyond_each_end, check_options, resamples_for

_STEADY = 5
"""Where fewer resamples lie beyond an end, it is nearly the outermost of them, wherever that fell."""

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class IntervalOptions:
    """How confidence intervals are made: units are drawn with replacement, and the metrics weigh them."""

    level: float = param(0.95, help="nominal coverage", above=0, below=1)
    resamples: int = param(1000, help="how often the units are drawn", minimum=1)
    method: Literal["percentile", "expanded", "bca"] | None = param(
        None,
        help="bca corrects for bias and skewness, expanded for few units too; expanded by default",
    )
    clusters: str | None = param(None, help="column of the data that says which units are drawn together")
    seed: int = param(
        0, help="of the resamples alone: runs with other seeds on the same units still share them", minimum=0
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        check_options(self.resamples, self.level)

    def generator(self) -> np.random.Generator:
        """Return the random numbers that draw the resamples."""
        import numpy as np

        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(1,)))

    def doubt(self) -> str:
        """Return "" or why the ends of the intervals are not steady."""
        steady = resamples_for(_STEADY, self.level)
        if self.resamples >= steady:
            return ""
        beyond = beyond_each_end(self.resamples, self.level)
        return (
            f"interval: of {self.resamples} resamples {beyond:.2g} lie beyond each end at level {self.level:g}, so "
            f"another seed moves the ends; give {steady} or more"
        )


@dataclass(frozen=True)
class KeptIntervalOptions(IntervalOptions):
    """And whether the resamples are kept."""

    keep: bool = param(True, help="leave resamples.npz beside the record, with which it is compared with others")
