"""Credentials of a request: a bearer token, or the cookie of a session."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from millpond.access.access import Access
from millpond.access.principal import Principal
from millpond.errors import NotAllowed, NotSignedIn
from millpond.serving.services import Services, Work

COOKIE = "millpond_session"
SIGN_IN = "sign in, or send a token: Authorization: Bearer TOKEN"

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def services_of(request: Request) -> Services:
    """The backends that the application was made with."""
    return cast(Services, request.app.state.services)


def work_of(request: Request) -> Work:
    """What goes across the layers."""
    return services_of(request).work


def principal_of(request: Request) -> Principal:
    """Who is calling; only for routes whose action needs credentials.

    Raises:
        NotSignedIn: nobody has proven who they are.
    """
    principal: Principal | None = request.state.principal
    if principal is None:
        raise NotSignedIn(SIGN_IN)
    return principal


async def authenticate(request: Request) -> Principal | None:
    """Whom the credentials of a request stand for; None where it carries none that are good.

    Raises:
        NotAllowed: a change that the browser sends along from another site.
    """
    authorization = request.headers.get("authorization")
    access = services_of(request).access
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        return await _principal(access, token=token.strip())
    session = request.cookies.get(COOKIE)
    if not session:
        return None
    principal = await _principal(access, session=session)
    if principal is not None:
        _check_not_forged(request)
    return principal


async def _principal(access: Access, **credentials: str) -> Principal | None:
    known = access.principal_lately(**credentials)
    # Not in a thread each time, for the way there and back takes longer than to read it.
    return known or await run_in_threadpool(access.principal_of, **credentials)


def _check_not_forged(request: Request) -> None:
    """Refuse a change that another site makes a browser send with our cookie.

    The cookie is ``SameSite=Strict`` already; this is the second lock. Every browser
    of today sends one of these headers with a change, and a script may send neither.
    """
    if request.method in _SAFE:
        return
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise NotAllowed("a change by session cookie must come from a page of this server")
    check_origin(request)


def check_origin(request: Request) -> None:
    """Refuse a request that a page of another origin makes.

    Raises:
        NotAllowed: its `Origin` is not the host that it is sent to.
    """
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise NotAllowed(f"origin {origin} is not this server")
