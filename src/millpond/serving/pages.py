"""The pages: the files that the build of ``web/`` leaves, and one page for every address of it.

The address of a page with ``.json`` or ``.csv`` leads to the call that answers with the same data.
"""

from __future__ import annotations

import gzip
import mimetypes
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from millpond.serving.page_data import call_behind

FOLDER: Final = Path(__file__).parent / "static"

# Vite puts a hash of the content into the names of these.
_HASHED = "/assets/"
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
#: Files of text, which are sent compressed to whoever takes it.
_TEXT = frozenset({".css", ".html", ".js", ".json", ".svg"})
#: Addresses below these are of the interface, never of a page.
_NOT_PAGES = ("/api/", "/v2/", "/assets/")

_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Millpond</title>
<h1>The pages are not built</h1>
<p>The HTTP interface works: see <a href="/docs">its documentation</a>.
Build the pages with <code>make install</code>, then start again.</p>
</html>
"""


class Pages:
    """Answers what no route does, as an ASGI application.

    The files are listed once, so that no address can lead out of their folder.
    They are open to anyone, for they hold nothing of the project.

    Args:
        folder: where the built pages are; it may be absent.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {
            f"/{path.relative_to(folder).as_posix()}": path
            for path in folder.rglob("*")
            if path.is_file()
        }
        self._packed = {
            name: gzip.compress(path.read_bytes(), mtime=0)
            for name, path in self._files.items()
            if path.suffix in _TEXT
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            raise HTTPException(404)
        response = self._answer(Request(scope))
        await response(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        path = request.url.path
        if request.method in ("GET", "HEAD"):
            if path in self._files:
                return self._file(path, request)
            if call := call_behind(path, request.url.query):
                return RedirectResponse(call, headers={"Cache-Control": _ASK_AGAIN})
            if path == "/" or self._is_page(request):
                return self._file("/index.html", request)
        raise HTTPException(404)

    def _file(self, path: str, request: Request) -> Response:
        if path not in self._files:
            return HTMLResponse(_NOT_BUILT, headers={"Cache-Control": _ASK_AGAIN})
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        headers = {
            "Cache-Control": _FOR_EVER if path.startswith(_HASHED) else _ASK_AGAIN,
            "Vary": "Accept-Encoding",
        }
        if path in self._packed and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(self._packed[path], media_type=kind, headers=headers)
        return FileResponse(self._files[path], media_type=kind, headers=headers)

    @staticmethod
    def _is_page(request: Request) -> bool:
        """Whether a browser asks for an address that the page itself makes sense of."""
        path = request.url.path
        named = path.startswith(_NOT_PAGES) or path in ("/metrics", "/v2", "/api")
        return not named and "text/html" in request.headers.get("accept", "")
