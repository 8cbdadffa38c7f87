"""Which images to look at: those whose errors cost most, over all, and of each kind, class and confusion."""

from __future__ import annotations

from itertools import chain, cycle, pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Values: TypeAlias = tuple[NDArray[np.integer[Any]], Callable[[int], str]]


def worst_images(
    unit: NDArray[np.integer[Any]],
    cost: NDArray[np.float64],
    groups: Mapping[str, Values],
    most: int,
) -> dict[int, str]:
    """Return images with what each was chosen for: first the worst of all, then in turns one of each way to group.

    Within a group the costliest of its values goes first, with the image on which it costs most; then the next value,
    until each has an image, and then the second image of each.  Of images that cost the same the first is taken.

    Args:
        unit: (n,) image of each error.
        cost: (n,) float64, what it costs.
        groups: name to (n,) the value of each error, −1 for none, and the names of the values.
        most: how many images.

    >>> import numpy as np
    >>> kind = np.array([0, 1, 0, 0]), "ab".__getitem__
    >>> worst_images(np.array([0, 1, 2, 2]), np.array([5.0, 1, 2, 2]), {"kind": kind}, 3)
    {0: 'all', 1: 'kind b', 2: 'all'}
    """
    ways = [_ranked(unit, cost, np.zeros(len(unit), np.int64), lambda _: "all", most)]
    ways += [
        [[(image, f"{name} {why}") for image, why in one] for one in _ranked(unit, cost, *values, most)]
        for name, values in groups.items()
    ]
    turns = [_in_turns(one) for one in ways]
    chosen: dict[int, str] = {}
    for turn in cycle(range(len(turns))):
        if len(chosen) >= most or not any(turns):
            break
        one = turns[turn]
        while one:
            image, why = one.pop(0)
            if image not in chosen:
                chosen[image] = why
                break
    return chosen


def _ranked(
    unit: NDArray[np.integer[Any]],
    cost: NDArray[np.float64],
    values: NDArray[np.integer[Any]],
    name: Callable[[int], str],
    most: int,
) -> list[list[tuple[int, str]]]:
    """Return for each value, the costliest first, *most* of its images, the costliest first."""
    some = np.flatnonzero(values >= 0)
    n_units = int(unit.max(initial=0)) + 1
    pairs, place = np.unique(values[some].astype(np.int64) * n_units + unit[some], return_inverse=True)
    sums = np.bincount(place, cost[some], len(pairs))
    value, image = np.divmod(pairs, n_units)
    known, first = np.unique(value, return_index=True)
    totals = np.bincount(np.searchsorted(known, value), sums, len(known)).tolist()
    found = []
    bounds = pairwise([*first.tolist(), len(value)])
    for total, one, (begin, end) in zip(totals, known.tolist(), bounds, strict=True):
        dearest = begin + np.argsort(-sums[begin:end], kind="stable")[:most]
        found.append((-total, name(one), image[dearest].tolist()))
    found.sort(key=lambda each: each[:2])
    return [[(one, why) for one in images] for _, why, images in found]


def _in_turns(lists: Sequence[Sequence[tuple[int, str]]]) -> list[tuple[int, str]]:
    """Return the first of each, then the second of each, and so on."""
    longest = max(map(len, lists), default=0)
    rounds: Iterator[Any] = ((one[place] for one in lists if place < len(one)) for place in range(longest))
    return list(chain.from_iterable(rounds))
