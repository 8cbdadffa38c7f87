"""What an algorithm says of itself: its name, its code, how much work it would have, and what that work costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from a4eval_deconv.geometry import Geometry

Work: TypeAlias = dict[str, float]
"""How much of each kind of work there is: products, moved elements, inner loops, calls."""


def _always(geometry: Geometry, weight_shape: tuple[int, ...]) -> bool:
    del geometry, weight_shape
    return True


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One way to compute a transposed convolution, or its gradients.

    Args:
        name: what ``algorithm=`` calls it.
        compute: takes the geometry, the arrays it reads and writes, and the workspace allowed, in elements.
        work: counts for a geometry, *n* samples, a weight (g, c, o, *kernel) and so many elements of workspace.
        cost: seconds of one of each kind of work, fitted in float32 on one core: only their ratios matter.
        worth: may it be picked for this geometry and weight at all?
    """

    name: str
    compute: Callable[..., None]
    work: Callable[[Geometry, int, tuple[int, ...], int], Work]
    cost: dict[str, float]
    worth: Callable[[Geometry, tuple[int, ...]], bool] = _always

    def seconds(self, geometry: Geometry, n: int, weight_shape: tuple[int, ...], budget: int) -> float:
        """Return the estimate: each count times what one of it costs."""
        counts = self.work(geometry, n, weight_shape, budget)
        return sum(count * self.cost[name] for name, count in counts.items())
