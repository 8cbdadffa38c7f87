"""What has changed of a page, as it changes: server-sent events."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from a4eval.errors import DataError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from a4eval.results.view.aside import Aside
    from a4eval.results.view.asked import Asked
    from a4eval.results.view.content import Content
    from a4eval.results.view.pages import Pages

MOST = 32
"""Streams at a time."""
SECONDS_BETWEEN = 1.0
"""Two changes that are sent are so far apart, or more:"""
SHARE = 2
"""so many times as long as the processor took to make the page."""
SECONDS_OF_SILENCE = 15.0
"""After which something is sent although nothing has changed: so it is known whether anybody is still there."""


class News:
    """Tells those who wait that something has changed, and that the server ends."""

    def __init__(self) -> None:
        self.ended = False
        self.streams = 0
        """How many are open."""
        self._changed = asyncio.Event()

    def tell(self) -> None:
        """Wake those who wait."""
        before, self._changed = self._changed, asyncio.Event()
        before.set()

    def end(self) -> None:
        """Let every stream end."""
        self.ended = True
        self.tell()

    async def wait(self, seconds: float) -> None:
        """Wait for news, but not longer than that."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)


async def stream(pages: Pages, asked: Asked, since: str, news: News, aside: Aside) -> AsyncIterator[bytes]:
    """Yield events: the elements of a page that are other ones now, by their id.

    Args:
        pages: the pages.
        asked: which one.
        since: the seal of what the client has; of any other all elements are sent at first.
        news: tells when to look again.
        aside: where pages are made.
    """
    sent: dict[str, str] = {}
    content: Content | None = None
    pause = SECONDS_BETWEEN
    with suppress(DataError):
        found = await aside.do(lambda: pages.content(asked))
        if found.seal == since:
            content, sent = found, found.parts()
    yield b"retry: 2000\n\n"
    while not news.ended:
        if content is not None and content.holds(pages.version(asked)):
            before = time.monotonic()
            await news.wait(min(SECONDS_OF_SILENCE, max(0.0, content.until - before)))
            if time.monotonic() - before >= SECONDS_OF_SILENCE:
                yield b": nothing new\n\n"
            continue
        try:
            made, seconds = await aside.do(lambda: _timed(pages, asked))
        except DataError as error:
            yield _event({"gone": str(error)})
            return
        pause = max(SECONDS_BETWEEN, SHARE * seconds)
        content, parts = made, made.parts()
        changed = {name: text for name, text in parts.items() if sent.get(name) != text}
        sent = parts
        if changed:
            yield _event({"title": made.title, "said": made.said, "order": list(parts), "parts": changed})
        until = time.monotonic() + pause
        while not news.ended and (left := until - time.monotonic()) > 0:
            await news.wait(left)


def _timed(pages: Pages, asked: Asked) -> tuple[Content, float]:
    """Return a page, and how many seconds of the processor it took to make."""
    before = time.thread_time()
    return pages.content(asked), time.thread_time() - before


def _event(data: object) -> bytes:
    return b"data: " + msgspec.json.encode(data) + b"\n\n"
