"""The paired permutation test of any number that is a function of its units' weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from a4eval.statistics.comparison import Comparison
from a4eval.statistics.weights import block_sizes, check_resamples, groups_of, values_under

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from a4eval.statistics.weights import Statistic


def paired_permutation(
    combined: Statistic,
    n_units: int,
    rng: np.random.Generator,
    *,
    permutations: int = 1000,
    clusters: ArrayLike | None = None,
) -> dict[str, Comparison]:
    """Test whether two predictions differ by swapping them unit by unit at random.

    Args:
        combined: over 2 · n_units units: unit i under the first prediction at 2 i, under the second at 2 i + 1.
            So AP, which ranks across images, is computed on each mixture as it is.
        n_units: how many units.
        rng: the random numbers.
        permutations: how many; the p-value is at least 1 / (permutations + 1).
        clusters: (n_units,) labels; units of one label are swapped together.

    References: Good 2005, *Permutation, Parametric and Bootstrap Tests of Hypotheses*, section 3.7.
    """
    check_resamples(permutations)
    groups = groups_of(clusters, n_units)

    def difference(swapped: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        weights = np.empty((len(swapped), 2 * n_units))
        weights[:, 0::2], weights[:, 1::2] = 1 - swapped, swapped
        one = combined(weights)
        other = combined(1 - weights)
        return {name: np.asarray(other[name]) - np.asarray(one[name]) for name in one}

    observed = difference(np.zeros((1, n_units)))
    n_groups = int(groups.max(initial=-1)) + 1
    blocks = ((rng.random((rows, n_groups)) < 0.5)[:, groups] for rows in block_sizes(permutations, 2 * n_units))
    swapped = values_under(difference, (np.asarray(one, np.float64) for one in blocks))
    return {
        name: Comparison(float(observed[name][0]), None, _permutation_p_value(values, float(observed[name][0])))
        for name, values in swapped.items()
    }


def _permutation_p_value(values: NDArray[np.float64], observed: float) -> float:
    defined = values[~np.isnan(values)]
    if math.isnan(observed) or not len(defined):
        return math.nan
    # a mixture that is the observed one but for rounding is as extreme as it
    extreme = np.count_nonzero(np.abs(defined) >= abs(observed) - 1e-12)
    return float((extreme + 1) / (len(defined) + 1))
