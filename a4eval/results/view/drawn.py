"""The charts of a page, which take most of the time it takes to make: drawn now and then while the page changes."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from a4eval.markup import Markup, joined, tag

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS_LATE = 1.0
"""So long after the rest of a page its charts are drawn at the soonest."""
SECONDS_BETWEEN = 4.0
"""They are drawn again so long after the last time, or later:"""
SHARE = 10
"""so many times as long as the processor took to draw them."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Charts as they were drawn last.

    Args:
        markup: of them, or nothing.
        of: what they show; of the same they need not be drawn again.
        places: run id to the row of the table that its marks lead to.
        until: when they may be drawn again, in seconds of the monotonic clock.
        late: a page of something else had them already.
    """

    markup: Markup | None
    of: tuple[object, ...]
    places: Mapping[str, int]
    until: float
    late: bool = False

    def due(self, of: tuple[object, ...]) -> float:
        """Return when a page of this has to be made anew, although nothing else has changed: perhaps never."""
        return math.inf if self.of == of else self.until


def drawn(
    before: Drawn | None,
    draw: Callable[[], Markup | None],
    of: tuple[object, ...],
    places: Mapping[str, int],
    said: str,
) -> Drawn:
    """Return charts: those from before if they are of the same, or if it is too soon for others.

    It is too soon at first, so that whoever waits for what is new need not wait for its charts, too.
    Those whose marks would lead to other rows of the table are drawn again at once.

    Args:
        before: the last ones.
        draw: makes them.
        of: what they show.
        places: run id to the row of the table that its marks lead to.
        said: above them.
    """
    if before is not None and before.places.items() <= places.items():
        now = time.monotonic()
        if before.of == of or (before.late and now < before.until):
            return before
        if not before.late:
            return replace(before, late=True, until=max(before.until, now + SECONDS_LATE))
    began = time.thread_time()
    made = draw()
    pause = max(SECONDS_BETWEEN, SHARE * (time.thread_time() - began))
    if made is not None and said:
        made = joined([tag("p", said, class_="soft"), made])
    return Drawn(made, of, places, time.monotonic() + pause)
