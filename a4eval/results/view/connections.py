"""How many may be connected, and how long a slow one may take."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 128
"""Connections at a time; for one more, the one that has waited longest without asking anything has to go."""
SECONDS_TO_ASK = 10.0
"""How long a request may take to arrive."""
SECONDS_TO_TAKE = 20.0
"""How long a client may leave what it was sent."""


class Connection(H11Protocol):
    """A connection that takes part only while there is room, and ends if its other end is too slow."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, if there is room."""
        assert isinstance(transport, asyncio.Transport)
        self._began = time.monotonic()
        self._limit: asyncio.TimerHandle | None = None
        self._taken = _room(self.connections)
        if not self._taken:
            transport.abort()
            return
        super().connection_made(transport)
        self._end_in(SECONDS_TO_ASK)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if self._taken:
            self._end_in(None)
            super().connection_lost(exc)

    @property
    def asks(self) -> bool:
        """Whether an answer is being made."""
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def waits_since(self) -> float:
        """When it began."""
        return self._began

    def end(self) -> None:
        """End at once."""
        self.connections.discard(self)
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take in a piece of a request."""
        super().data_received(data)
        if self.asks:
            self._end_in(None)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._began = time.monotonic()
        self._end_in(SECONDS_TO_ASK)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Wait until the other end has taken what it was sent."""
        super().pause_writing()
        self._end_in(SECONDS_TO_TAKE)

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        self._end_in(None if self.asks else SECONDS_TO_ASK)

    def _end_in(self, seconds: float | None) -> None:
        if self._limit is not None:
            self._limit.cancel()
        self._limit = None if seconds is None else self.loop.call_later(seconds, self.end)


def _room(connections: set[Any]) -> bool:
    """Say whether there is room for one more, and make some where a connection asks nothing."""
    if len(connections) < MOST:
        return True
    idle = min((one for one in connections if not one.asks), key=lambda one: one.waits_since, default=None)
    if idle is None:
        return False
    idle.end()
    return True
