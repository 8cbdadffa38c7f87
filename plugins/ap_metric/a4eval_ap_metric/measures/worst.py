"""Which images to look at: those whose errors cost most, over all, and of each kind, class and confusion."""

from __future__ import annotations

from itertools import chain, cycle
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


def worst_images(
    unit: NDArray[np.integer[Any]], cost: NDArray[np.float64], groups: Mapping[str, Sequence[Any]], most: int
) -> dict[int, str]:
    """Return images with what each was chosen for: first the worst of all, then in turns one of each way to group.

    Within a group the costliest of its values goes first, with the image on which it costs most; then the next value,
    until each has an image, and then the second image of each.

    Args:
        unit: (n,) image of each error.
        cost: (n,) float64, what it costs.
        groups: name to (n,) the value of each error, None for none.
        most: how many images.

    >>> import numpy as np
    >>> worst_images(np.array([0, 1, 2, 2]), np.array([5.0, 1, 2, 2]), {"kind": ["a", "b", "a", "a"]}, 3)
    {0: 'all', 1: 'kind b', 2: 'all'}
    """
    ways = [_ranked(unit, cost, ["all"] * len(unit), "")]
    ways += [_ranked(unit, cost, values, f"{name} ") for name, values in groups.items()]
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
    unit: NDArray[np.integer[Any]], cost: NDArray[np.float64], values: Sequence[Any], what: str
) -> list[list[tuple[int, str]]]:
    """Return for each value, the costliest first, its images, the costliest first."""
    sums: dict[Any, dict[int, float]] = {}
    for image, one, value in zip(unit.tolist(), cost.tolist(), values, strict=True):
        if value is not None:
            mine = sums.setdefault(value, {})
            mine[image] = mine.get(image, 0.0) + one
    order = sorted(sums, key=lambda value: (-sum(sums[value].values()), str(value)))
    return [
        [(image, f"{what}{value}") for image in sorted(sums[value], key=lambda one: (-sums[value][one], one))]
        for value in order
    ]


def _in_turns(lists: Sequence[Sequence[tuple[int, str]]]) -> list[tuple[int, str]]:
    """Return the first of each, then the second of each, and so on."""
    longest = max(map(len, lists), default=0)
    rounds: Iterator[Any] = ((one[place] for one in lists if place < len(one)) for place in range(longest))
    return list(chain.from_iterable(rounds))
