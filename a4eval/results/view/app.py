"""The addresses of the server.  A page and its changes have one: whoever accepts events gets these."""

from __future__ import annotations

import functools
import time
from contextlib import suppress
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from a4eval.errors import DataError
from a4eval.markup import joined, tag
from a4eval.results.report.page import code, page, policy
from a4eval.results.view.aside import Aside
from a4eval.results.view.asked import Asked
from a4eval.results.view.content import crumbs
from a4eval.results.view.pages import Pages
from a4eval.results.view.served import POLICY
from a4eval.results.view.stream import MOST, News, stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from a4eval.results.view.watched import Watched

SECONDS_TO_READ = 3.0
"""How long a page waits for what is not read yet."""


def app(watched: Watched, news: News) -> Starlette:
    """Return the server's pages.

    Args:
        watched: what is known of the folder.
        news: tells when it has changed.
    """
    answers = _Answers(watched, news)
    run, point = "/run/{key}", "/sweep/{key}/{point}"
    pages = [Route(path, answers.shown) for path in ("/", "/compare", run, "/sweep/{key}", point)]
    files = [Route(f"{path}/file/{{path:path}}", answers.file) for path in (run, point)]
    return Starlette(routes=[*pages, *files])


class _Answers:
    """What is answered to a request."""

    def __init__(self, watched: Watched, news: News) -> None:
        self._watched, self._news = watched, news
        self._pages, self._aside = Pages(watched), Aside()

    async def shown(self, request: Request) -> Response:
        """Answer with a page, or with its changes."""
        until = time.monotonic() + SECONDS_TO_READ
        while self._watched.reading and not self._news.ended and (left := until - time.monotonic()) > 0:
            await self._news.wait(min(left, 0.1))
        asked = Asked.of(request.url.path, request.url.query)
        if "text/event-stream" in request.headers.get("accept", "") and request.method == "GET":
            return self._changes(asked)
        try:
            return _html(await self._aside.do(lambda: self._pages.content(asked).whole(script())))
        except DataError as error:
            return _html(_nothing(str(error)), 404)

    def _changes(self, asked: Asked) -> Response:
        since = asked.text("since")
        asked = Asked(asked.path, tuple(one for one in asked.given if one[0] != "since"))
        if self._pages.version(asked) is None:
            return PlainTextResponse("there is no such page\n", 404)
        if self._news.streams >= MOST:
            return PlainTextResponse("as many pages as can be are kept up to date already\n", 503)
        self._news.streams += 1
        return StreamingResponse(self._counted(asked, since), media_type="text/event-stream")

    async def _counted(self, asked: Asked, since: str) -> AsyncIterator[bytes]:
        try:
            async for one in stream(self._pages, asked, since, self._news, self._aside):
                yield one
        finally:
            self._news.streams -= 1

    async def file(self, request: Request) -> Response:
        """Answer with a file that a record lists."""
        given = request.path_params
        address = "/".join(["sweep" if "point" in given else "run", given["key"], *filter(None, [given.get("point")])])
        found = None
        with suppress(DataError):
            found = await self._aside.do(lambda: self._pages.file(address, given["path"]))
        if found is None:
            return PlainTextResponse("no record lists such a file, or it is not the one that the record means\n", 404)
        how = "inline" if found.shown else "attachment"
        headers = {
            "Content-Length": str(found.size),
            "Content-Security-Policy": POLICY,
            "Content-Disposition": f"{how}; filename*=UTF-8''{quote(found.name, errors='replace')}",
        }
        return StreamingResponse(found.pieces(), media_type=found.kind, headers=headers)


@functools.cache
def script() -> str:
    """Return the script that keeps a page up to date."""
    return resources.files(__package__).joinpath("live.js").read_text("utf-8")


def _html(text: str, status: int = 200) -> Response:
    allowed = f"{policy(code(script()), served=True)}; frame-ancestors 'none'"
    return HTMLResponse(text, status, {"Content-Security-Policy": allowed})


def _nothing(why: str) -> str:
    top = tag("header", tag("h1", "Nothing here"), tag("p", why), class_="top")
    return page("Nothing here", joined([crumbs(), top]), [], served=script())
