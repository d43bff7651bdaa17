"""What every answer carries: a request id, and headers that close the browser's doors."""

from __future__ import annotations

import logging
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from millpond.serving.problems import problem
from millpond.values import new_id

_log = logging.getLogger(__name__)

#: Scripts, styles and pictures from this server alone, and nothing else at all.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Envelope:
    """The outermost middleware.

    An endpoint's own headers go before those here. An error that nobody foresaw
    becomes a problem document; what it was is for the log alone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        begun = False

        async def enveloped(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, enveloped)
        except ClientDisconnect:
            _log.info("request %s: the client went away", request_id)
        except Exception:
            _log.exception("request %s failed", request_id)
            if begun:
                raise
            answer = problem(
                Request(scope),
                500,
                "Internal error",
                f"this should not happen; look for request {request_id} in the server's log",
            )
            await answer(scope, receive, enveloped)
