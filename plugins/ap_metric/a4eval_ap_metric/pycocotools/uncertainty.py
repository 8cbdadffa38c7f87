"""How sure the statistics of an evaluation are, which pycocotools does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import bootstrap, paired_bootstrap
from a4eval_ap_metric.measures.coco import statistic_names
from a4eval_ap_metric.resampling.resampler import Resampler, whole_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from a4eval import Interval
    from a4eval_ap_metric.matching.coco import Matches

_SHORT = {"small": "s", "medium": "m", "large": "l"}
_SAME = ("imgIds", "catIds", "iouThrs", "recThrs", "areaRng", "maxDets", "useCats", "iouType")


def interval(
    matches: Matches, params: Any, resamples: int, level: float, seed: int, clusters: ArrayLike | None
) -> dict[str, Interval]:
    """Return the interval of each statistic; see ``COCOeval.interval``."""
    return bootstrap(
        _statistic(matches, params),
        matches.n_units,
        np.random.default_rng(seed),
        resamples=resamples,
        level=level,
        method="expanded",
        clusters=clusters,
    )


def compared(
    pair: tuple[Matches, Matches],
    params: tuple[Any, Any],
    resamples: int,
    level: float,
    seed: int,
    clusters: ArrayLike | None,
) -> dict[str, Any]:
    """Return how the statistics of two evaluations differ, second minus first; see ``COCOeval.compare_to``."""
    for name in _SAME:
        first, second = (getattr(one, name) for one in params)
        if not np.array_equal(first, second):
            raise ValueError(f"compare_to: got evaluations with other {name}, expected the same on both sides")
    first, second = (_statistic(*one) for one in zip(pair, params, strict=True))
    return paired_bootstrap(
        first,
        second,
        pair[0].n_units,
        np.random.default_rng(seed),
        resamples=resamples,
        level=level,
        method="expanded",
        clusters=clusters,
    )


def _statistic(matches: Matches, params: Any) -> Callable[[NDArray[np.float64]], dict[str, NDArray[np.float64]]]:
    """Return the statistics as a function of how often each image counts."""
    names = statistic_names(matches.parameters, [_SHORT.get(one, one) for one in params.areaRngLbl[1:]])
    prepared = [Resampler(matches)]

    def statistic(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        counts = whole_weights(weights, matches.n_units)
        most = int(counts.max(initial=1))
        if prepared[0].most < most:
            prepared[0] = Resampler(matches, most)
        return dict(zip(names, prepared[0].statistics(counts).statistics.T, strict=True))

    return statistic
