"""Who may ask: this machine by its own names, from a page of ours, and from elsewhere only with the token."""

from __future__ import annotations

import hmac
import ipaddress
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.responses import PlainTextResponse, RedirectResponse, Response

from a4eval.errors import told
from a4eval.terminal import remark

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("localhost", "127.0.0.1", "::1")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer."""
NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""The content policy of an answer that has none of its own."""
COOKIE = "a4eval"


class Guard:
    """Stands before the pages.

    Args:
        app: the pages.
        names: by which the server may be called; others reach it only by DNS rebinding.
        token: without which nothing is shown; None asks for none.
    """

    def __init__(self, app: ASGIApp, names: Collection[str], token: str | None = None) -> None:
        self._app, self._names, self._token = app, frozenset(one.lower() for one in names), token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                given = {name.lower() for name, _ in message["headers"]}
                more = {**HEADERS, "Content-Security-Policy": NOTHING}
                message["headers"] = [
                    *message["headers"],
                    *((n.encode(), v.encode()) for n, v in more.items() if n.lower().encode() not in given),
                ]
            await send(message)

        try:
            await (self._refusal(scope) or self._app)(scope, receive, guarded)
        except Exception as error:  # noqa: BLE001  (whatever it is, the others' pages go on)
            remark(f"a4eval: warning: {scope['path']!r} could not be shown: {told(error)}")
            if not started:
                await PlainTextResponse("this page could not be made", 500)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        """Return the answer to whoever may not ask, or None."""
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        hosts = headers.get("host", [])
        if len(hosts) != 1 or not self._called(hosts[0]):
            return _refused(421, "this server does not go by that name; open the address that it printed")
        if scope["method"] not in ("GET", "HEAD"):
            return _refused(405, "nothing can be changed here", Allow="GET, HEAD")
        if "transfer-encoding" in headers or headers.get("content-length", ["0"]) != ["0"]:
            return _refused(413, "nothing is to be sent here", Connection="close")
        if any(one != f"{scope['scheme']}://{hosts[0]}" for one in headers.get("origin", [])):
            return _refused(403, "pages of other sites may not ask here")
        from_elsewhere = headers.get("sec-fetch-site", ["none"])[0] not in ("none", "same-origin")
        followed = headers.get("sec-fetch-mode") == ["navigate"] and headers.get("sec-fetch-dest") == ["document"]
        if from_elsewhere and not followed:
            return _refused(403, "pages of other sites may not ask here")
        return self._without_token(scope, headers) if self._token is not None else None

    def _called(self, host: str) -> bool:
        """Say whether a Host is one of the server's names, or, where a token guards it, any address."""
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        if name is None or "@" in host or "/" in host or "?" in host or "#" in host:
            return False
        return name in self._names or (self._token is not None and _is_address(name))

    def _without_token(self, scope: Scope, headers: dict[str, list[str]]) -> Response | None:
        """Return the answer to a request without the token; one that has it in its address gets it as a cookie."""
        assert self._token is not None
        given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        tokens = [value for name, value in given if name == "token"]
        if tokens and all(hmac.compare_digest(one.encode(), self._token.encode()) for one in tokens):
            rest = urlencode([(name, value) for name, value in given if name != "token"])
            answer = RedirectResponse("/" + scope["path"].lstrip("/") + (f"?{rest}" if rest else ""), 303)
            answer.set_cookie(self._cookie(scope), self._token, httponly=True, samesite="strict", path="/")
            return answer
        cookies = SimpleCookie()
        try:
            cookies.load("; ".join(headers.get("cookie", [])))
        except CookieError:
            cookies.clear()
        held = cookies.get(self._cookie(scope))
        if held is not None and hmac.compare_digest(held.value.encode(), self._token.encode()):
            return None
        return _refused(401, "this needs the token: open the whole address that a4eval view printed")

    @staticmethod
    def _cookie(scope: Scope) -> str:
        """Return the cookie's name: those of one host are shared by all its ports."""
        server = scope.get("server") or ("", 0)
        return f"{COOKIE}-{server[1]}"


def _refused(status: int, why: str, **headers: str) -> Response:
    return PlainTextResponse(why + "\n", status, headers)


def _is_address(name: str) -> bool:
    """Say whether a name is a number: no DNS can make one mean another machine."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
