"""The routes of signing in and out."""

from __future__ import annotations

from typing import cast

from anyio import CapacityLimiter, to_thread
from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from typing_extensions import TypedDict

from millpond.access.principal import Principal
from millpond.serving.credentials import COOKIE, check_origin
from millpond.serving.routes import Backends, Caller, Routes

routes = Routes("Session")


class SignIn(BaseModel):
    """A user's name and password."""

    model_config = ConfigDict(extra="forbid")

    user: str = Field(max_length=64)
    password: str = Field(max_length=1024)


class SessionAnswer(TypedDict):
    """Who has signed in; `app` is the only application that they may act on, or null."""

    user: str
    role: str
    app: str | None


@routes.post("/api/v1/login", "session.start", errors=(401, 403, 429))
async def sign_in(
    request: Request, response: Response, body: SignIn, services: Backends
) -> SessionAnswer:
    """Begin a session, which the browser keeps in a cookie that scripts cannot read."""
    check_origin(request)
    address = request.client.host if request.client else ""
    # A limiter of their own: strangers who wait here keep no thread from the others.
    session = await to_thread.run_sync(
        services.access.sign_in,
        body.user,
        body.password,
        address,
        limiter=cast(CapacityLimiter, request.app.state.sign_ins),
    )
    response.set_cookie(
        COOKIE,
        session.secret,
        max_age=session.seconds,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return _answer(session.principal)


@routes.get("/api/v1/session", "session.read")
def read_session(caller: Caller) -> SessionAnswer:
    """Who is calling, by session or by token."""
    return _answer(caller)


@routes.post("/api/v1/logout", "session.end", status_code=204)
def sign_out(request: Request, response: Response, caller: Caller, services: Backends) -> None:
    """End the session."""
    secret = request.cookies.get(COOKIE)
    if secret:
        services.access.sign_out(secret, by=caller.name)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def _answer(principal: Principal) -> SessionAnswer:
    _, _, name = principal.name.partition(":")
    return {"user": name, "role": principal.role, "app": principal.app}
