"""The routes of the documentation: the interface as OpenAPI, and as a page for people."""

from __future__ import annotations

from typing import Any

from fastapi import Response
from starlette.requests import Request
from starlette.responses import HTMLResponse

from millpond.serving.openapi import document
from millpond.serving.reference import STYLE, reference
from millpond.serving.routes import Routes

routes = Routes("Documentation")


@routes.get("/openapi.json", "documentation.read")
def openapi(request: Request) -> dict[str, Any]:
    """This interface as OpenAPI 3.1."""
    return document(request.app)


@routes.get("/docs", "documentation.read", response_class=HTMLResponse)
def page(request: Request) -> Response:
    """This interface as a page, without scripts."""
    return HTMLResponse(reference(document(request.app)))


@routes.get("/docs/style.css", "documentation.read", response_class=Response)
def style() -> Response:
    """The style of that page."""
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "no-cache"})
