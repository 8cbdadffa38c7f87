"""What a run changes of its process is put back, so that every run in it begins alike, whatever ran before."""

from __future__ import annotations

import decimal
import os
import random
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from functools import cache, partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    PutBack = Callable[[], object]

HANDLED = (
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGALRM,
    signal.SIGCHLD, signal.SIGPIPE, signal.SIGUSR1, signal.SIGUSR2,
)  # fmt: skip
"""The signals whose handlers programs set."""


@contextmanager
def leftovers_removed(seed: int | None) -> Iterator[None]:
    """Within this context a run may change what it likes of its process; afterwards it is as before.

    That is its working directory, environment and umask, Python's streams, paths and limits, signal handlers, and the
    settings and global random generators of Python, numpy and torch.
    Within, the generators begin from *seed*: a task that uses them, rather than ``Run.generator``, repeats itself too.
    Without a seed the generators and the settings of numpy and torch are left to the run.
    """
    put_back = [*_process(), *_interpreter(), *_signals()]
    if seed is not None:
        put_back += [*_python(seed), *_numpy(seed), *_torch(seed)]
    try:
        yield
    finally:
        for one in put_back:
            with suppress(
                Exception
            ):  # what cannot be put back, such as a folder that is gone, must not cost the record
                one()


def _process() -> list[PutBack]:
    before = dict(os.environ)
    os.umask(umask := os.umask(0o077))

    def environment() -> None:
        if dict(os.environ) != before:
            os.environ.clear()
            os.environ.update(before)

    put_back: list[PutBack] = [environment, partial(os.umask, umask)]
    with suppress(OSError):  # it is gone already
        put_back.append(partial(os.chdir, os.getcwd()))  # noqa: PTH109  (a Path takes longer than all else here)
    return put_back


def _interpreter() -> list[PutBack]:
    path, arguments, streams = list(sys.path), list(sys.argv), (sys.stdin, sys.stdout, sys.stderr)

    def put_back() -> None:
        sys.path[:], sys.argv[:] = path, arguments
        sys.stdin, sys.stdout, sys.stderr = streams

    return [put_back, partial(sys.setrecursionlimit, sys.getrecursionlimit())]


def _signals() -> list[PutBack]:
    if threading.current_thread() is not threading.main_thread():
        return []
    before = [(number, signal.getsignal(number)) for number in HANDLED]
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])

    def put_back() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for number, handler in before:
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)

    return [put_back]


def _python(seed: int) -> list[PutBack]:
    state = random.getstate()
    random.seed(seed)
    return [partial(random.setstate, state), partial(decimal.setcontext, decimal.getcontext().copy())]


def _numpy(seed: int) -> list[PutBack]:
    import numpy as np

    legacy: Any = np.random  # its type stubs leave out the two functions used here
    errors, shown, generator = np.geterr(), np.get_printoptions(), legacy.get_bit_generator()
    spare = _spare_generator()
    legacy.set_bit_generator(np.random.MT19937() if generator is spare else spare)  # a run within a run
    np.random.seed(seed % 2**32)  # noqa: NPY002  (it is the global generator that is seeded)

    def put_back() -> None:
        np.seterr(**errors)
        np.set_printoptions(**shown)
        legacy.set_bit_generator(generator)

    return [put_back]


@cache  # a new one takes longer than all else here
def _spare_generator() -> Any:
    import numpy as np

    return np.random.MT19937()


def _torch(seed: int) -> list[PutBack]:
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return [_torch_as_imported]
    state = torch.get_rng_state()
    torch.manual_seed(seed % 2**63)
    return [
        partial(torch.set_rng_state, state),
        partial(torch.set_default_dtype, torch.get_default_dtype()),
        partial(torch.set_grad_enabled, torch.is_grad_enabled()),
        partial(torch.set_num_threads, torch.get_num_threads()),
    ]


def _torch_as_imported() -> None:
    """Put back what a run changed that was the first to import torch."""
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
