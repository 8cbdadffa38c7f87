"""The server: where it listens, and how it ends."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import platform
import secrets
import socket
import sys
from typing import TYPE_CHECKING

from a4eval.errors import ConfigError, MissingExtraError
from a4eval.results.view.watched import Watched
from a4eval.terminal import put, remark

try:
    import starlette  # noqa: F401  (it is looked whether it is there)
    import uvicorn
except ImportError as missing:
    raise MissingExtraError(missing.name or "starlette and uvicorn", "a4eval[view]") from missing

from a4eval.results.view.app import app
from a4eval.results.view.connections import Connection
from a4eval.results.view.guard import LOOPBACK, Guard
from a4eval.results.view.stream import News

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PORT = 8321
"""Where it listens unless told; if that is taken, anywhere else."""
TAKEN_AT_ONCE = 32
"""So many connections may be taken before those that have been idle longest are closed."""
WAITING = 4096
"""Connections that may wait to be taken; the kernel may allow fewer."""


def serve(root: Path, host: str, port: int | None, *, with_token: bool) -> None:
    """Show what lies below a folder until Ctrl-C.

    Args:
        root: the folder.
        host: the address to listen at.
        port: the port; 0 for any that is free, None for the usual one.
        with_token: show nothing to whoever does not have the token that is printed.

    Raises:
        ConfigError: it cannot listen there, or others could see what only a token may show.
    """
    address = _address(host)
    if not (with_token or ipaddress.ip_address(address).is_loopback):
        raise ConfigError(
            f"{host} can be reached from other machines; add --token, and only who has the address that is printed "
            "sees anything",
            path="--host",
        )
    listening = _listen(host, address, port)
    token = secrets.token_urlsafe(24) if with_token else None
    place = listening.getsockname()[1]
    shown = host if not ipaddress.ip_address(address).is_unspecified else platform.node()
    put(f"http://{f'[{shown}]' if ':' in shown else shown}:{place}/" + (f"?token={token}" if token else ""))
    sys.stdout.flush()  # whoever reads it from a pipe waits for it
    remark(f"shows {root}; Ctrl-C ends it")
    names = [*LOOPBACK, host, address, *([platform.node(), platform.node().partition(".")[0]] if token else [])]
    try:
        asyncio.run(_serve(root.resolve(), listening, names, token))
    finally:
        listening.close()


async def _serve(root: Path, listening: socket.socket, names: Sequence[str], token: str | None) -> None:
    news, loop = News(), asyncio.get_running_loop()

    def tell() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(news.tell)

    watched = Watched(root, tell)
    config = uvicorn.Config(
        Guard(app(watched, news), names, token),
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        backlog=TAKEN_AT_ONCE,
    )
    server = _Server(config)
    server.news = news
    watched.watch()
    try:
        await server.serve([listening])
    finally:
        watched.stop()


class _Server(uvicorn.Server):
    """Ends its streams before it waits for answers that are on their way."""

    news: News

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin; the kernel keeps more waiting than are taken at once, else a newcomer asks again after a second."""
        await super().startup(sockets)
        for one in sockets or ():
            one.listen(WAITING)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        self.news.end()
        await super().shutdown(sockets)


def _address(host: str) -> str:
    """Return the number of an address.

    Raises:
        ConfigError: it has none.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"there is no address {host!r}: {error}", path="--host") from error
    return str(found[0][4][0])


def _listen(host: str, address: str, port: int | None) -> socket.socket:
    """Return an open socket.

    Raises:
        ConfigError: it cannot listen there.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((address, PORT if port is None else port))
        found.listen()  # so that whoever reads the address finds somebody there
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            if port is None:
                return _listen(host, address, 0)
            raise ConfigError(f"{port} is in use; choose another, or 0 for any that is free", path="--port") from error
        where = "--port" if error.errno == errno.EACCES else "--host"
        raise ConfigError(f"cannot listen at {host}:{port}: {error.strerror}", path=where) from error
    return found
