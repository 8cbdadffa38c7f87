"""What resampling leaves: the values of a statistic under every resample, and a hash that tells which those were.

Two of them of the same units and weights are a pair: their difference is the paired bootstrap's, bit for bit, whether
they were made together or months apart.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from a4eval.statistics.weights import check_resamples, drawn_weights, groups_of, left_out_weights, values_under

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import ArrayLike

    from a4eval.statistics.weights import Statistic


@dataclass(frozen=True, slots=True)
class Resampled:
    """The values of a statistic.

    Args:
        observed: by name, with each unit once.
        values: by name (resamples,) float64, under each resample.
        left_out: by name (folds,) float64, with some groups left out in turn; empty where that was not asked for.
        groups: how many groups were drawn: clusters, or single units.
        clustered: whether they are clusters.
        weights_sha256: of the weights drawn.
    """

    observed: dict[str, float]
    values: dict[str, NDArray[np.float64]]
    left_out: dict[str, NDArray[np.float64]]
    groups: int
    clustered: bool
    weights_sha256: str

    @property
    def resamples(self) -> int:
        """How many resamples there are."""
        return len(next(iter(self.values.values()), ()))

    def renamed(self, names: Mapping[str, str]) -> Resampled:
        """Return the same under other names: those of *names*, from old to new."""
        observed = {new: self.observed[old] for old, new in names.items()}
        values = {new: self.values[old] for old, new in names.items()}
        left_out = {new: self.left_out[old] for old, new in names.items()} if self.left_out else {}
        return Resampled(observed, values, left_out, self.groups, self.clustered, self.weights_sha256)


def resample(
    statistic: Statistic,
    n_units: int,
    rng: np.random.Generator,
    *,
    resamples: int,
    clusters: ArrayLike | None = None,
    jackknife: int = 0,
) -> Resampled:
    """Return the values of *statistic* under resamples of its units.

    Args:
        statistic: from weights to values.
        n_units: how many units.
        rng: the random numbers; the same state gives the same resamples, whatever the statistic.
        resamples: how often the units are drawn with replacement.
        clusters: (n_units,) labels; units of one label are drawn together.
        jackknife: the most groups of units to leave out in turn; 0 for none.

    Raises:
        ValueError: no resample is asked for, or there is not one label a unit.
        DataError: there is no unit.

    >>> mean = lambda weights: {"mean": weights @ np.array([1.0, 2.0, 6.0]) / weights.sum(axis=1)}
    >>> drawn = resample(mean, 3, np.random.default_rng(0), resamples=4)
    >>> drawn.observed["mean"], drawn.values["mean"].round(3).tolist(), drawn.weights_sha256[:8]
    (3.0, [3.333, 1.0, 1.0, 4.667], 'c580fba3')
    """
    check_resamples(resamples)
    groups = groups_of(clusters, n_units)
    digest = hashlib.sha256(groups.astype("<i8").tobytes())

    def noted(blocks: Iterable[NDArray[np.float64]]) -> Iterator[NDArray[np.float64]]:
        for block in blocks:
            digest.update(block.astype("<u4").tobytes())
            yield block

    observed = values_under(statistic, iter([np.ones((1, n_units))]))
    values = values_under(statistic, noted(drawn_weights(rng, groups, resamples)))
    left_out = values_under(statistic, left_out_weights(rng, groups, jackknife)) if jackknife else {}
    return Resampled(
        {name: float(one[0]) for name, one in observed.items()},
        values,
        left_out,
        int(groups.max()) + 1,
        clusters is not None,
        digest.hexdigest(),
    )


def difference(first: Resampled, second: Resampled) -> Resampled:
    """Return second minus first, resample by resample, of the names in both.

    Args:
        first: of the one prediction.
        second: of the other, under the same weights.

    Raises:
        ValueError: the weights are not the same.
    """
    if first.weights_sha256 != second.weights_sha256:
        raise ValueError("first and second were not drawn with the same weights")
    shared = [name for name in first.values if name in second.values]
    return Resampled(
        {name: second.observed[name] - first.observed[name] for name in shared},
        {name: second.values[name] - first.values[name] for name in shared},
        {name: second.left_out[name] - first.left_out[name] for name in shared}
        if first.left_out and second.left_out
        else {},
        first.groups,
        first.clustered,
        first.weights_sha256,
    )
