"""Numbers noted while a run goes on: :func:`tracked`."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_ROWS = 1000
"""Of one name; of more, every second is left out again and again, so that what stays covers the whole run."""
MOST_NAMES = 100

CURVES = {
    "data": {"name": "tracked"},
    "mark": "line",
    "encoding": {
        "x": {"field": "step", "type": "quantitative"},
        "y": {"field": "value", "type": "quantitative"},
        "color": {"field": "name", "type": "nominal"},
    },
}
"""The chart of all that was tracked in a run."""


def tracked(name: str, value: float, step: int | None = None) -> None:
    """Note a number of the run that is going on: it goes into the table ``tracked`` of its record.

    Without a run of a4eval's it does nothing, so it may stay in code that also runs by itself.

    Args:
        name: such as ``"loss/train"``.
        value: a number; one of numpy or torch with a single element is taken too.
        step: where on the curve it lies; counted from 0 where absent.

    Raises:
        TypeError: *value* is no number.

    >>> tracked("loss", 0.5)
    """
    if _curves is not None:
        row = _curves.add(name, value, step)
        if _listener is not None:
            _listener(name, row["value"], row["step"])


class Curves:
    """What was tracked in a run."""

    def __init__(self) -> None:
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._seen: dict[str, int] = {}
        self._last: dict[str, dict[str, Any]] = {}
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def add(self, name: str, value: float, step: int | None) -> dict[str, Any]:
        """Note one number, and return its row.

        Raises:
            TypeError: it is none.
        """
        number = value.item() if hasattr(value, "item") else value
        if not isinstance(number, (int, float)):
            raise TypeError(f"tracked({name!r}, …) takes a number, got {type(value).__name__}")
        with self._lock:
            seen = self._seen.get(name, 0)
            seconds = round(time.monotonic() - self._began, 6)
            row = {"name": name, "step": seen if step is None else int(step), "value": number, "seconds": seconds}
            if name not in self._rows and len(self._rows) >= MOST_NAMES:
                return row
            self._seen[name] = seen + 1
            self._last[name] = row
            rows = self._rows.setdefault(name, [])
            if seen % self._stride(seen) == 0:
                rows.append(row)
                if len(rows) > MOST_ROWS:
                    del rows[1::2]
            return row

    @staticmethod
    def _stride(seen: int) -> int:
        """Return which of the numbers are kept by now: every so many."""
        stride = 1
        while seen > MOST_ROWS * stride:
            stride *= 2
        return stride

    def table(self) -> list[dict[str, Any]]:
        """Return a row a number: its name, step, value, and how many seconds after the beginning it was noted."""
        with self._lock:
            return [
                row
                for name, rows in self._rows.items()
                for row in (rows if rows[-1] is self._last[name] else [*rows, self._last[name]])
            ]


_curves: Curves | None = None
"""Those of the run that is going on in this process."""


_listener: Callable[[str, float, int], None] | None = None
"""Is told of each of its numbers."""


@contextmanager
def listening(listener: Callable[[str, float, int], None]) -> Iterator[None]:
    """Within this context *listener* is given the name, value and step of what is tracked; what it raises ends that."""
    global _listener  # noqa: PLW0603  (as for what is tracked)
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before


@contextmanager
def tracking() -> Iterator[Curves]:
    """Within this context :func:`tracked` notes what it is given."""
    global _curves  # noqa: PLW0603  (a function of the user's, wherever it stands, is to find it)
    before, _curves = _curves, Curves()
    try:
        yield _curves
    finally:
        _curves = before
