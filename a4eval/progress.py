"""Progress on standard error: a bar on a terminal, else a plain line now and then."""

from __future__ import annotations

import time
from collections.abc import Sized
from typing import TYPE_CHECKING, TypeVar

from a4eval.terminal import printable, remark, screen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")

SECONDS_BETWEEN_LINES = 10.0


def track(items: Iterable[T], description: str, total: int | None = None) -> Iterator[T]:
    """Yield *items* and show how far it has come."""
    if total is None and isinstance(items, Sized):
        total = len(items)
    if screen().isatty():
        yield from _bar(items, description, total)
    else:
        yield from _lines(items, description, total)


def _bar(items: Iterable[T], description: str, total: int | None) -> Iterator[T]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    with Progress(console=Console(file=screen()), transient=True) as bar:
        yield from bar.track(items, total=total, description=escape(printable(description)))


def _lines(items: Iterable[T], description: str, total: int | None) -> Iterator[T]:
    start = last = time.monotonic()
    for count, item in enumerate(items):
        yield item
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            left = f"/{total}, {(now - start) / (count + 1) * (total - count - 1):.0f} s left" if total else ""
            remark(f"{description}: {count + 1}{left}")
