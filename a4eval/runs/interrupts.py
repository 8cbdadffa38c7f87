"""A limit on the time a run may take."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from a4eval.errors import RunTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Within this context, raise :class:`RunTimeoutError` after *seconds*; None is no limit.

    It is raised between two steps of Python.
    A run that stays in compiled code is not reached; in a sweep its worker is killed a little later.
    """
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def strike(_signal: int, _frame: object) -> NoReturn:
        raise RunTimeoutError(f"took longer than timeout={seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
