"""Errors as ``application/problem+json`` (RFC 9457), and the record of what was refused.

Under ``/v2`` they are what the Open Inference Protocol says: ``{"error": ...}``, and
what does not fit is 400, for its clients know no 422.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from millpond.capture.refusals import NewRefusal, record_refusals
from millpond.errors import Busy, Invalid, MillpondError, NotSignedIn
from millpond.serving.credentials import SIGN_IN, authenticate, services_of
from millpond.values import app_route

_log = logging.getLogger(__name__)

#: The statuses of answers that are kept as refusals.
REFUSED = frozenset({400, 404, 409, 413, 415, 422, 429, 503, 507})
#: Where the Open Inference Protocol is spoken.
PROTOCOL = "/v2"


def problem(
    request: Request, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """One problem document; `type` leads to its explanation among the documentation."""
    if _is_protocol(request):
        return JSONResponse({"error": detail}, status, headers)
    return JSONResponse(
        {
            "type": f"/docs#status-{status}",
            "title": title,
            "status": status,
            "detail": detail,
            "request_id": request.state.request_id,
        },
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )


def install(app: FastAPI) -> None:
    """Make every error of an application a problem document."""
    app.add_exception_handler(MillpondError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_routing)


async def refuse(request: Request, error: MillpondError) -> Response:
    """The answer to a request that is refused, which is recorded where refusals are kept."""
    status = _status(request, error)
    refusal = _refusal(request, status, str(error))
    if isinstance(error, Busy):
        # Told at once: who waits for the disk of a busy server makes it busier.
        request.app.state.refusals.add(refusal)
    elif status in REFUSED:
        await run_in_threadpool(_record, request, refusal)
    if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("request %s: %s", request.state.request_id, error)
    headers = {}
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    if (seconds := getattr(error, "retry_after", None)) is not None:
        headers["Retry-After"] = str(seconds)
    return problem(request, status, error.title, str(error), headers)


def _is_protocol(request: Request) -> bool:
    return f"{request.url.path}/".startswith(f"{PROTOCOL}/")


def _status(request: Request, error: MillpondError) -> int:
    if error.status == HTTPStatus.UNPROCESSABLE_ENTITY and _is_protocol(request):
        return HTTPStatus.BAD_REQUEST
    return error.status


def _refusal(request: Request, status: int, reason: str) -> NewRefusal:
    app = getattr(request.state, "app", None) or request.path_params.get("app")
    known = app_route(app) if app else None
    declared = services_of(request).settings.app_names
    return NewRefusal(known if known in declared else None, status, reason)


def _record(request: Request, refusal: NewRefusal) -> None:
    """Keep a refusal. The answer goes out even if that cannot be done: the disk may be full."""
    try:
        services_of(request).commit.run(lambda each: record_refusals(each, [refusal]))
    except MillpondError as failure:
        _log.warning("a refusal (%s) could not be kept: %s", refusal.status, failure)


async def _of_ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, MillpondError)
    return await refuse(request, error)


async def _of_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return await refuse(request, Invalid(_first(error.errors())))


def _first(problems: Any) -> str:
    """The first thing that does not fit. Its value is left out: it may be a password."""
    first = problems[0]
    place = ".".join(str(part) for part in first["loc"][1:]) or first["loc"][0]
    return f"{place}: {first['msg']}"


async def _of_routing(request: Request, error: Exception) -> Response:
    """No route, or not with this method; not said to anyone who has not signed in."""
    assert isinstance(error, HTTPException)
    try:
        if error.status_code == HTTPStatus.BAD_REQUEST:
            # Raised by the routing once the caller was let in.
            raise Invalid("the body is not the JSON that this route takes; see /docs")
        if await authenticate(request) is None:
            raise NotSignedIn(SIGN_IN)
    except MillpondError as refusal:
        return await refuse(request, refusal)
    status = HTTPStatus(error.status_code)
    detail = f"no route {request.method} {request.url.path}; see /docs"
    return problem(request, status, status.phrase, detail, error.headers)
