"""Every signal a4eval handles: a limit on a run's time, a polite request to end, Ctrl-C and when it has to wait."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from a4eval.errors import RunTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterator


GRACE_SECONDS = 5.0
"""How long past its timeout a run may go on, deaf to the exception, before its process is ended."""


def overdue(timeout: float) -> str:
    """Say what became of a run that did not hear its timeout.

    >>> overdue(60) + "killed by SIGKILL"
    'did not end 5 s after its timeout of 60 s and was killed by SIGKILL'
    """
    return f"did not end {GRACE_SECONDS:g} s after its timeout of {timeout:g} s and was "


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Within this context, raise :class:`RunTimeoutError` after *seconds*; None is no limit.

    It is raised between two steps of Python.
    It does not reach a run in compiled code, or one that catches whatever is raised: its process is ended a bit later.
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
    """From here on a polite kill, as batch systems and closing terminals send it, is like Ctrl-C.

    What was told to be ignored stays so, as nohup tells it.
    """
    for polite in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(polite) is not signal.SIG_IGN:
            signal.signal(polite, signal.default_int_handler)
    os.register_at_fork(after_in_child=_forget_handlers)


def leave_polite_kills_to_the_owner() -> None:
    """From here on SIGTERM, sent to all processes of a cluster's job, is the business of this one's owner.

    It is not ignored, which whatever a run starts would inherit.
    """
    signal.signal(signal.SIGTERM, lambda *_: None)
    os.register_at_fork(after_in_child=_forget_handlers)


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
    """Within this context Ctrl-C and a polite kill go unheard: what is being written is written whole."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.signal(one, signal.SIG_IGN) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _forget_handlers() -> None:
    """Let a forked child, such as one of a pool, die of the signals that we handle."""
    for polite in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        if callable(signal.getsignal(polite)):
            signal.signal(polite, signal.SIG_DFL)


def came_of_interrupt(error: BaseException | None) -> bool:
    """Say whether *error* is a KeyboardInterrupt, or was raised while one was being handled."""
    seen: set[int] = set()
    while error is not None and not isinstance(error, KeyboardInterrupt) and id(error) not in seen:
        seen.add(id(error))  # a stranger's may go round in a circle
        error = error.__cause__ or error.__context__
    return isinstance(error, KeyboardInterrupt)
