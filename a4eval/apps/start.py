"""How a worker process comes to the function that Hydra runs: ``@hydra.main``'s.

A function of the program itself is met where the program calls it: the worker starts the program again as the user
did, and Hydra comes to our sweeper there as it did here, with all that stands before that call done.
Any other function, of a notebook or of a module that a larger program imports, goes there by value.
"""

from __future__ import annotations

import inspect
import os
import pickle
import runpy
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from a4eval.errors import PluginError, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra.types import HydraContext, TaskFunction

    Reached = Callable[[TaskFunction, HydraContext], None]


@dataclass(frozen=True)
class Program:
    """A program to start again, up to where it calls Hydra.

    Args:
        target: the script's path, or the module's name.
        is_module: it was started with ``python -m``.
        arguments: what followed it.
        path: Python's, as it was here.
    """

    target: str
    is_module: bool
    arguments: tuple[str, ...]
    path: tuple[str, ...]

    @staticmethod
    def dumps(thing: Any) -> bytes:
        """Return *thing* for a process that has started the program: its classes are there already."""
        try:
            return pickle.dumps(thing)
        except Exception:  # noqa: BLE001  (a class within a function, or whatever a stranger's object raises)
            return by_value(thing)

    def reach(self, then: Reached) -> None:
        """Start the program and call *then* where it calls Hydra.

        Raises:
            PluginError: it does not get there.
        """
        from hydra._internal.callbacks import Callbacks

        # the sweep has begun, where the command was given
        Callbacks.on_multirun_start = lambda *_, **__: None  # type: ignore[method-assign]
        _adopt(self.path)
        _waiting.append(then)
        sys.argv[:] = [self.target, *self.arguments]
        try:
            if self.is_module:
                runpy.run_module(self.target, run_name="__main__", alter_sys=True)
            else:
                runpy.run_path(self.target, run_name="__main__")
        except _Done:
            return
        except BaseException as error:  # whatever a program raises
            raise PluginError(f"{self.target} does not start again in a worker process: {told(error)}") from error
        raise PluginError(f"{self.target}, started again in a worker process, ended without coming to its sweep")


@dataclass(frozen=True)
class Function:
    """A function to call, and all that Hydra knows.

    Args:
        pickled: what :func:`by_value` made of the function, its context and Hydra's state.
        arguments: the whole of ``sys.argv`` here.
        path: Python's, as it was here.
    """

    pickled: bytes
    arguments: tuple[str, ...]
    path: tuple[str, ...]

    @staticmethod
    def dumps(thing: Any) -> bytes:
        """Return *thing* for another process, as the function itself goes there."""
        return by_value(thing)

    def reach(self, then: Reached) -> None:
        """Call *then* with the function.

        Raises:
            PluginError: it cannot be made again.
        """
        from hydra.core.singleton import Singleton

        _adopt(self.path)
        sys.argv[:] = self.arguments
        try:
            task, context, state = pickle.loads(self.pickled)  # noqa: S301  (made by the sweep's own command)
        except Exception as error:  # whatever a stranger's objects raise
            raise PluginError(f"the function cannot be made again in a worker process: {told(error)}") from error
        Singleton.set_state(state)
        then(task.found() if isinstance(task, _Named) else task, context)


Start = Program | Function


def start_of(task: TaskFunction, context: HydraContext) -> Start:
    """Return how a worker process comes to *task*.

    Raises:
        PluginError: it cannot, for something that it holds on to cannot be passed on.
    """
    main, path = sys.modules["__main__"], tuple(sys.path)
    if getattr(task, "__module__", None) == "__main__" and hasattr(main, "__file__"):
        _, target, arguments = typed()
        if main.__spec__ is not None:
            return Program(main.__spec__.name.removesuffix(".__main__"), True, arguments, path)
        if target is not None:
            return Program(os.path.abspath(str(main.__file__)), False, arguments, path)  # noqa: PTH100  (links stay)
    from hydra.core.singleton import Singleton

    return Function(by_value((_named(task), context, Singleton.get_state())), tuple(sys.argv), path)


def by_value(thing: Any) -> bytes:
    """Return *thing* for another process, what stands in ``__main__`` by value.

    Raises:
        PluginError: a part of it cannot be passed on.
    """
    cloudpickle: Any = import_module("cloudpickle")  # it has no types

    try:
        pickled: bytes = cloudpickle.dumps(thing)
    except Exception as error:  # whatever a stranger's objects raise
        raise PluginError(f"the function cannot be passed to worker processes: {told(error)}") from error
    return pickled


def typed() -> tuple[list[str], str | None, tuple[str, ...]]:
    """Return what Python was started with: the words up to the program, the program, and what followed it.

    A program may have changed ``sys.argv`` before it called Hydra, and will again.
    """
    words = sys.orig_argv
    place = 1
    while place < len(words) and words[place].startswith("-") and words[place] not in ("-", "-m", "-c"):
        place += 2 if words[place] in ("-X", "-W", "--check-hash-based-pycs") else 1
    if place >= len(words) or words[place] in ("-", "-c"):
        return words, None, tuple(sys.argv[1:])
    if words[place] == "-m":
        place += 1
    return words[: place + 1], words[place], tuple(words[place + 1 :])


@dataclass(frozen=True)
class _Named:
    """A function that a module holds, perhaps behind decorators such as ``hydra.main``."""

    module: str
    name: str

    def found(self) -> Any:
        found = import_module(self.module)
        for step in self.name.split("."):
            found = getattr(found, step)
        return inspect.unwrap(found)  # type: ignore[arg-type]


def _named(task: Any) -> Any:
    """Return where *task* is found by name, or itself if it is not."""
    named = _Named(str(getattr(task, "__module__", None)), str(getattr(task, "__qualname__", None)))
    try:
        return named if named.module != "__main__" and named.found() is task else task
    except (ImportError, AttributeError, ValueError):
        return task


def _adopt(path: tuple[str, ...]) -> None:
    """Let modules be found here as they were there."""
    sys.path.extend(one for one in path if one not in sys.path and Path(one or ".").exists())


_waiting: list[Reached] = []
"""In a worker that has started a program: what is to be done where it calls Hydra."""


class _Done(BaseException):
    """Ends the program once that is done; it is no ``Exception``, so that the program does not catch it."""


def meet(task: TaskFunction, context: HydraContext) -> None:
    """Take in that Hydra wants to sweep over *task*; in a worker process that waits for it, do not come back."""
    if _waiting:
        _go_on(_waiting.pop(), task, context)


def _go_on(then: Reached, task: TaskFunction, context: HydraContext) -> NoReturn:
    then(task, context)
    raise _Done
