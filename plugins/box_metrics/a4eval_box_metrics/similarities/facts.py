"""What is known of each similarity: range, triangle inequality, invariances, paper.  The tests hold every entry."""

from __future__ import annotations

from dataclasses import dataclass

INVARIANCES = {
    "translation": "both boxes move by the same amount",
    "scale": "both boxes grow by the same factor, about any point",
    "stretch": "x grows by one factor, y by another",
    "swap": "predicted and true box change places",
    "rotation": "both boxes turn by the same angle",
}
"""Under what a similarity may keep its value.  All of them are invariant when x and y change places, or change sign."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a similarity s.

    Args:
        title: its usual short name.
        low: its infimum.
        high: its supremum.
        distance: how it turns into a distance or loss: ``1 - s``, or ``s`` where it is one.
        triangle_inequality: does that distance satisfy d(a, c) ≤ d(a, b) + d(b, c)?
            With that it is a metric on boxes with an area.
        invariances: the keys of :data:`INVARIANCES` under which it keeps its value.
        disjoint_slope: has it a non-zero slope for disjoint boxes, so that as a loss it can pull them together?
        paper: where it was proposed.
    """

    title: str
    low: float
    high: float
    distance: str
    triangle_inequality: bool
    invariances: tuple[str, ...]
    disjoint_slope: bool
    paper: str

    @property
    def higher_is_better(self) -> bool:
        """False for a distance."""
        return self.distance != "s"


ANY_STRETCH = ("translation", "scale", "stretch", "swap")
"""Invariances of what is made of areas alone."""
ANY_SCALE = ("translation", "scale", "swap")
"""Invariances of what also compares distances or shapes."""
SAME_PIXELS = ("translation", "swap")
"""Invariances of what counts pixels."""
