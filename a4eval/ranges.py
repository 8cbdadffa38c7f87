"""The numbers that a parameter may be, said once where it is declared, for its check, its help and its schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from numbers import Real
from typing import Any


@dataclass(frozen=True, slots=True)
class Range:
    """Which numbers are allowed, and in a list or mapping which each may be; NaN never is.

    Args:
        minimum: the least.
        maximum: the greatest.
        above: all are greater than it.
        below: all are less than it; infinity where they are to be finite.

    >>> str(Range(above=0, below=1)), str(Range(minimum=1)), str(Range())
    ('above 0 and below 1', 'at least 1', '')
    """

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None

    def __str__(self) -> str:
        upper = "finite" if self.below == inf else "" if self.below is None else f"below {self.below}"
        return " and ".join(
            filter(
                None,
                [
                    "" if self.minimum is None else f"at least {self.minimum}",
                    "" if self.above in (None, -inf) else f"above {self.above}",
                    "" if self.maximum is None else f"at most {self.maximum}",
                    upper,
                ],
            )
        )

    def __contains__(self, number: Any) -> bool:
        return (
            number == number  # noqa: PLR0124  (NaN is not)
            and (self.minimum is None or number >= self.minimum)
            and (self.maximum is None or number <= self.maximum)
            and (self.above is None or number > self.above)
            and (self.below is None or number < self.below)
        )

    def outside(self, value: Any, path: str) -> Iterator[tuple[str, str]]:
        """Yield where in a value a number is not allowed, and what is wrong with it.

        >>> list(Range(minimum=1).outside([3, [0, None]], "stride"))
        [('stride[1][0]', 'got 0, expected at least 1')]
        """
        if self == ANY or isinstance(value, bool):
            return
        if isinstance(value, Mapping):
            for key, one in value.items():
                yield from self.outside(one, f"{path}.{key}")
        elif isinstance(value, (list, tuple)):
            for index, one in enumerate(value):
                yield from self.outside(one, f"{path}[{index}]")
        elif isinstance(value, Real) and value not in self:
            yield path, f"got {value}, expected {self}"

    def schema(self) -> dict[str, float]:
        """Return the keywords of JSON Schema that say the same."""
        words = {"minimum": self.minimum, "maximum": self.maximum}
        words |= {"exclusiveMinimum": self.above, "exclusiveMaximum": None if self.below == inf else self.below}
        return {word: number for word, number in words.items() if number is not None}


ANY = Range()
"""Every number."""
