"""Every signal a4eval handles: a limit on a run's time, a polite request to end, Ctrl-C and when it has to wait."""

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


def polite_kills_interrupt() -> None:
    """From here on a polite kill, as batch systems and closing terminals send it, is like Ctrl-C."""
    for polite in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(polite, signal.default_int_handler)


def leave_polite_kills_to_the_owner() -> None:
    """From here on SIGTERM, sent to all processes of a cluster's job, is the business of this one's owner.

    It is not ignored, which whatever a run starts would inherit.
    """
    signal.signal(signal.SIGTERM, lambda *_: None)


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Within this context a polite request to end is like Ctrl-C: workers stopped, summary shown."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Within this context Ctrl-C and a polite kill wait: what is being written is written whole."""
    before = {one: signal.signal(one, signal.SIG_IGN) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def came_of_interrupt(error: BaseException | None) -> bool:
    """Say whether *error* is a KeyboardInterrupt, or was raised while one was being handled."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None
