"""How far a sweep is, on standard error: a bar on a terminal, else a plain line now and then."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from a4eval.progress import SECONDS_BETWEEN_LINES
from a4eval.terminal import remark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from a4eval.executors.dispatch import Tally

    Tell = Callable[[Tally], None]
    """Is told how far a sweep is."""


@contextmanager
def meter(total: int, what: str = "points") -> Iterator[Tell]:
    """Within this context, show each tally that the function it gives is told of."""
    start = time.monotonic()
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        console = Console(stderr=True)
        with Progress(BarColumn(), TextColumn("{task.description}"), console=console, transient=True) as bar:
            shown = bar.add_task("starting", total=total)
            yield lambda tally: bar.update(shown, completed=tally.done, description=line(tally, start, what))
    else:
        last = start

        def tell(tally: Tally) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= SECONDS_BETWEEN_LINES:
                last = now
                remark(line(tally, start, what))

        yield tell


def tell_where(name: str, node: Any) -> None:
    """Say what is about to run the points, and with which parameters, before it does."""
    given = {key: value for key, value in node.items() if key != "name"} if isinstance(node, dict) else {}
    remark(f"running on {name}" + (f" with {given}" if given else ""))


def line(tally: Tally, start: float, what: str) -> str:
    """Say how far it is, how fast, how long yet, and what failed."""
    seconds = max(time.monotonic() - start, 1e-9)
    rate = tally.done / seconds
    parts = [f"{tally.done:,}/{tally.total:,} {what}"]
    if tally.done:
        parts += [f"{rate:.3g}/s", f"{duration((tally.total - tally.done) / rate)} left"]
    if tally.failed:
        parts.append(f"{tally.failed:,} failed")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """Return a length of time for people.

    >>> duration(42), duration(125), duration(7322)
    ('42 s', '2 min 5 s', '2 h 2 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
