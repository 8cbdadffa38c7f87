"""Work beside the server's loop: in threads that do not keep the process from ending."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
AT_A_TIME = 2
"""Pages that are made at a time."""


class Aside:
    """Does work in threads, a few at a time."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(AT_A_TIME)

    async def do(self, work: Callable[[], T]) -> T:
        """Return what *work* returns."""
        async with self._room:
            loop = asyncio.get_running_loop()
            future: asyncio.Future[T] = loop.create_future()

            def settle(result: T | None, error: BaseException | None) -> None:
                if future.cancelled():
                    return
                if error is not None:
                    future.set_exception(error)
                else:
                    future.set_result(result)  # type: ignore[arg-type]  # where there is no error there is one

            def thread() -> None:
                result, error = None, None
                try:
                    result = work()
                except BaseException as raised:  # noqa: BLE001  (it is raised where it is waited for)
                    error = raised
                try:
                    loop.call_soon_threadsafe(settle, result, error)
                except RuntimeError:
                    return  # nobody waits any more: the loop is closed

            threading.Thread(target=thread, daemon=True).start()
            return await future
